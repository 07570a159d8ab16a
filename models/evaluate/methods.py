"""What a network is judged beside: interpolation as programs do it, with the same whole-pixel alignment."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from edge.pixels import Bgr, from_bgr, to_bgr
from edge.restore.shuffle import SCALE
from edge.restore.upscaler import Upscaler
from models.networks.base import STRIDE
from models.networks.restorer import ResidualNetwork
from models.train.loss import shown

Method = Callable[[Bgr], Bgr]


@dataclass(frozen=True, slots=True)
class Interpolation:
    """`cv2.resize`: it aligns the centres of pixels, as a box mean does."""

    flag: int

    def __call__(self, lr: Bgr) -> Bgr:
        """Enlarge BGR bytes (height, width, 3) fourfold."""
        size = (4 * lr.shape[1], 4 * lr.shape[0])
        return np.asarray(cv2.resize(lr, size, interpolation=self.flag), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Restored:
    """What the client itself would show."""

    upscaler: Upscaler

    def __call__(self, lr: Bgr) -> Bgr:
        """Restore BGR bytes (height, width, 3) fourfold."""
        return to_bgr(self.upscaler.upscale(from_bgr(lr)))


INTERPOLATIONS: dict[str, Method] = {
    "nearest": Interpolation(cv2.INTER_NEAREST),
    "bicubic": Interpolation(cv2.INTER_CUBIC),
    "lanczos": Interpolation(cv2.INTER_LANCZOS4),
}


@dataclass(frozen=True, slots=True)
class Unrounded:
    """The network in PyTorch, its residual not rounded to int8: what the rounding costs is the difference."""

    network: ResidualNetwork

    def __call__(self, lr: Bgr) -> Bgr:
        """Restore BGR bytes (height, width, 3) fourfold."""
        height, width, _ = lr.shape
        halo = self.network.halo_px
        right, down = halo + width % STRIDE, halo + height % STRIDE
        seen = np.asarray(cv2.copyMakeBorder(lr, halo, down, halo, right, cv2.BORDER_REPLICATE), dtype=np.float32)
        with torch.inference_mode():
            planes = torch.from_numpy(seen).permute(2, 0, 1)[None]
            residual = self.network.cells(self.network.features(planes / 255))
            n, rows, columns = residual.shape[:3]
            cut = planes.view(n, 3, rows, STRIDE, columns, STRIDE).permute(0, 2, 4, 3, 5, 1)
            cells = shown(cut.reshape(n, rows, columns, STRIDE**2, 1, 3), residual)
        laid_out = cells.view(rows, columns, STRIDE, STRIDE, SCALE, SCALE, 3).permute(0, 2, 4, 1, 3, 5, 6)
        full = laid_out.reshape(rows * STRIDE * SCALE, columns * STRIDE * SCALE, 3)
        inner = full[SCALE * halo :, SCALE * halo :][: SCALE * height, : SCALE * width]
        rounded: Bgr = np.clip(np.rint(inner.numpy()), 0, 255).astype(np.uint8)
        return rounded
