"""What a network is judged beside: interpolation as programs do it, with the same whole-pixel alignment."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edge.pixels import Bgr, from_bgr, to_bgr
from edge.restore.upscaler import Upscaler

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
