"""What a decoder is."""

from typing import ClassVar, Protocol

from edge.geometry import Rect, Size
from edge.rfb.stream import Parser, Stream


class Decoder(Protocol):
    """Reads the data of one encoding's rectangles; one instance lives as long as its connection.

    `draws` says that the rectangle is an area of the framebuffer, so that it was checked to lie within; otherwise
    (pseudo-encodings) its four numbers mean what the encoding says.
    """

    draws: ClassVar[bool]

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:
        """Read what follows the rectangle's header and yield its events.

        Raises `DecodeError` where the data is not `rect`'s pixels, and `ProtocolViolation` where its numbers cannot be.
        """
        ...
