"""RRE and CoRRE: a background, and sub-rectangles of one colour each.

Source: RFC 6143 section 7.7.3; CoRRE from the rfbproto specification.
"""

from typing import ClassVar

import numpy as np

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.subrectangles import SubRectanglePainter
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

# So many sub-rectangles are read and painted at a time, that their announced number allocates nothing.
_BATCH = 4096


class Rre:
    """The decoder of RRE, whose sub-rectangles have four numbers of 16 bits."""

    draws: ClassVar[bool] = True
    _encoding: ClassVar[EncodingNumber] = EncodingNumber.RRE
    _number: ClassVar[np.dtype[np.uint16] | np.dtype[np.uint8]] = np.dtype(">u2")

    def __init__(self, codec: PixelCodec) -> None:
        self._codec = codec

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the background's colour, and paint the sub-rectangles over it."""
        count = yield from stream.u32()
        if count > rect.area:
            raise DecodeError(f"{count} sub-rectangles in {rect.area} pixels")
        background = self._codec.from_spaced_pixels((yield from stream.read(self._codec.pixel_bytes)), 0)
        picture = background.repeat(rect.area).reshape(rect.size.shape)
        painter = SubRectanglePainter(picture)
        place_bytes = 4 * self._number.itemsize
        entry_bytes = self._codec.pixel_bytes + place_bytes
        for begin in range(0, count, _BATCH):
            data = yield from stream.read(entry_bytes * min(_BATCH, count - begin))
            entries = np.frombuffer(data, dtype=np.uint8).reshape(-1, entry_bytes)
            places = np.ascontiguousarray(entries[:, -place_bytes:]).view(self._number)
            painter.paint(places.astype(np.intp), self._codec.from_spaced_pixels(data, place_bytes))
        yield RectangleDecoded(rect, picture, self._encoding)


class CoRre(Rre):
    """The decoder of CoRRE, whose sub-rectangles have four numbers of 8 bits."""

    _encoding = EncodingNumber.CORRE
    _number = np.dtype(np.uint8)
