"""Keeping the screen while the device is updated: nobody signs in to what is about to go."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Never

from edge.display import screens
from edge.session.greeter import Greeter
from edge.session.own_screens import OwnScreens
from edge.session.phases import Happening, Machine

POLL_S = 0.5
"""How often the file is looked for: one stat(2)."""


class Updating:
    """While `file` is there and nobody is signed in, the screen says so; a number in it is the percentage."""

    def __init__(self, file: Path, own: OwnScreens, machine: Machine, greeter: Greeter) -> None:
        self._file, self._own, self._machine, self._greeter = file, own, machine, greeter

    async def run(self) -> Never:
        """Watch the file until cancelled."""
        while True:
            if self._machine.can(Happening.UPDATE) and self._percent() is not None:
                self._machine.take(Happening.UPDATE)
                await self._show()
                self._greeter.greet()
                self._machine.take(Happening.UPDATED)
            await asyncio.sleep(POLL_S)

    async def _show(self) -> None:
        shown = None
        while (percent := self._percent()) is not None:
            if percent != shown:
                self._own.show(partial(screens.updating, percent=percent))
                shown = percent
            await asyncio.sleep(POLL_S)

    def _percent(self) -> int | None:
        """Read how far it is; None if there is no update, 0 if that is not known."""
        try:
            text = self._file.read_text(encoding="ascii")[:4].strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            return 0
        return min(int(text), 100) if text.isdecimal() else 0
