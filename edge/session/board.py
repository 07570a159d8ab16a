"""A board's screen, keyboards and pointers as the one display that the rest of the session knows."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.config import DisplayConfig, KeyboardConfig
from edge.display.base import InputEvent, KeyInput, PointerInput
from edge.display.kms.console import Console
from edge.display.kms.monitor import Monitor, open_card
from edge.geometry import Rect, Size
from edge.input.devices import InputDevices
from edge.input.keyboard import Keyboard, Press
from edge.input.pointer import Position
from edge.pixels import Picture

FIRST_TERMINAL, LAST_TERMINAL = 0x1008FE01, 0x1008FE0C
"""XF86Switch_VT_1 and _12, what layouts make of Ctrl, Alt and a function key."""
UNKNOWN_SCREEN = Size(1920, 1080)
"""Where the pointer moves until a monitor is there."""


def open_board(screen: DisplayConfig, keys: KeyboardConfig) -> "Board":
    """Make what the configuration describes, not yet entered; raises `ConfigError` for a layout that is not known."""
    wanted = Size(screen.width, screen.height) if screen.width and screen.height else None
    card = Path(screen.card) if screen.card else None
    monitor = Monitor(partial(open_card, card), wanted, screen.connector)
    keyboard = Keyboard(keys.layout, keys.variant, keys.options, keys.locale)
    return Board(monitor, InputDevices(keyboard, wanted or UNKNOWN_SCREEN), screen.sleep_after_s)


class Board:
    """KMS for the eyes, evdev for the hands, and the console behind both.

    The monitor is switched off when nobody has touched anything for `sleep_after_s`, never if that is 0.
    """

    def __init__(self, monitor: Monitor, devices: InputDevices, sleep_after_s: float = 0.0) -> None:
        self._monitor, self._devices = monitor, devices
        self._console = Console(self._leave, self._enter)
        self._sleep_after_s = sleep_after_s or None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Take the screen and whatever can be touched; raises `DisplayError`."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._console)
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
        if (size := self.size) is not None and size != self._devices.pointer.size:
            self._devices.pointer.take_size(size)
        await self._monitor.present(picture, damage)

    async def next_input(self) -> InputEvent:
        """Wait for a key, or a position in pixels of the picture that is shown."""
        while True:
            match await self._next_touch():
                case (keysym, True) if FIRST_TERMINAL <= keysym <= LAST_TERMINAL:
                    self._console.switch_to(keysym - FIRST_TERMINAL + 1)
                case (keysym, bool(down)):
                    return KeyInput(keysym, down)
                case (x, y, buttons):
                    return PointerInput(*self._monitor.to_picture(x, y), buttons)

    async def _next_touch(self) -> Press | Position:
        """Wait for a touch; one that wakes the monitor presses nothing: nobody saw what it would do."""
        while True:
            try:
                async with asyncio.timeout(self._sleep_after_s):
                    return await self._devices.next()
            except TimeoutError:
                await self._monitor.sleep()
                touch = await self._devices.next()
                await self._monitor.wake()
                match touch:
                    case (_, False) | (_, _, 0):
                        return touch  # what was held when it fell asleep must not stay down

    async def _leave(self) -> None:
        await self._monitor.leave()
        self._devices.leave()

    async def _enter(self) -> None:
        await self._monitor.enter()
        self._devices.enter()
