"""CopyRect: pixels that the client already has.

Source: RFC 6143 section 7.7.2.
"""

from struct import Struct
from typing import ClassVar

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.events import RectangleCopied
from edge.rfb.stream import Parser, Stream

_SOURCE = Struct(">HH")


class CopyRect:
    """The decoder of CopyRect."""

    draws: ClassVar[bool] = True

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:
        """Read where the pixels come from, which must be inside the framebuffer too."""
        x, y = yield from stream.unpack(_SOURCE)
        if (source := Rect(x, y, rect.width, rect.height)) not in framebuffer.rect:
            raise ProtocolViolation(f"it copies {source}, outside the framebuffer of {framebuffer}")
        yield RectangleCopied(rect, x, y)
