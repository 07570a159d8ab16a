"""What is counted of one page as a method shows it; what concerns text, in sums that add up over lines and pages."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from models.evaluate.likeness import psnr_db


class SizeBand(StrEnum):
    """Sizes of text in full-size pixels, rounded down."""

    SMALL = "under 13"
    COMMON = "13 to 15"
    LARGE = "16 to 19"
    LARGEST = "20 and more"

    @classmethod
    def of(cls, size_px: float) -> "SizeBand":
        """Give the band of text of `size_px`."""
        return next((band for band, below in _BELOW_PX.items() if size_px < below), cls.LARGEST)


_BELOW_PX = {SizeBand.SMALL: 13, SizeBand.COMMON: 16, SizeBand.LARGE: 20}


class Sums(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pixels in lines of text, and of those lines that were read characters, as `models.legibility` counts them.

    The edits make what Tesseract, or the recogniser, read of what stands there. `glyphs` are those that the recogniser
    reads in the native picture; of them `wrong_but_sharp` became others and look sure.
    """

    pixels: int = 0
    squared_error: float = 0.0
    characters: int = 0
    edits: int = 0
    recogniser_edits: int = 0
    glyphs: int = 0
    wrong_but_sharp: int = 0

    @property
    def psnr_db(self) -> float | None:
        """PSNR of luma over the pixels, where there are some."""
        return psnr_db(self.squared_error / self.pixels) if self.pixels else None

    @property
    def error_rate(self) -> float | None:
        """Tesseract's character error rate, where something was read."""
        return self.edits / self.characters if self.characters else None

    @property
    def recogniser_error_rate(self) -> float | None:
        """The recogniser's character error rate, where something was read."""
        return self.recogniser_edits / self.characters if self.characters else None

    @property
    def wrong_but_sharp_rate(self) -> float | None:
        """Share of the glyphs that are wrong but sharp, where there are some."""
        return self.wrong_but_sharp / self.glyphs if self.glyphs else None


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lines of one script and size."""

    script: str
    size: SizeBand
    sums: Sums


class PageScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One page as one method shows it."""

    psnr_y_db: float
    ssim_y: float
    gmsd_y: float
    text: tuple[Text, ...] = ()


def total(parts: Iterable[Sums]) -> Sums:
    """Add `parts` up."""
    rows = [msgspec.structs.astuple(part) for part in parts]
    return Sums(*map(sum, zip(*rows, strict=True)))


def pooled(texts: Iterable[Text]) -> tuple[Text, ...]:
    """Add up what is of the same script and size; in order of both."""
    parts: dict[tuple[str, SizeBand], list[Sums]] = {}
    for text in texts:
        parts.setdefault((text.script, text.size), []).append(text.sums)
    order = list(SizeBand)
    keys = sorted(parts, key=lambda key: (key[0], order.index(key[1])))
    return tuple(Text(script, size, total(parts[script, size])) for script, size in keys)
