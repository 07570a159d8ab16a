"""Zlib: the pixels as they are, in one zlib stream.

Source: the Zlib section of the rfbproto specification.
"""

from typing import ClassVar

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.rfb.decoders.inflate import Inflater, deflated_bound
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream


class Zlib:
    """The decoder of Zlib, with the connection's zlib stream."""

    draws: ClassVar[bool] = True

    def __init__(self, codec: PixelCodec, inflater: Inflater) -> None:
        self._codec = codec
        self._inflater = inflater

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the compressed pixels."""
        size = self._codec.pixel_bytes * rect.area
        length = yield from stream.u32()
        if length > deflated_bound(size):
            raise DecodeError(f"it announces {length} bytes, more than its area can take ({deflated_bound(size)})")
        data = self._inflater.inflate_exactly((yield from stream.read(length)), size)
        yield RectangleDecoded(rect, self._codec.from_pixels(data, rect.size.shape), EncodingNumber.ZLIB)
