"""From an X server's keycodes to keysyms.

Source: X11 protocol, section 5 "Keyboards"; the XKB protocol, section 12.2.3, for the order of groups and levels in the
core keyboard map and for Shift undoing Caps Lock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge.display.base import KeyInput

NO_SYMBOL = 0
SHIFT, LOCK = 1, 2
UNICODE = 0x01000000
KEYPAD = range(0xFF80, 0xFFBE)


@dataclass(frozen=True, slots=True)
class Modifiers:
    """The bits of a key event's state that the keyboard in use gives to Num Lock and to AltGr."""

    num_lock: int = 0x10
    level3: int = 0x80


def keysym_for(keysyms: Sequence[int], state: int, modifiers: Modifiers) -> int:
    """Choose among `keysyms`, a key's row of the core keyboard map, by the modifiers and the group in `state`.

    The row is group 1's first two levels, group 2's first two, group 1's next two, group 2's next two. NO_SYMBOL
    comes back for a key that means nothing.
    """
    row = [*keysyms, *[NO_SYMBOL] * 8]
    group = 2 if state >> 13 & 1 and any(row[2:4]) else 0
    lower, upper = row[group : group + 2]
    if state & modifiers.level3 and any(row[group + 4 : group + 6]):
        lower, upper = row[group + 4 : group + 6]
    cased = _upper(lower)
    if upper == NO_SYMBOL:
        upper = cased
    shift = bool(state & SHIFT)
    if upper in KEYPAD:
        return lower if shift or not state & modifiers.num_lock else upper
    if state & LOCK and upper == cased != lower:
        shift = not shift
    return upper if shift else lower


def _upper(keysym: int) -> int:
    """Find the capital of a letter whose keysym is its character; leave anything else as it is."""
    if 0x61 <= keysym <= 0xFF:
        capital = chr(keysym).upper()
        return ord(capital) if len(capital) == 1 and ord(capital) <= 0xFF else keysym
    if UNICODE < keysym <= UNICODE + 0x10FFFF:
        capital = chr(keysym - UNICODE).upper()
        return UNICODE + ord(capital) if len(capital) == 1 else keysym
    return keysym


@dataclass(slots=True)
class HeldKeys:
    """Remembers what each key meant when it went down, because it must go up as the same."""

    _down: dict[int, int] = field(default_factory=dict, repr=False)

    def press(self, keycode: int, keysym: int) -> Iterator[KeyInput]:
        """Pass on that a key goes down, unless it has no meaning."""
        if keysym != NO_SYMBOL:
            self._down[keycode] = keysym
            yield KeyInput(keysym, True)

    def release(self, keycode: int) -> Iterator[KeyInput]:
        """Pass on that a key goes up, as what it was when it went down, unless that was never seen."""
        if (keysym := self._down.pop(keycode, NO_SYMBOL)) != NO_SYMBOL:
            yield KeyInput(keysym, False)

    def release_all(self) -> Iterator[KeyInput]:
        """Let go of everything: from now on, key releases go to another window."""
        while self._down:
            yield KeyInput(self._down.popitem()[1], False)
