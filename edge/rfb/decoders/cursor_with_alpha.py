"""Cursor with alpha: a cursor in any encoding, of pixels of its own.

Source: the Cursor With Alpha section of the rfbproto specification. TigerVNC 1.12 sends it in Raw.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.decoders.base import Decoder
from edge.rfb.decoders.cursor import hidden
from edge.rfb.decoders.pixels import Colours, PixelCodec
from edge.rfb.encodings import encoding_name
from edge.rfb.events import CursorChanged, RectangleDecoded
from edge.rfb.limits import Limits
from edge.rfb.pixel_format import PixelFormat
from edge.rfb.stream import Parser, Stream

_ENCODING = Struct(">i")
_RGBA8888 = PixelFormat(32, 32, False, True, 255, 255, 255, 0, 8, 16)


class RgbaCodec(PixelCodec):
    """Leaves pixels as they are: R, G, B and alpha in memory, whatever the connection's format is."""

    def __init__(self) -> None:
        super().__init__(_RGBA8888)

    def colours(self, values: NDArray[Any]) -> Colours:
        """Return what came."""
        return values.astype(np.uint32)


class CursorWithAlpha:
    """The decoder of the Cursor with alpha pseudo-encoding; `decoders` have an `RgbaCodec` for their pixels."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits, decoders: Mapping[int, Decoder]) -> None:
        self._limits = limits
        self._decoders = decoders

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the encoding and what it has of premultiplied pixels; the rectangle's position is the hot spot."""
        self._limits.check_cursor(rect)
        (encoding,) = yield from stream.unpack(_ENCODING)
        if (decoder := self._decoders.get(encoding)) is None:
            raise ProtocolViolation(f"a cursor in {encoding_name(encoding)}")
        if not rect:
            yield hidden()
            return
        area = Rect(0, 0, rect.width, rect.height)
        for event in decoder.decode(stream, area, area.size):
            if isinstance(event, RectangleDecoded):
                yield CursorChanged(rect.x, rect.y, _straight(event.pixels.view(np.uint8).reshape(*area.size.shape, 4)))
            else:
                yield event


def _straight(premultiplied: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn premultiplied R, G, B, alpha into B, G, R, alpha as `CursorChanged` has them."""
    alpha = premultiplied[:, :, 3:].astype(np.uint16)
    colours = premultiplied[:, :, 2::-1].astype(np.uint16) * 255 + alpha // 2
    out = np.empty_like(premultiplied)
    out[:, :, :3] = np.minimum(colours // np.maximum(alpha, 1), 255) * (alpha > 0)
    out[:, :, 3] = premultiplied[:, :, 3]
    return out
