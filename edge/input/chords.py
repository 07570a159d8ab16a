"""Chords that the appliance keeps for itself: Ctrl and Alt with a letter; none reaches the desktop.

Chosen from what Chromium, Firefox and openbox leave free.
"""

from collections.abc import Iterable
from enum import StrEnum

from edge.input.keymap import Key

CONTROL = frozenset({Key.CONTROL_L, Key.CONTROL_R})
ALT = frozenset({Key.ALT_L, Key.ALT_R})


class Chord(StrEnum):
    """What to press with Ctrl and Alt, by what it does."""

    LOCK = "l"
    RECONNECT = "n"
    SWITCH = "d"
    """To another of the user's desktops."""
    SIGN_OUT = "q"
    STATUS = "i"
    EXACTNESS = "e"


class Chords:
    """Watches the keys that go by for those of `chords` that there are."""

    def __init__(self, chords: Iterable[Chord] = tuple(Chord)) -> None:
        self._chords = {ord(letter): chord for chord in chords for letter in (chord.value, chord.value.upper())}
        self._held: set[int] = set()
        self._swallowed: set[int] = set()

    def take(self, keysym: int, *, down: bool) -> tuple[Chord | None, bool]:
        """Take a key; returns the chord that it completes, and whether the key is the desktop's to know."""
        if keysym in CONTROL | ALT:
            (self._held.add if down else self._held.discard)(keysym)
            return None, True
        chord = self._chords.get(keysym)
        if down and chord is not None and self._held & CONTROL and self._held & ALT:
            again = keysym in self._swallowed
            self._swallowed.add(keysym)
            return None if again else chord, False
        if keysym in self._swallowed:
            if not down:
                self._swallowed.discard(keysym)
            return None, False
        return None, True
