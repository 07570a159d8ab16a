"""What wakes a board's monitor, by a monitor and devices that stand in for the kernel's."""

import asyncio

from edge.display.base import KeyInput, PointerInput
from edge.session.board import Board


class Monitor:
    """Sleeps and wakes, and shows pictures pixel for pixel."""

    dark = False

    async def sleep(self):
        self.dark = True

    async def wake(self):
        self.dark = False

    def to_picture(self, x, y):
        return x, y


class Devices:
    """Gives `touches`, the first of them when the monitor is dark."""

    def __init__(self, monitor, touches):
        self._monitor, self._touches = monitor, touches

    async def next(self):
        while not self._monitor.dark and len(self._touches) > 1:  # noqa: ASYNC110 - as long as it takes
            await asyncio.sleep(0.01)
        return self._touches.pop(0)


async def woken(first):
    """Touch a board that sleeps, and then press a key; returns what the session gets first."""
    monitor = Monitor()
    board = Board(monitor, Devices(monitor, [first, (ord("b"), True)]), sleep_after_s=0.05)
    async with asyncio.timeout(10):
        return await board.next_input()


async def test_what_is_pressed_in_the_dark_counts_for_nothing():
    assert await woken((ord("a"), True)) == KeyInput(ord("b"), True)
    assert await woken((5, 5, 1)) == KeyInput(ord("b"), True)


async def test_what_was_held_when_the_monitor_fell_asleep_is_let_go_of():
    assert await woken((ord("a"), False)) == KeyInput(ord("a"), False)
    assert await woken((5, 5, 0)) == PointerInput(5, 5, 0)
