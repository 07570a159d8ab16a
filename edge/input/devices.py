"""Keyboards, mice, tablets and touch screens as the kernel offers them, coming and going.

Source: Linux, Documentation/input/input.rst and event-codes.rst.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import pyudev
from evdev import InputDevice, InputEvent, ecodes

from edge.geometry import Size
from edge.input.keyboard import Keyboard, Press
from edge.input.pointer import Axis, Pointer, Position

_AXES = (ecodes.ABS_X, ecodes.ABS_Y)

_log = logging.getLogger(__name__)


class InputDevices:
    """Everything that a user can touch, as one keyboard and one pointer; `next` tells what they do.

    Devices are grabbed: nothing that is typed reaches the console behind the picture. Use it as a context manager.
    What is typed is kept nowhere but in the queue of what nobody has read yet.
    """

    def __init__(self, keyboard: Keyboard, screen: Size) -> None:
        self.pointer = Pointer(screen)
        self._keyboard = keyboard
        self._open: dict[str, _Device] = {}
        self._queue: deque[Press | Position] = deque()
        self._arrived = asyncio.Event()
        self._away = False
        self._monitor = pyudev.Monitor.from_netlink(pyudev.Context())

    async def __aenter__(self) -> Self:
        """Take every device that is there, and those that come later."""
        self._monitor.filter_by("input")
        self._monitor.start()
        asyncio.get_running_loop().add_reader(self._monitor.fileno(), self._on_hot_plug)
        self._consider_all()
        if not self._open:
            _log.warning("no keyboard and no pointer in /dev/input can be read; is the user in the group input?")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._monitor.fileno())
        for node in list(self._open):
            self._drop(node)

    @property
    def names(self) -> list[str]:
        """What the devices call themselves."""
        return sorted(device.file.name for device in self._open.values())

    async def next(self) -> Press | Position:
        """Wait for a key, as (keysym, down), or a position, as (x, y, buttons)."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()

    def leave(self) -> None:
        """Let go of all devices: another program's user types now."""
        self._away = True
        for node in list(self._open):
            self._drop(node)
        self._put(self._keyboard.release_all())

    def enter(self) -> None:
        """Take them again."""
        self._away = False
        self._consider_all()

    def _consider_all(self) -> None:
        for device in pyudev.Context().list_devices(subsystem="input"):
            self._consider(device)

    def _on_hot_plug(self) -> None:
        while (device := self._monitor.poll(timeout=0)) is not None:
            self._consider(device)

    def _consider(self, device: pyudev.Device) -> None:
        node = device.device_node
        if node is None or not device.sys_name.startswith("event"):
            return
        if device.action == "remove":
            self._drop(node)
        elif not self._away:
            self._take(node)

    def _take(self, node: str) -> None:
        """Open a device, unless it is open or nothing that a user touches."""
        if node in self._open:
            return
        try:
            file = InputDevice(node)
            device = _Device(file)
        except OSError as error:
            # A device that has gone again, or one that udev has not made readable yet: its "change" follows.
            _log.debug("%s: %s", node, error.strerror)
            return
        if not device.useful:
            file.close()
            return
        try:
            file.grab()
        except OSError as error:
            _log.warning("%s (%s) is held by another program: %s", node, file.name, error.strerror)
        self._open[node] = device
        asyncio.get_running_loop().add_reader(file.fileno(), self._read, node)
        self._light(device)
        _log.info("%s: %s", node, file.name)

    def _drop(self, node: str) -> None:
        """Let go of a device, and of what it held down."""
        if (device := self._open.pop(node, None)) is None:
            return
        asyncio.get_running_loop().remove_reader(device.file.fileno())
        self._put(self._keyboard.release_all(device.held))
        self._let_go(device.pressed)
        device.file.close()

    def _read(self, node: str) -> None:
        device = self._open[node]
        try:
            events = list(device.file.read())
        except BlockingIOError:
            return
        except OSError:
            # ENODEV: it was pulled out, and udev has not said so yet.
            self._drop(node)
            return
        for event in events:
            self._on_event(device, event)

    def _on_event(self, device: "_Device", event: InputEvent) -> None:
        match event.type:
            case ecodes.EV_SYN if event.code == ecodes.SYN_DROPPED:
                device.dropped = True
            case ecodes.EV_SYN if event.code == ecodes.SYN_REPORT:
                if device.dropped:
                    self._catch_up(device)
                self._put(self.pointer.report())
            case _ if device.dropped:
                return
            case ecodes.EV_KEY:
                self._on_key(device, event.code, event.value)
            case ecodes.EV_REL:
                self.pointer.relative(event.code, event.value)
            case ecodes.EV_ABS if (axis := device.axes.get(event.code)) is not None:
                self.pointer.absolute(event.code, event.value, axis)
            case _:
                return

    def _on_key(self, device: "_Device", code: int, value: int) -> None:
        if self.pointer.button(code, down=value != 0):
            (device.pressed.add if value else device.pressed.discard)(code)
            return
        match value:
            case 0:
                device.held.discard(code)
                self._put(self._keyboard.release(code))
            case 1:
                device.held.add(code)
                self._put(self._keyboard.press(code))
            case _:
                self._put(self._keyboard.repeat(code))
        for each in self._open.values():
            self._light(each)

    def _catch_up(self, device: "_Device") -> None:
        """After the kernel has dropped events of a reader that was too slow: let go of what is no longer held."""
        device.dropped = False
        try:
            active = set(device.file.active_keys())
        except OSError:
            active = set()  # it was pulled out
        gone, up = device.held - active, device.pressed - active
        device.held -= gone
        device.pressed -= up
        self._put(self._keyboard.release_all(gone))
        self._let_go(up)

    def _let_go(self, buttons: Iterable[int]) -> None:
        for code in buttons:
            self.pointer.button(code, down=False)
        self._put(self.pointer.report())

    def _light(self, device: "_Device") -> None:
        """Light the lamps that the layout wants lit."""
        wanted = self._keyboard.lamps & device.lamps
        if wanted == device.lit:
            return
        device.lit = wanted
        # One that was pulled out, or that may only be read, must not take the keys of the others.
        with contextlib.suppress(OSError):
            for lamp in device.lamps:
                device.file.set_led(lamp, int(lamp in wanted))

    def _put(self, inputs: Iterable[Press | Position]) -> None:
        for each in inputs:
            last = self._queue[-1] if self._queue else None
            # Of a pointer that only moves, the last position is enough.
            if last is not None and len(last) == len(each) == 3 and last[2] == each[2]:
                self._queue[-1] = each
            else:
                self._queue.append(each)
            self._arrived.set()


class _Device:
    """One open device, what it can do, and what it holds down."""

    def __init__(self, file: "InputDevice[str]") -> None:
        capabilities = file.capabilities(absinfo=False)
        keys, relative = capabilities.get(ecodes.EV_KEY, []), capabilities.get(ecodes.EV_REL, [])
        ranges = {code: file.absinfo(code) for code in _AXES if code in capabilities.get(ecodes.EV_ABS, [])}
        self.file = file
        self.axes = {code: Axis(info.min, info.max) for code, info in ranges.items()}
        self.lamps = frozenset(capabilities.get(ecodes.EV_LED, []))
        self.lit: frozenset[int] = frozenset()
        self.held: set[int] = set()
        self.pressed: set[int] = set()
        self.dropped = False
        # A joystick has axes and no touch; an accelerometer has axes and no keys.
        touches = {ecodes.BTN_TOUCH, ecodes.BTN_LEFT} & set(keys)
        self.useful = bool(touches) or ecodes.REL_X in relative or any(code < ecodes.BTN_MISC for code in keys)
