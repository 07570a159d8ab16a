"""The virtual terminal behind the picture: quiet while it is covered, given back when somebody switches to another.

Source: Linux, ioctl_console(2) and ioctl_vt; include/uapi/linux/kd.h and vt.h.
"""

import asyncio
import fcntl
import logging
import os
import re
import signal
import struct
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

# Requests, and the values that they take.
_KDSETMODE, _KD_TEXT, _KD_GRAPHICS = 0x4B3A, 0, 1
_KDGKBMODE, _KDSKBMODE, _K_OFF = 0x4B44, 0x4B45, 4
_VT_SETMODE, _VT_AUTO, _VT_PROCESS = 0x5602, 0, 1
_VT_RELDISP, _MAY_LEAVE, _HAS_ENTERED = 0x5605, 1, 2
_VT_ACTIVATE = 0x5606
#: struct vt_mode: mode, whether writers wait, and three signals, of which the kernel knows two.
_VT_MODE = struct.Struct("BBhhh")
_LEAVE, _ENTER = signal.SIGUSR1, signal.SIGUSR2
_TERMINAL = re.compile(r"/dev/tty[1-9][0-9]*")

_log = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[None]]


class Console:
    """The terminal that is this process's standard input, if it is a virtual one; else nothing happens here.

    While it is entered the kernel writes nothing over the picture. `leave` is awaited before another terminal is shown,
    `enter` when this one is again.
    """

    def __init__(self, leave: Turn, enter: Turn) -> None:
        self._leave, self._enter = leave, enter
        self._taken = False
        self._turns: asyncio.Queue[int] = asyncio.Queue()
        self._turning: asyncio.Task[None] | None = None
        self._undo = ExitStack()

    async def __aenter__(self) -> Self:
        """Take the terminal, where there is one."""
        try:
            name = os.ttyname(0)
        except OSError:
            return self
        if not _TERMINAL.fullmatch(name):
            return self
        try:
            self._take()
            self._taken = True
        except OSError as error:
            self._undo.close()
            _log.warning("%s: %s; the kernel may write over the picture", name, error.strerror)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._turning is not None:
            self._turning.cancel()
            await asyncio.wait([self._turning])
        self._undo.close()

    def switch_to(self, number: int) -> None:
        """Show another terminal."""
        if self._taken:
            self._ask(_VT_ACTIVATE, number)

    def _take(self) -> None:
        """Each step is undone in reverse; systemd does so too, should this process not come to it."""
        keyboard = struct.unpack("i", fcntl.ioctl(0, _KDGKBMODE, bytes(4)))[0]
        self._ask(_KDSKBMODE, _K_OFF)
        self._undo.callback(self._ask, _KDSKBMODE, keyboard)
        self._ask(_KDSETMODE, _KD_GRAPHICS)
        self._undo.callback(self._ask, _KDSETMODE, _KD_TEXT)
        loop = asyncio.get_running_loop()
        for number in (_LEAVE, _ENTER):
            loop.add_signal_handler(number, self._turns.put_nowait, number)
            self._undo.callback(loop.remove_signal_handler, number)
        fcntl.ioctl(0, _VT_SETMODE, _VT_MODE.pack(_VT_PROCESS, 0, _LEAVE, _ENTER, 0))
        self._undo.callback(fcntl.ioctl, 0, _VT_SETMODE, _VT_MODE.pack(_VT_AUTO, 0, 0, 0, 0))
        self._turning = asyncio.create_task(self._turn(), name="virtual terminal")

    async def _turn(self) -> None:
        """Answer the kernel, which waits: what cannot be given up in time would hold the other terminal up."""
        while True:
            if await self._turns.get() == _LEAVE:
                await self._leave()
                self._ask(_VT_RELDISP, _MAY_LEAVE)
            else:
                self._ask(_VT_RELDISP, _HAS_ENTERED)
                await self._enter()

    @staticmethod
    def _ask(request: int, value: int) -> None:
        fcntl.ioctl(0, request, value)
