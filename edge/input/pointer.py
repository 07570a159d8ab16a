"""Where the pointer is and which of its buttons are down: mice, tablets and touch screens as one.

Source: Linux, Documentation/input/event-codes.rst and multi-touch-protocol.rst; the order of buttons is RFB's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from evdev import ecodes

from edge.geometry import Size

Position = tuple[int, int, int]
"""x, y and the buttons, whose bits are those of RFB's PointerEvent."""

_BUTTONS = {
    ecodes.BTN_LEFT: 0,
    ecodes.BTN_MIDDLE: 1,
    ecodes.BTN_RIGHT: 2,
    ecodes.BTN_SIDE: 7,
    ecodes.BTN_BACK: 7,
    ecodes.BTN_EXTRA: 8,
    ecodes.BTN_FORWARD: 8,
    ecodes.BTN_TOUCH: 0,
}
_UP, _DOWN, _LEFT, _RIGHT = 3, 4, 5, 6
#: A wheel's axis, and the buttons that a step forth and a step back press.
_WHEELS = {ecodes.REL_WHEEL: (_UP, _DOWN), ecodes.REL_HWHEEL: (_RIGHT, _LEFT)}
_MOST_STEPS = 16
"""Steps of a wheel in one report: more than a hand can turn it by; each is two messages to the server."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an absolute axis goes from and to."""

    minimum: int
    maximum: int

    def place(self, value: int, length_px: int) -> int:
        """Find the pixel of `length_px` that `value` stands for."""
        span = max(1, self.maximum - self.minimum + 1)
        return min(max((value - self.minimum) * length_px // span, 0), max(0, length_px - 1))


@dataclass(slots=True)
class Pointer:
    """One pointer on a screen of `size`, moved by any number of devices; events are taken up to a SYN_REPORT."""

    size: Size
    _x: int = 0
    _y: int = 0
    _buttons: int = 0
    _steps: list[int] = field(default_factory=list)
    _moved: bool = False

    def take_size(self, size: Size) -> None:
        """Go on with a screen of another size, at the same place of it."""
        self._x = self._x * size.width // max(1, self.size.width)
        self._y = self._y * size.height // max(1, self.size.height)
        self.size = size

    def relative(self, code: int, value: int) -> None:
        """Take an EV_REL event."""
        if code == ecodes.REL_X:
            self._x = min(max(self._x + value, 0), max(0, self.size.width - 1))
        elif code == ecodes.REL_Y:
            self._y = min(max(self._y + value, 0), max(0, self.size.height - 1))
        elif code in _WHEELS:
            forth, back = _WHEELS[code]
            self._steps += [forth if value > 0 else back] * min(abs(value), _MOST_STEPS)
        else:
            return
        self._moved = True

    def absolute(self, code: int, value: int, axis: Axis) -> None:
        """Take an EV_ABS event of a tablet, or of the only finger that is followed on a touch screen."""
        if code in (ecodes.ABS_X, ecodes.ABS_MT_POSITION_X):
            self._x = axis.place(value, self.size.width)
        elif code in (ecodes.ABS_Y, ecodes.ABS_MT_POSITION_Y):
            self._y = axis.place(value, self.size.height)
        else:
            return
        self._moved = True

    def button(self, code: int, *, down: bool) -> bool:
        """Take an EV_KEY event; returns whether it was one of a pointer's."""
        if (number := _BUTTONS.get(code)) is None:
            return False
        before = self._buttons
        self._buttons = self._buttons | 1 << number if down else self._buttons & ~(1 << number)
        self._moved |= self._buttons != before
        return True

    def report(self) -> Iterator[Position]:
        """End a report: yield where the pointer is now, if anything has happened, and each step of a wheel."""
        if self._moved:
            yield self._x, self._y, self._buttons
        for number in self._steps:
            yield self._x, self._y, self._buttons | 1 << number
            yield self._x, self._y, self._buttons
        self._moved, self._steps = False, []
