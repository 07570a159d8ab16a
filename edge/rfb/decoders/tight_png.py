"""TightPNG: Tight with PNG instead of what goes over zlib streams.

LibVNCServer still sends the latter where pixels have 8 bits, over the streams that it has for Tight.

Source: the TightPNG section of the rfbproto specification.
"""

from typing import ClassVar

from edge.geometry import Size
from edge.pixels import Picture
from edge.rfb.decoders.png import decode_png, png_bytes_most
from edge.rfb.decoders.tight import Tight, compact_length
from edge.rfb.encodings import EncodingNumber
from edge.rfb.stream import Parser, Stream

_PNG = 10


class TightPng(Tight):
    """The decoder of TightPNG, which shares Tight's zlib streams."""

    _encoding: ClassVar[EncodingNumber] = EncodingNumber.TIGHT_PNG

    def _extension(self, stream: Stream, control: int, size: Size) -> Parser[Picture]:
        if control >> 4 != _PNG:
            return (yield from super()._extension(stream, control, size))
        length = yield from compact_length(stream, png_bytes_most(size))
        return decode_png((yield from stream.read(length)), size)
