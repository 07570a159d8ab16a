"""The two halves of the data: what networks are trained on, and what they are judged by."""

from enum import StrEnum
from zlib import crc32


class Split(StrEnum):
    """Which half of the fonts, texts and layouts a page is made from."""

    TRAIN = "train"
    HELD_OUT = "held-out"


def split_of(word: str) -> Split:
    """Return the half that `word`, or a rare syllable, belongs to: a quarter of them are held out."""
    return Split.HELD_OUT if crc32(word.lower().encode()) % 4 == 0 else Split.TRAIN
