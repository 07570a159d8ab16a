"""The stages, each from its beginning: the network, what it is trained for, and what it starts from."""

from pathlib import Path
from typing import Any, assert_never

import numpy as np
import torch

from models.networks.base import Network
from models.networks.registry import build
from models.networks.restorer import ResidualNetwork
from models.train.adversarial import Adversarial
from models.train.checkpoint import CHECKPOINT, load_average
from models.train.distilled import Distilled
from models.train.loss import box_mean, planes
from models.train.objective import Objective, Pixels
from models.train.patches import Patches
from models.train.recogniser import Reading
from models.train.run import Run
from models.train.settings import Settings, Stage
from models.zoo.quantised import QuantisedNetwork

_CALIBRATING_PATCHES = 32


def start(folder: Path, settings: Settings, data: Path, device: torch.device, every_s: float = 60) -> Run:
    """Begin the run of `settings` in `folder` with the pictures in `data`, or take up the one that is there."""
    torch.manual_seed(settings.seed)
    network = _beginning(settings)
    objective: Objective[Any]
    match settings.stage:
        case Stage.PIXELS:
            objective = Pixels(settings, data, device)
        case Stage.RECOGNISER:
            objective = Reading(settings, data, device)
        case Stage.ADVERSARIAL:
            network.requires_grad_(requires_grad=False)
            network.tail.requires_grad_(requires_grad=True)
            objective = Adversarial(settings, data, device)
        case Stage.QUANTISED:
            network = _quantised(network, settings, data)
            objective = Pixels(settings, data, device)
        case Stage.DISTILLED:
            if not settings.teacher:
                raise ValueError("distillation needs the folder of a teacher's run")
            teacher, _, _ = load_average(Path(settings.teacher) / CHECKPOINT)
            objective = Distilled(settings, data, device, teacher)
        case _ as never:
            assert_never(never)
    return Run(folder, settings, network.to(device), objective, every_s)


def _beginning(settings: Settings) -> Network:
    if not settings.source:
        return build(settings.network)
    network, its, _ = load_average(Path(settings.source) / CHECKPOINT)
    if its.network != settings.network:
        raise ValueError(f"{settings.source} has a network {its.network}, {settings.network} was asked for")
    return network


def _quantised(network: Network, settings: Settings, data: Path) -> QuantisedNetwork:
    if not isinstance(network, ResidualNetwork):
        raise TypeError(f"only the family can be trained in whole numbers, {settings.network} does not belong to it")
    quantised = QuantisedNetwork(network)
    rng = np.random.default_rng(settings.seed)
    native = Patches(data, settings.patch_px).draw(_CALIBRATING_PATCHES, rng).float()
    quantised.calibrate(planes(box_mean(native)))
    return quantised
