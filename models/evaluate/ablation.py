"""Networks that were trained another way: `<folder>/<name>.variant.json` beside the ONNX file that it names."""

from collections.abc import Iterable
from pathlib import Path

import msgspec


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a network was trained, and the file `model` (beside this one, with its card) that came of it."""

    order: int
    network: str
    stages: str
    steps: int
    minutes: float
    model: str
    note: str = ""


def variants(folder: Path) -> Iterable[tuple[Path, Variant]]:
    """Read the variants in `folder`, in their order, each with its model; raises ValueError where one is broken."""
    found = []
    for path in folder.glob("*.variant.json"):
        try:
            variant = msgspec.json.decode(path.read_bytes(), type=Variant)
        except msgspec.DecodeError as error:
            raise ValueError(f"{path} describes no trained variant: {error}") from error
        found.append((folder / variant.model, variant))
    return sorted(found, key=lambda pair: (pair[1].order, pair[0].name))
