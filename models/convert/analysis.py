"""What each layer loses by its precision: the toolkit's accuracy analysis, as numbers."""

import re
from pathlib import Path

import msgspec

from models.convert.errors import ConversionError

_FILE = "error_analysis.txt"
# [Relu] head.relu    0.99997 | 1416.548340.99997 | 1416.54834    Wide numbers run into each other.
_ROW = re.compile(
    r"^\[(?P<operator>\w+)\] (?P<name>\S+) +(?P<entire>\d\.\d{5}) \| \d+\.\d{5} *(?P<single>\d\.\d{5}) \| "
)


class LayerLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How alike a layer's output and that of the float network are, as the cosine of the angle between them.

    `entire` is with what all layers before it lost, `single` with float inputs.
    """

    name: str
    operator: str
    entire: float
    single: float


def read_analysis(folder: Path) -> tuple[LayerLoss, ...]:
    """Read what the toolkit's accuracy analysis wrote to `folder`. Raises `ConversionError`."""
    try:
        text = (folder / _FILE).read_text(encoding="utf-8")
    except OSError as error:
        raise ConversionError(f"the accuracy analysis wrote no {_FILE}: {error.strerror}") from error
    rows = [row for row in map(_ROW.match, text.splitlines()) if row]
    if not rows:
        raise ConversionError(f"{_FILE} has no layers; is this rknn-toolkit2 2.5?")
    return tuple(LayerLoss(row["name"], row["operator"], float(row["entire"]), float(row["single"])) for row in rows)
