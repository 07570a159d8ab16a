"""The stage that lets a recogniser of text judge restored lines."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.legibility.loss import RecogniserLoss
from models.networks.base import Network, picture_of_cells
from models.train.loss import inner, pixel_loss
from models.train.objective import Objective, restored
from models.train.settings import Settings
from models.train.text import Lines, TextPatches

# About as much as the error of pixels on text, where the recogniser's loss is near one.
_READING_WEIGHT = 2e-3


class Reading(Objective[Lines]):
    """The error of the picture, and how far its lines look to the recogniser from the native ones."""

    def __init__(self, settings: Settings, data: Path, device: torch.device) -> None:
        self._patches = TextPatches(data, settings.patch_px)
        self._settings, self._device = settings, device
        self._reading = RecogniserLoss().to(device)

    def draw(self, rng: np.random.Generator) -> Lines:
        """Draw patches around lines."""
        return self._patches.draw_lines(self._settings.batch, rng)

    def loss(self, network: Network, batch: Lines) -> Tensor:
        """See the class."""
        result = restored(network, batch.native.to(self._device))
        error = pixel_loss(inner(result.shown - result.native), self._settings.epsilon, self._settings.edge_weight)
        shown, native = (picture_of_cells(cells).permute(0, 2, 3, 1) for cells in (result.shown, result.native))
        reading: Tensor = self._reading(shown, native, batch.rects, batch.sizes_px)
        return error + self._settings.weight * _READING_WEIGHT * reading
