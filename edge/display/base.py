"""What a display is to the session: something that shows a picture and hands over what its user does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from edge.geometry import Rect, Size
from edge.pixels import Picture


@dataclass(frozen=True, slots=True)
class KeyInput:
    """A key, as an X11 keysym, went down or up."""

    keysym: int = field(repr=False)
    down: bool = field(repr=False)


@dataclass(frozen=True, slots=True)
class PointerInput:
    """The pointer is at (x, y) of the picture shown; bits of `buttons` as in RFB's PointerEvent (3 and 4: wheel)."""

    x: int
    y: int
    buttons: int


@dataclass(frozen=True, slots=True)
class CloseRequested:
    """The user closed the window."""


InputEvent = KeyInput | PointerInput | CloseRequested


class Display(Protocol):
    """A screen, a window, or nothing but memory."""

    async def __aenter__(self) -> Self:
        """Open it; raises `DisplayError` with what to do about it."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back."""
        ...

    @property
    def size(self) -> Size | None:
        """Its size in pixels, or None where it takes the size of the picture."""
        ...

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:
        """Show `picture`; only `damage` of it has changed since the last call with the same array.

        Returns when the picture was handed on and the array may be drawn into again.
        """
        ...

    async def next_input(self) -> InputEvent:
        """Wait for what the user does next."""
        ...
