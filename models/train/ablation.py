"""What each stage is worth: one small network, trained another way each time, all judged in whole numbers.

A later stage is set against its control, which spends the same steps on pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import torch

from models.evaluate.ablation import Variant
from models.networks.restorer import ResidualNetwork
from models.train.checkpoint import CHECKPOINT, load, load_average
from models.train.settings import Settings, Stage
from models.train.stage import start
from models.train.validate import Validation
from models.zoo.calibration import CALIBRATION, calibration, planes
from models.zoo.card import describe, sha256, write_card
from models.zoo.integer import export_integer
from models.zoo.quantised import QuantisedNetwork

NETWORK = "S"
# What a stage that starts from another run has, as a part of that run's steps and of its rates.
_LATER = 0.5
_LATER_RATE = 0.2


@dataclass(frozen=True, slots=True)
class Trial:
    """A way to train: `stages` in words, what is other than in the plain run, and the trial that it starts from.

    `part` of the plain run's batch is drawn.
    """

    name: str
    stages: str
    stage: Stage = Stage.PIXELS
    other: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    part: float = 1.0


TRIALS = (
    Trial("squared", "squared error"),
    Trial("charbonnier", "Charbonnier", other={"epsilon": 8.0}),
    Trial("edge", "Charbonnier and edges", other={"epsilon": 8.0, "edge_weight": 0.3}),
    Trial("adam", "squared error, Adam instead of Muon", other={"muon": False}),
    Trial("longer", "squared error, then half as many steps again", source="squared"),
    Trial("recogniser", "squared error, then the recogniser's loss", Stage.RECOGNISER, source="squared"),
    Trial("quantised", "squared error, then in whole numbers", Stage.QUANTISED, source="squared"),
    Trial("distilled", "squared error, then taught by L", Stage.DISTILLED, source="squared"),
    # A discriminator takes ten times as long as the network that it judges.
    Trial(
        "adversarial",
        "squared error, then the adversarial last layer with a quarter of the batch",
        Stage.ADVERSARIAL,
        source="squared",
        part=0.25,
    ),
)


def ablate(
    folder: Path, data: Path, device: torch.device, plain: Settings, teacher: Path, workers: int = 0
) -> Iterator[Variant]:
    """Run every trial in `folder` that is not there yet, each like `plain` but for what it is about.

    `teacher` is the folder of the run that distillation follows. Each leaves its network in whole numbers, with its
    card and what `models.evaluate.ablation` reads.
    """
    for order, trial in enumerate(TRIALS):
        settings = _settings(trial, plain, folder, teacher)
        begun = start(folder / trial.name, settings, data / "train", device)
        begun.train(Validation(data / "held-out", device, precise=settings.stage is Stage.QUANTISED), workers)
        model = folder / f"{trial.name}-int8.onnx"
        _ship(folder / trial.name, model, trial.stages)
        variant = Variant(order, NETWORK.lower(), trial.stages, begun.step, round(begun.seconds / 60, 1), model.name)
        (folder / f"{trial.name}.variant.json").write_bytes(msgspec.json.encode(variant) + b"\n")
        yield variant


def _settings(trial: Trial, plain: Settings, folder: Path, teacher: Path) -> Settings:
    settings = replace(plain, stage=trial.stage, network=NETWORK, **trial.other)
    if not trial.source:
        return settings
    return replace(
        settings,
        steps=round(_LATER * plain.steps),
        batch=round(trial.part * plain.batch),
        rate=_LATER_RATE,
        source=str(folder / trial.source),
        teacher=str(teacher) if trial.stage is Stage.DISTILLED else "",
    )


def _ship(run: Path, model: Path, stages: str) -> None:
    network, settings, steps = load_average(run / CHECKPOINT)
    assert isinstance(network, ResidualNetwork)
    quantised = QuantisedNetwork(network)
    if settings.stage is Stage.QUANTISED:
        quantised.load_state_dict(load(run / CHECKPOINT)["average"])
    else:
        quantised.calibrate(planes(calibration()))
    export_integer(quantised, model)
    training = f"{stages}; {steps} steps of {settings.batch} patches"
    write_card(model, describe(network, model, "models.data", training, calibration=sha256(CALIBRATION)))
