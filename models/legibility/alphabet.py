"""What the recogniser writes: ASCII and Hangul's letters, from which every syllable is put together."""

import unicodedata
from collections.abc import Sequence

_ASCII = [chr(code) for code in range(0x21, 0x7F)]
_ONSETS = [chr(0x1100 + at) for at in range(19)]
_VOWELS = [chr(0x1161 + at) for at in range(21)]
_CODAS = [chr(0x11A8 + at) for at in range(27)]
SYMBOLS = (*_ASCII, *_ONSETS, *_VOWELS, *_CODAS)
BLANK = 0
CLASSES = 1 + len(SYMBOLS)
_CLASS_OF = {symbol: at for at, symbol in enumerate(SYMBOLS, 1)}
# Typographic marks that a reader writes as the plain one; they differ by a pixel or two at 12 px.
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "›": ">", "‹": "<", "₩": "W"})


def canonical(text: str) -> str:
    """Give the glyphs of `text` that count: compatibility forms resolved (NFKC), syllables whole, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).split())


def is_readable(text: str) -> bool:
    """Tell whether `text` has glyphs and the recogniser has a class for each of them."""
    letters = unicodedata.normalize("NFD", canonical(text))
    return bool(letters) and all(letter in _CLASS_OF for letter in letters)


def encode(text: str) -> list[int]:
    """Give the classes of `text`; KeyError where `is_readable` is not so."""
    return [_CLASS_OF[letter] for letter in unicodedata.normalize("NFD", canonical(text))]


def decode(classes: Sequence[int]) -> str:
    """Put classes, none of them blank, together to text; letters that form no syllable stay as they are."""
    return unicodedata.normalize("NFC", "".join(SYMBOLS[at - 1] for at in classes))
