"""Raw: the pixels as they are.

Source: RFC 6143 section 7.7.1.
"""

from typing import ClassVar

from edge.geometry import Rect, Size
from edge.rfb.decoders.pixels import from_pixels
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream


class Raw:
    """The decoder of Raw."""

    draws: ClassVar[bool] = True

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read width x height pixels of 4 bytes."""
        data = yield from stream.read(4 * rect.area)
        yield RectangleDecoded(rect, from_pixels(data, rect.size.shape), EncodingNumber.RAW)
