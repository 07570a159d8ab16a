"""Patches for training: native pictures cut at any pixel, for the server's grid lies anywhere on a text."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.networks.base import STRIDE

SCALE = 4
# A patch of nothing but ground teaches nothing after the first; this much spread in grey levels is a line of text.
_DETAIL = 6.0
_FLAT_KEPT = 0.08


class Patches:
    """Draws batches from the pictures in `folder`; `patch_px` is a side of a patch in low-resolution pixels."""

    def __init__(self, folder: Path, patch_px: int) -> None:
        paths = sorted(folder.glob("*.png"))
        if not paths:
            raise FileNotFoundError(f"no pictures in {folder}; make them with: python -m models.data")
        self._pictures = [np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8) for path in paths]
        self._side = patch_px * SCALE

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """Draw without end: native cells, uint8 (size, p / 2, p / 2, 4, 16, 3), see `models.train.loss`."""
        half = self._side // (SCALE * STRIDE)
        while True:
            drawn = np.stack([self._patch(rng) for _ in range(size)])
            cut = drawn.reshape(size, half, STRIDE, SCALE, half, STRIDE, SCALE, 3).transpose(0, 1, 4, 2, 5, 3, 6, 7)
            yield torch.from_numpy(np.ascontiguousarray(cut).reshape(size, half, half, STRIDE**2, SCALE**2, 3))

    def _patch(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        while True:
            picture = self._pictures[rng.integers(len(self._pictures))]
            y = rng.integers(picture.shape[0] - self._side + 1)
            x = rng.integers(picture.shape[1] - self._side + 1)
            patch = picture[y : y + self._side, x : x + self._side]
            if patch[::3, ::3].std(axis=(0, 1)).max() > _DETAIL or rng.random() < _FLAT_KEPT:
                return self._varied(patch, rng)

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
