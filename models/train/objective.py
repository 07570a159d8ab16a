"""What a stage draws and minimises."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from models.networks.base import Network
from models.train.loss import box_mean, inner, pixel_loss, planes, shown
from models.train.patches import Patches
from models.train.settings import Settings

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Restored:
    """Cells of grey levels: what was wanted, and what the client would show of the network's residual."""

    native: Tensor
    shown: Tensor


def restored(network: Network, native: Tensor, *, precise: bool = False) -> Restored:
    """Reduce native cells, uint8, as the server does, and restore them.

    Eight bits of precision are what the convolutions will have on an NPU, so they are enough unless it is `precise`;
    the family's last layer and the loss keep all.
    """
    wanted = native.float()
    anchor = box_mean(wanted)
    with torch.autocast(native.device.type, torch.bfloat16, enabled=not precise):
        features = network.features(planes(anchor))
    return Restored(wanted, shown(anchor, network.cells(features.float())))


class Objective(ABC, Generic[Batch]):
    """Draws batches on the processor, any of them from its random numbers alone, and counts a network's loss on one."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Batch:
        """Draw a batch."""

    @abstractmethod
    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Give the loss of `network`, which is in training; what else the stage trains, it trains here."""

    def state(self) -> dict[str, Any]:
        """Give what `take_up` needs when a run goes on."""
        return {}

    def take_up(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""


class Pixels(Objective[Tensor]):
    """The error of the picture that is shown."""

    def __init__(self, settings: Settings, data: Path, device: torch.device) -> None:
        self._patches = Patches(data, settings.patch_px)
        self._settings, self._device = settings, device

    def draw(self, rng: np.random.Generator) -> Tensor:
        """Draw native cells."""
        return self._patches.draw(self._settings.batch, rng)

    def loss(self, network: Network, batch: Tensor) -> Tensor:
        """See `pixel_loss`."""
        result = restored(network, batch.to(self._device))
        return pixel_loss(inner(result.shown - result.native), self._settings.epsilon, self._settings.edge_weight)
