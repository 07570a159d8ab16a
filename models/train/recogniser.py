"""The stage that lets a recogniser of text judge restored lines."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.legibility.loss import RecogniserLoss
from models.networks.base import Network, picture_of_cells
from models.train.loss import inner, pixel_loss
from models.train.objective import Objective, restored
from models.train.patches import Patches
from models.train.settings import Settings
from models.train.text import Lines, TextPatches

# To read a line takes longer than to restore it; the rest of a batch keeps everything else as good as it was.
_LINES = 0.25
# On the pixels of lines its gradient is then about three times as large as that of the squared error.
_READING_WEIGHT = 5e-4


@dataclass(frozen=True, slots=True)
class Pages:
    """Patches of anything, native cells, and patches around lines."""

    native: Tensor
    lines: Lines


class Reading(Objective[Pages]):
    """The error of the picture, and how far its lines look to the recogniser from the native ones."""

    def __init__(self, settings: Settings, data: Path, device: torch.device) -> None:
        self._patches = Patches(data, settings.patch_px)
        self._text = TextPatches(data, settings.patch_px)
        self._settings, self._device = settings, device
        self._reading = RecogniserLoss().to(device)

    def draw(self, rng: np.random.Generator) -> Pages:
        """Draw patches, a quarter of them around lines."""
        lines = max(1, round(_LINES * self._settings.batch))
        return Pages(self._patches.draw(self._settings.batch - lines, rng), self._text.draw_lines(lines, rng))

    def loss(self, network: Network, batch: Pages) -> Tensor:
        """See the class."""
        result = restored(network, torch.cat([batch.lines.native, batch.native]).to(self._device))
        error = pixel_loss(inner(result.shown - result.native), self._settings.epsilon, self._settings.edge_weight)
        lines = batch.lines
        shown, native = (
            picture_of_cells(cells[: len(lines.rects)]).permute(0, 2, 3, 1) for cells in (result.shown, result.native)
        )
        reading: Tensor = self._reading(shown, native, lines.rects, lines.sizes_px)
        return error + self._settings.weight * _READING_WEIGHT * reading
