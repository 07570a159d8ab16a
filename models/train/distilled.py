"""The stage in which a larger network teaches."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.networks.base import Network
from models.train.loss import inner, pixel_loss
from models.train.objective import Objective, restored
from models.train.patches import Patches
from models.train.settings import Settings


class Distilled(Objective[Tensor]):
    """The error of the picture, and its distance from what `teacher` shows.

    Source: G. Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
    """

    def __init__(self, settings: Settings, data: Path, device: torch.device, teacher: Network) -> None:
        self._patches = Patches(data, settings.patch_px)
        self._settings, self._device = settings, device
        self._teacher = teacher.to(device).eval().requires_grad_(requires_grad=False)

    def draw(self, rng: np.random.Generator) -> Tensor:
        """Draw native cells."""
        return self._patches.draw(self._settings.batch, rng)

    def loss(self, network: Network, batch: Tensor) -> Tensor:
        """See the class."""
        native, settings = batch.to(self._device), self._settings
        result = restored(network, native)
        with torch.no_grad():
            taught = restored(self._teacher, native).shown
        error = pixel_loss(inner(result.shown - result.native), settings.epsilon, settings.edge_weight)
        return error + settings.weight * pixel_loss(
            inner(result.shown - taught), settings.epsilon, settings.edge_weight
        )
