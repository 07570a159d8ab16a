"""What determines a run."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What a run minimises."""

    PIXELS = "pixels"
    RECOGNISER = "recogniser"
    ADVERSARIAL = "adversarial"
    QUANTISED = "quantised"
    DISTILLED = "distilled"


@dataclass(frozen=True, slots=True)
class Settings:
    """What determines a run; it ends when `steps` or `minutes` are used up, whichever is first, at a rate of zero.

    `rate` counts the optimisers' own rates, `epsilon` and `edge_weight` are those of `models.train.loss.pixel_loss`,
    `weight` counts what the stage adds to that. `source` is the folder of the run that it starts from, `teacher` that
    of the run that distillation follows.
    """

    stage: Stage
    network: str
    steps: int = 0
    minutes: float = 0
    batch: int = 16
    patch_px: int = 48
    muon: bool = True
    rate: float = 1.0
    average: float = 0.999
    epsilon: float = 0
    edge_weight: float = 0
    weight: float = 1.0
    seed: int = 1
    source: str = ""
    teacher: str = ""

    def __post_init__(self) -> None:
        if self.steps <= 0 and self.minutes <= 0:
            raise ValueError("a run without end: give steps, minutes or both")

    def used(self, step: int, seconds: float) -> float:
        """Tell how much of the budget is used up after `step` steps in `seconds`: 0..1."""
        return min(
            1.0, max(step / self.steps if self.steps else 0, seconds / (60 * self.minutes) if self.minutes else 0)
        )

    def to_dict(self) -> dict[str, Any]:
        """Give what `from_dict` reads: numbers and words alone."""
        return {**asdict(self), "stage": self.stage.value}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Settings":
        """Read what `to_dict` gave."""
        return cls(**{**values, "stage": Stage(values["stage"])})
