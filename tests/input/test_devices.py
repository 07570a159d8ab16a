"""What a device held when it is pulled out or has been read too slowly, by a device file that stands in for evdev's."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from evdev import InputEvent, ecodes

from edge.geometry import Size
from edge.input import devices
from edge.input.devices import InputDevices
from edge.input.keyboard import Keyboard


class DeviceFile:
    """A keyboard with a mouse in one; there is no uinput where these tests run."""

    name = "keyboard and mouse"

    def __init__(self, node: str) -> None:
        self._end, self._kernel = os.pipe()
        self.pending: list[InputEvent] = []
        self.down: list[int] = []
        self.lamps_fail = False

    def fileno(self) -> int:
        return self._end

    def capabilities(self, absinfo: bool) -> dict[int, list[int]]:
        return {
            ecodes.EV_KEY: [ecodes.KEY_A, ecodes.KEY_CAPSLOCK, ecodes.BTN_LEFT, ecodes.BTN_RIGHT],
            ecodes.EV_REL: [ecodes.REL_X],
            ecodes.EV_LED: [ecodes.LED_CAPSL],
        }

    def grab(self) -> None:
        pass

    def set_led(self, lamp: int, lit: int) -> None:
        if self.lamps_fail:
            raise OSError(9, "Bad file descriptor")

    def active_keys(self) -> list[int]:
        return self.down

    def read(self) -> list[InputEvent]:
        os.read(self._end, 1)
        events, self.pending = self.pending, []
        return events

    def close(self) -> None:
        os.close(self._end)
        os.close(self._kernel)

    async def send(self, *events: tuple[int, int, int]) -> None:
        self.pending += [InputEvent(0, 0, *event) for event in (*events, (ecodes.EV_SYN, ecodes.SYN_REPORT, 0))]
        os.write(self._kernel, b"\0")
        while self.pending:  # noqa: ASYNC110 - the loop calls the reader
            await asyncio.sleep(0)


@pytest.fixture
async def hands(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[InputDevices, list[DeviceFile]]]:
    opened: list[DeviceFile] = []

    def open_file(node: str) -> DeviceFile:
        opened.append(DeviceFile(node))
        return opened[-1]

    monkeypatch.setattr(devices, "InputDevice", open_file)
    inputs = InputDevices(Keyboard(), Size(100, 100))
    inputs._take("one")
    inputs._take("two")
    yield inputs, opened
    inputs.leave()


async def took(inputs: InputDevices, count: int) -> list[tuple[int, ...]]:
    async with asyncio.timeout(5):
        return [await inputs.next() for _ in range(count)]


def key(code: int, value: int) -> tuple[int, int, int]:
    return ecodes.EV_KEY, code, value


async def test_buttons_are_let_go_of_when_a_mouse_is_pulled_out(hands) -> None:
    inputs, (mouse, _) = hands
    await mouse.send(key(ecodes.BTN_LEFT, 1), key(ecodes.BTN_RIGHT, 1), key(ecodes.BTN_LEFT, 0))
    assert await took(inputs, 1) == [(0, 0, 4)]
    inputs._drop("one")
    assert await took(inputs, 1) == [(0, 0, 0)]


async def test_keys_and_buttons_whose_end_the_kernel_dropped_do_not_stay_down(hands) -> None:
    inputs, (mouse, _) = hands
    await mouse.send(key(ecodes.KEY_A, 1), key(ecodes.BTN_LEFT, 1))
    assert await took(inputs, 2) == [(ord("a"), True), (0, 0, 1)]
    await mouse.send((ecodes.EV_SYN, ecodes.SYN_DROPPED, 0), key(ecodes.KEY_A, 0), key(ecodes.BTN_LEFT, 0))
    assert await took(inputs, 2) == [(ord("a"), False), (0, 0, 0)]


async def test_lamps_that_cannot_be_lit_take_no_keys(hands) -> None:
    inputs, (one, two) = hands
    two.lamps_fail = True
    await one.send(key(ecodes.KEY_CAPSLOCK, 1), key(ecodes.KEY_CAPSLOCK, 0), key(ecodes.KEY_A, 1))
    presses = await took(inputs, 3)
    assert presses[2] == (ord("A"), True)


async def test_what_was_typed_last_is_forgotten_when_another_terminal_is_shown() -> None:
    keyboard = Keyboard("us", "intl")
    inputs = InputDevices(keyboard, Size(100, 100))
    assert not [*keyboard.press(ecodes.KEY_APOSTROPHE), *keyboard.release(ecodes.KEY_APOSTROPHE)]
    inputs.leave()
    assert list(keyboard.press(ecodes.KEY_E)) == [(ord("e"), True)]
