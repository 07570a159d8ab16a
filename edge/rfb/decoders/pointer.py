"""What the server says of the pointer: where it is, and whether it takes positions or motion.

Source: PointerPos from TightVNC, as LibVNCServer's `rfbEncodingPointerPos`; VMware Cursor Position and QEMU Pointer
Motion Change from the rfbproto specification.
"""

from typing import ClassVar

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.events import PointerModeChanged, PointerMoved
from edge.rfb.stream import Parser, Stream


class PointerPosition:
    """The decoder of PointerPos and of VMware's cursor position."""

    draws: ClassVar[bool] = False

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Take the position from the rectangle; nothing follows it."""
        yield PointerMoved(rect.x, rect.y)


class PointerMotionChange:
    """The decoder of the QEMU pointer motion change pseudo-encoding."""

    draws: ClassVar[bool] = False

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Take the mode from the rectangle's x; nothing follows it."""
        if rect.x not in {0, 1}:
            raise ProtocolViolation(f"pointer mode {rect.x}, expected 0 (motion) or 1 (positions)")
        yield PointerModeChanged(absolute=rect.x == 1)
