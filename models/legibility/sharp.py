"""Wrong but sharp: a glyph that became another one and gives no sign of it."""

from collections.abc import Sequence

from torch import Tensor

from models.legibility.error_rate import aligned
from models.legibility.recogniser import Glyph

LEAST_CONFIDENCE = 0.9
LEAST_ENERGY = 0.8
# In framed pixels, of which a Hangul glyph is 16 wide: to each side of its middle, and how far that may be off.
_HALF_PX = 8.0
_APART_PX = 9.0


def wrong_but_sharp(
    truth: str, native: Sequence[Glyph], shown: Sequence[Glyph], native_line: Tensor, shown_line: Tensor
) -> tuple[int, int]:
    """Count the glyphs that are wrong but sharp, and those that could be: `native` reads them rightly.

    Wrong but sharp is a glyph that `shown` reads as another one at the same place, with at least `LEAST_CONFIDENCE` for
    each of its letters and at least `LEAST_ENERGY` of the gradient energy of the native glyph. Both lines (24, w) are
    framed and scaled alike, so that contrast counts.
    """
    right = {
        at
        for wanted, at in aligned(truth, _text(native))
        if wanted is not None and at is not None and truth[wanted] == native[at].text
    }
    wrong = 0
    for at, became_at in aligned(_text(native), _text(shown)):
        if at is None or became_at is None or at not in right:
            continue
        was, became = native[at], shown[became_at]
        if (
            was.text != became.text
            and became.confidence >= LEAST_CONFIDENCE
            and abs(was.column - became.column) <= _APART_PX
            and _energy(shown_line, was.column) >= LEAST_ENERGY * _energy(native_line, was.column)
        ):
            wrong += 1
    return wrong, len(right)


def _text(read: Sequence[Glyph]) -> str:
    return "".join(glyph.text for glyph in read)


def _energy(line: Tensor, column: float) -> float:
    """Sum the squared differences of neighbours around `column`."""
    part = line[:, max(0, round(column - _HALF_PX)) : round(column + _HALF_PX)]
    return float((part[1:] - part[:-1]).square().sum() + (part[:, 1:] - part[:, :-1]).square().sum())
