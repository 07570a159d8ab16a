"""The table as it is kept: `models/evaluate/table.json`, from which README's tables, pictures and figures are made."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from models.evaluate.ablation import Variant
from models.evaluate.cycles import Cycles
from models.evaluate.methods import Precision
from models.evaluate.pages import KINDS, HeldOut
from models.evaluate.scores import PageScores, Sums, Text, pooled, total
from models.evaluate.timing import Timing

NATIVE = "native"


class Means(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Means over the pages of one kind."""

    psnr_y_db: float
    ssim_y: float
    gmsd_y: float


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found of one method; `identity` as `Method` has it, `kinds` by kind of page."""

    name: str
    precision: Precision | None
    identity: str
    kinds: dict[str, Means]
    text: tuple[Text, ...]
    sha256: str | None = None
    parameters: int | None = None
    gmac_per_frame: float | None = None
    bytes: int | None = None
    timing: Timing | None = None
    cycles: tuple[Cycles, ...] = ()

    @property
    def label(self) -> str:
        """The name in tables and captions."""
        return f"{self.name} {self.precision}" if self.precision else self.name

    @property
    def all_text(self) -> Sums:
        """All lines together."""
        return total(text.sums for text in self.text)


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network that was trained another way, to see what a stage is worth."""

    variant: Variant
    row: Row


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rows, and what they were made from: pages by kind, the hash of all of them, the machine of the timings."""

    pages: dict[str, int]
    pages_sha256: str
    machine: str
    rows: tuple[Row, ...]
    ablation: tuple[Trial, ...] = ()

    def row(self, name: str, precision: Precision | None = None) -> Row | None:
        """Find a method's row."""
        return next((row for row in self.rows if (row.name, row.precision) == (name, precision)), None)


def summed(pages: Sequence[HeldOut], scores: Sequence[PageScores]) -> tuple[dict[str, Means], tuple[Text, ...]]:
    """Take the means over the pages of each kind, and all text together."""
    kinds = {}
    for kind in KINDS:
        if chosen := [score for page, score in zip(pages, scores, strict=True) if page.kind == kind]:
            kinds[kind] = Means(
                round(fmean(score.psnr_y_db for score in chosen), 3),
                round(fmean(score.ssim_y for score in chosen), 4),
                round(fmean(score.gmsd_y for score in chosen), 4),
            )
    return kinds, pooled(text for score in scores for text in score.text)


def read_table(path: Path) -> Table:
    """Read a kept table. Raises FileNotFoundError, and ValueError where it is not of this version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Table)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is no table of this version: {error}; run: python -m models.evaluate") from error


def write_table(path: Path, table: Table) -> None:
    """Keep `table`."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")
