"""Patches for training: native pictures cut at any pixel, with the low resolution that the server would send."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Draw without end: low resolution (size, 3, p, p) and native (size, 3, 4 p, 4 p), float32 grey levels."""
        while True:
            drawn = np.stack([self._patch(rng) for _ in range(size)])
            native = torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous().float()
            # Sums of 16 bytes are exact in float32, so this truncates as integers do.
            yield torch.floor(torch.nn.functional.avg_pool2d(native, SCALE)), native

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
