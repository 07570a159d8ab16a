"""Positions of the pointer on the display, on the desktop and in the server's scaled framebuffer."""

from dataclasses import dataclass
from enum import IntFlag

from edge.geometry import Size


class Button(IntFlag):
    """The bits of an RFB PointerEvent. Source: RFC 6143 section 7.5.5 and its usage for wheels."""

    LEFT = 1
    MIDDLE = 2
    RIGHT = 4
    WHEEL_UP = 8
    WHEEL_DOWN = 16
    WHEEL_LEFT = 32
    WHEEL_RIGHT = 64


WHEELS = Button.WHEEL_UP | Button.WHEEL_DOWN | Button.WHEEL_LEFT | Button.WHEEL_RIGHT
BUTTONS = 0xFF


@dataclass(frozen=True, slots=True)
class PointerMap:
    """A desktop, the display that it is shown on (None: of the same size), and how much smaller the server keeps it."""

    desktop: Size
    scale: int = 1
    shown: Size | None = None

    def to_desktop(self, x: int, y: int) -> tuple[int, int]:
        """Map a position on the display to the desktop's pixel there; outside, to the nearest one."""
        shown = self.shown or self.desktop
        return (
            _clamped((2 * x + 1) * self.desktop.width // (2 * shown.width), self.desktop.width),
            _clamped((2 * y + 1) * self.desktop.height // (2 * shown.height), self.desktop.height),
        )

    def to_display(self, x: int, y: int) -> tuple[int, int]:
        """Map a pixel of the desktop to the display."""
        shown = self.shown or self.desktop
        return (
            _clamped((2 * x + 1) * shown.width // (2 * self.desktop.width), shown.width),
            _clamped((2 * y + 1) * shown.height // (2 * self.desktop.height), shown.height),
        )

    def to_server(self, x: int, y: int) -> tuple[int, int]:
        """Map a pixel of the desktop to the one of the server's framebuffer that covers it.

        Positions in a PointerEvent are in scaled space; the server multiplies them, and so points at most `scale` - 1
        pixels above and to the left.
        """
        x, y = _clamped(x, self.desktop.width), _clamped(y, self.desktop.height)
        # Of 1366 columns at a quarter the server has 341: the last two pixels are in no block.
        columns, rows = max(1, self.desktop.width // self.scale), max(1, self.desktop.height // self.scale)
        return (_clamped(x // self.scale, columns), _clamped(y // self.scale, rows))

    def from_server(self, x: int, y: int) -> tuple[int, int]:
        """Map a pixel of the server's framebuffer to the desktop's pixel in the middle of it."""
        middle = self.scale // 2
        return (
            _clamped(x * self.scale + middle, self.desktop.width),
            _clamped(y * self.scale + middle, self.desktop.height),
        )


def wheel_clicks(buttons: int) -> Button:
    """Pick the wheel's bits out of a button mask: each is a click of its own, not something held."""
    return Button(buttons & WHEELS)


def _clamped(value: int, size: int) -> int:
    return min(max(value, 0), size - 1)
