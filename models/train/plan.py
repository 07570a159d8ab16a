"""Everything that is trained, and how the time for it is shared."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from models.train.run import Run
from models.train.settings import Settings, Stage
from models.train.stage import start
from models.train.validate import Validation


@dataclass(frozen=True, slots=True)
class Planned:
    """A run, in a folder of its `name`: its share of the time, and what is other than by default."""

    name: str
    network: str
    share: float
    stage: Stage = Stage.PIXELS
    source: str = ""
    other: dict[str, Any] = field(default_factory=dict)


# A step of the rivals and of XL takes 6 to 50 times as long as one of L; with smaller batches they get more of them.
_SMALL: dict[str, Any] = {"batch": 8, "patch_px": 32}
PLAN = (
    Planned("L-pixels", "L", 0.40),
    Planned("L-recogniser", "L", 0.10, Stage.RECOGNISER, "L-pixels", {"rate": 0.5, "weight": 2.0}),
    Planned("M-pixels", "M", 0.13),
    Planned("S-pixels", "S", 0.06),
    Planned("XL-pixels", "XL", 0.10, other=_SMALL),
    Planned("SRGAN-pixels", "SRGAN", 0.11, other=_SMALL),
    Planned("SRVGG-pixels", "SRVGG", 0.05, other=_SMALL),
    Planned("SPAN-pixels", "SPAN", 0.05, other=_SMALL),
)


def carry_out(
    folder: Path, data: Path, device: torch.device, minutes: float, larger: int = 1, workers: int = 0
) -> Iterator[Run]:
    """Train all of `PLAN` in `folder` within `minutes`, with batches `larger` times as large; what is done stays so."""
    for planned in PLAN:
        source = str(folder / planned.source) if planned.source else ""
        settings = Settings(
            planned.stage, planned.network, minutes=planned.share * minutes, source=source, **planned.other
        )
        settings = replace(settings, batch=larger * settings.batch)
        begun = start(folder / planned.name, settings, data / "train", device)
        begun.train(Validation(data / "held-out", device, precise=planned.stage is Stage.QUANTISED), workers)
        yield begun
