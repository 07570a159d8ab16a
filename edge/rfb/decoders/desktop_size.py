"""DesktopSize and ExtendedDesktopSize: the framebuffer's new size.

Source: RFC 6143 section 7.8.2; the ExtendedDesktopSize section of the rfbproto specification.
"""

from struct import Struct
from typing import ClassVar

from edge.geometry import Rect, Size
from edge.rfb.events import DesktopResized
from edge.rfb.limits import Limits
from edge.rfb.screens import ResizeReason, ResizeStatus, Screen
from edge.rfb.stream import Parser, Stream

_SCREEN = Struct(">IHHHHI")


class DesktopSize:
    """The decoder of the DesktopSize pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Take the size from the rectangle; nothing follows it."""
        yield DesktopResized(self._limits.framebuffer(rect.width, rect.height))


class ExtendedDesktopSize:
    """The decoder of the ExtendedDesktopSize pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:
        """Read the screens; the rectangle's position is reason and status, and its size counts if status is 0."""
        reason = ResizeReason(rect.x)
        status = ResizeStatus(rect.y) if reason is ResizeReason.THIS_CLIENT else ResizeStatus.DONE
        count = yield from stream.u8()
        yield from stream.skip(3)
        screens = []
        for _ in range(count):
            number, x, y, width, height, flags = yield from stream.unpack(_SCREEN)
            screens.append(Screen(number, Rect(x, y, width, height), flags))
        size = framebuffer if status else self._limits.framebuffer(rect.width, rect.height)
        yield DesktopResized(size, tuple(screens), reason, status)
