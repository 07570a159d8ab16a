"""A board's screen, keyboards and pointers as the one display that the rest of the session knows."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from edge.display.base import InputEvent, KeyInput, PointerInput
from edge.display.kms.monitor import Monitor
from edge.geometry import Rect, Size
from edge.input.devices import InputDevices
from edge.pixels import Picture


class Board:
    """KMS for the eyes, evdev for the hands."""

    def __init__(self, monitor: Monitor, devices: InputDevices) -> None:
        self._monitor, self._devices = monitor, devices
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Take the screen and whatever can be touched; raises `DisplayError`."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._monitor)
            await stack.enter_async_context(self._devices)
            self._open = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def size(self) -> Size | None:
        """Size of the monitor's mode; None while none is plugged in."""
        return self._monitor.size

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:
        """Show it on the monitor."""
        await self._monitor.present(picture, damage)

    async def next_input(self) -> InputEvent:
        """Wait for a key, or a position in pixels of the picture that is shown."""
        match await self._devices.next():
            case (keysym, bool(down)):
                return KeyInput(keysym, down)
            case (x, y, buttons):
                return PointerInput(*self._monitor.to_picture(x, y), buttons)
