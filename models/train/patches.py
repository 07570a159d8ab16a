"""Patches for training: native pictures cut at any pixel, for the server's grid lies anywhere on a text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.data.pack import open_pack
from models.networks.base import STRIDE

SCALE = 4
# A patch of nothing but ground teaches nothing after the first; this much spread in grey levels is a line of text.
_DETAIL = 6.0
_FLAT_KEPT = 0.08


@dataclass(frozen=True, slots=True)
class Place:
    """Upper left corner of a patch, in full-size pixels of a page."""

    page: int
    y: int
    x: int


class Patches:
    """Draws batches from the pictures in `folder`; `patch_px` is a side of a patch in low-resolution pixels."""

    def __init__(self, folder: Path, patch_px: int) -> None:
        self._pictures = open_pack(folder)
        self.side_px = patch_px * SCALE

    def draw(self, size: int, rng: np.random.Generator) -> Tensor:
        """Draw native cells, uint8 (size, p / 2, p / 2, 4, 16, 3), see `models.train.loss`."""
        return cells(np.stack([self.cut(self.place(rng), rng) for _ in range(size)]))

    def place(self, rng: np.random.Generator) -> Place:
        """Choose where to cut: seldom where nothing is."""
        while True:
            page = int(rng.integers(len(self._pictures)))
            height, width = self._pictures[page].shape[:2]
            y, x = rng.integers(height - self.side_px + 1), rng.integers(width - self.side_px + 1)
            place = Place(page, int(y), int(x))
            if self._native(place)[::3, ::3].std(axis=(0, 1)).max() > _DETAIL or rng.random() < _FLAT_KEPT:
                return place

    def cut(self, place: Place, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Cut there, uint8 (side, side, 3); the colours may be others."""
        return self._varied(self._native(place), rng)

    def _native(self, place: Place) -> NDArray[np.uint8]:
        return self._pictures[place.page, place.y : place.y + self.side_px, place.x : place.x + self.side_px]

    @staticmethod
    def _varied(patch: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Other colours for the same shapes; text is never mirrored, for no desktop shows it so."""
        if rng.random() < 0.15:
            patch = 255 - patch
        if rng.random() < 0.3:
            patch = patch[:, :, rng.permutation(3)]
        if rng.random() < 0.2:
            low, high = np.sort(rng.integers(0, 256, 2))
            if high - low > 60:
                patch = (low + patch.astype(np.float32) * ((high - low) / 255)).astype(np.uint8)
        return patch


def cells(pictures: NDArray[np.uint8]) -> Tensor:
    """Cut pictures, uint8 (n, height, width, 3) with sides divisible by 8, into cells, see `models.train.loss`."""
    n, height, width = pictures.shape[:3]
    rows, columns = height // (SCALE * STRIDE), width // (SCALE * STRIDE)
    cut = pictures.reshape(n, rows, STRIDE, SCALE, columns, STRIDE, SCALE, 3).transpose(0, 1, 4, 2, 5, 3, 6, 7)
    return torch.from_numpy(np.ascontiguousarray(cut).reshape(n, rows, columns, STRIDE**2, SCALE**2, 3))
