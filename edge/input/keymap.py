"""Characters and keysyms, both ways, and the keys that have names.

Source: X11 protocol, appendix A "Keysym encoding": Latin-1 stands for itself, every other character of Unicode is
0x01000000 plus its number.
"""

from collections.abc import Iterator
from enum import IntEnum

UNICODE = 0x01000000
LATIN_1 = (range(0x20, 0x7F), range(0xA0, 0x100))


class Key(IntEnum):
    """Keysyms of keys without a character. Source: X11's keysymdef.h."""

    BACKSPACE = 0xFF08
    TAB = 0xFF09
    RETURN = 0xFF0D
    ESCAPE = 0xFF1B
    HANGUL = 0xFF31
    HANGUL_HANJA = 0xFF34
    HOME = 0xFF50
    LEFT = 0xFF51
    UP = 0xFF52
    RIGHT = 0xFF53
    DOWN = 0xFF54
    PAGE_UP = 0xFF55
    PAGE_DOWN = 0xFF56
    END = 0xFF57
    INSERT = 0xFF63
    KP_ENTER = 0xFF8D
    F1 = 0xFFBE
    F2 = 0xFFBF
    F12 = 0xFFC9
    SHIFT_L = 0xFFE1
    SHIFT_R = 0xFFE2
    CONTROL_L = 0xFFE3
    CONTROL_R = 0xFFE4
    CAPS_LOCK = 0xFFE5
    ALT_L = 0xFFE9
    ALT_R = 0xFFEA
    SUPER_L = 0xFFEB
    DELETE = 0xFFFF
    ISO_LEFT_TAB = 0xFE20


CONTROLS = {
    "\n": Key.RETURN,
    "\r": Key.RETURN,
    "\t": Key.TAB,
    "\b": Key.BACKSPACE,
    "\x1b": Key.ESCAPE,
    "\x7f": Key.DELETE,
}
# From KP_Multiply to KP_9 the keypad's keysyms are ASCII's characters, moved.
KEYPAD = range(0xFFAA, 0xFFBA)
KEYPAD_TO_ASCII = 0xFF80


def keysym_of(character: str) -> int:
    """Find the keysym of one character; raises `ValueError` for a control character that no key makes."""
    code = ord(character)
    if (control := CONTROLS.get(character)) is not None:
        return control
    if any(code in part for part in LATIN_1):
        return code
    if code < 0x100:
        raise ValueError(f"no key makes the character U+{code:04X}")
    return UNICODE + code


def keysym_named(name: str) -> int:
    """Find the keysym of one character, or of a key by its name here, however its letters are written."""
    return keysym_of(name) if len(name) == 1 else Key[name.upper()]


def character_of(keysym: int) -> str | None:
    """Find the character that a keysym types; None for one that types nothing, like an arrow or half a surrogate."""
    if any(keysym in part for part in LATIN_1):
        return chr(keysym)
    if UNICODE + 0xA0 <= keysym <= UNICODE + 0x10FFFF and not 0xD800 <= keysym - UNICODE <= 0xDFFF:
        return chr(keysym - UNICODE)
    if keysym in KEYPAD:
        return chr(keysym - KEYPAD_TO_ASCII)
    return None


def typed(text: str) -> Iterator[tuple[int, bool]]:
    """Type `text`: (keysym, down) for each press and release. Shift is not pressed; servers work that out."""
    for character in text:
        keysym = keysym_of(character)
        yield keysym, True
        yield keysym, False
