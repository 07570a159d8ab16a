"""Raw: the pixels as they are.

Source: RFC 6143 section 7.7.1.
"""

from typing import ClassVar

from edge.geometry import Rect, Size
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream


class Raw:
    """The decoder of Raw."""

    draws: ClassVar[bool] = True

    def __init__(self, codec: PixelCodec) -> None:
        self._codec = codec

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read width x height pixels."""
        data = yield from stream.read(self._codec.pixel_bytes * rect.area)
        yield RectangleDecoded(rect, self._codec.from_pixels(data, rect.size.shape), EncodingNumber.RAW)
