"""Choosing one of several desktops."""

import asyncio
from collections.abc import Sequence

from edge.display import screens
from edge.display.page import Look, Screen
from edge.display.screens import ChoiceView
from edge.geometry import Size
from edge.input.keymap import Key
from edge.session.own_screens import OwnScreens


class Chooser:
    """Shows `desktops`, the one at hand selected, until one is chosen."""

    def __init__(self, own: OwnScreens, desktops: Sequence[str], at_hand: str) -> None:
        self._own, self._desktops = own, desktops
        self._selected = desktops.index(at_hand) if at_hand in desktops else 0
        self.chosen: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        """The desktop, or None if the user would rather go."""

    def show(self) -> None:
        """Draw it."""
        self._own.show(self._draw, self._typed)

    def _draw(self, size: Size, look: Look) -> Screen:
        return screens.choosing(size, look, ChoiceView(self._desktops, self._selected))

    def _typed(self, keysym: int, _pointed: bool) -> None:
        if self.chosen.done():
            return
        match keysym:
            case Key.UP | Key.ISO_LEFT_TAB:
                self._selected = (self._selected - 1) % len(self._desktops)
            case Key.DOWN | Key.TAB:
                self._selected = (self._selected + 1) % len(self._desktops)
            case Key.RETURN | Key.KP_ENTER:
                self.chosen.set_result(self._desktops[self._selected])
            case Key.ESCAPE:
                self.chosen.set_result(None)
            case _:
                shown = screens.shown_choices(len(self._desktops), self._selected)
                number = keysym - ord("1")
                if 0 <= number < len(shown):
                    self.chosen.set_result(self._desktops[shown[number]])
                return
        self.show()
