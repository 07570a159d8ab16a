"""Lines of text from the words that a browser laid out."""

import math
from itertools import pairwise
from typing import NamedTuple

import msgspec

from models.data.fonts import KOREAN_FAMILIES
from models.data.manifest import Line, Rect

# Words further apart than this many sizes of their font are no line: between them lies the edge of a column.
_GAP = 1.0


class Word(NamedTuple):
    """A word that can be seen whole: where, how large, in which families, inside which block of the page."""

    text: str
    x: float
    y: float
    width: float
    height: float
    size_px: float
    families: str
    block: int


class Layout(msgspec.Struct, frozen=True):
    """What `layout.js` answers."""

    words: list[Word]
    clipped: list[tuple[float, float, float, float]]


def lines_of(words: list[Word]) -> list[Line]:
    """Put words beside each other that share a block, a font and a height; in the order of the page."""
    rows: list[list[Word]] = []
    for word in words:
        if rows and _continues(rows[-1][-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_line(row) for row in rows]


def script_of(text: str) -> str:
    """Say what `text` is written in: korean, latin, digits (neither of them) or mixed."""
    korean = any("가" <= character <= "힣" for character in text)
    latin = any(character.isascii() and character.isalpha() for character in text)
    return "mixed" if korean and latin else "korean" if korean else "latin" if latin else "digits"


def outward(x: float, y: float, width: float, height: float) -> Rect:
    """Round a rectangle to the whole pixels that it touches."""
    left, top = math.floor(x), math.floor(y)
    return left, top, math.ceil(x + width) - left, math.ceil(y + height) - top


def _continues(last: Word, word: Word) -> bool:
    same = (last.block, last.families, last.size_px) == (word.block, word.families, word.size_px)
    gap = word.x - (last.x + last.width)
    return same and abs(last.y - word.y) < 0.3 * last.height and -1 < gap < _GAP * last.size_px


def _line(row: list[Word]) -> Line:
    text = row[0].text
    for last, word in pairwise(row):
        text += (" " if word.x - (last.x + last.width) > 0.08 * word.size_px else "") + word.text
    x, y = min(word.x for word in row), min(word.y for word in row)
    right, bottom = max(word.x + word.width for word in row), max(word.y + word.height for word in row)
    families = [family.strip(' "') for family in row[0].families.split(",")]
    script = script_of(text)
    korean = [family for family in families if family in KOREAN_FAMILIES]
    font = korean[0] if script in {"korean", "mixed"} and korean else families[0]
    return Line(text, outward(x, y, right - x, bottom - y), round(row[0].size_px, 2), script, font)
