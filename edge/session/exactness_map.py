"""What stands in the corner of a desktop: what is wrong with the bus, or how sure each tile of the picture is."""

import asyncio
from collections.abc import Callable
from typing import Never

import numpy as np

from edge.display import screens
from edge.framebuffer.high import TileState
from edge.session.desktop import DesktopSession
from edge.session.own_screens import OwnScreens
from edge.session.stage import Stage

DRAW_AGAIN_S = 0.5


class ExactnessMap:
    """Draws the corner; `session` is the desktop that is shown, if any."""

    def __init__(self, own: OwnScreens, stage: Stage, session: Callable[[], DesktopSession | None]) -> None:
        self._own, self._stage, self._session = own, stage, session
        self._trouble = ""
        self._on = False
        self._desktop_shown = False

    def toggle(self) -> None:
        """Show the map, or hide it."""
        self._on = not self._on
        self._draw()

    def note_trouble(self, trouble: str) -> None:
        """Say what is wrong, "" for nothing; where the map is shown, it goes before."""
        self._trouble = trouble
        self._draw()

    def note_desktop(self, *, shown: bool) -> None:
        """Note whether a desktop is shown now; the map is for one desktop alone."""
        self._desktop_shown = shown
        self._on &= shown
        if shown:
            self._draw()

    async def run(self) -> Never:
        """Draw the map again and again while it is shown, until cancelled."""
        while True:
            await asyncio.sleep(DRAW_AGAIN_S)
            if self._on:
                self._draw()

    def _draw(self) -> None:
        if not self._desktop_shown:
            return
        session, size, look = self._session(), self._own.size, self._own.look
        if self._on and session is not None:
            certainty = session.certainty
            if certainty is None:
                certainty = np.full((1, 1), TileState.EXACT, dtype=np.uint8)
            self._stage.set_banner(screens.exactness(size, look, certainty, session.report().fraction_exact))
        else:
            self._stage.set_banner(screens.banner(size, look, self._trouble) if self._trouble else None)
