"""Interpolation: enough to read from a half, and at a quarter the draft that is shown until the network has run."""

import time
from collections import deque
from collections.abc import Callable

import cv2
import numpy as np

from edge.geometry import Rect
from edge.pixels import Picture

HALO_PX = 2


class CubicUpscaler:
    """Enlarges pictures by `scale`; the same interface as `edge.restore.upscaler.Upscaler`."""

    def __init__(self, scale: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.scale = scale
        self.calls_ms: deque[float] = deque(maxlen=4096)
        self._clock = clock

    def restore(self, lr: Picture, rect: Rect) -> Picture:
        """Restore `rect` of the low-resolution picture `lr`; (scale * rect.height, scale * rect.width)."""
        started = self._clock()
        seen = rect.grown(HALO_PX) & Rect(0, 0, lr.shape[1], lr.shape[0])
        source = np.ascontiguousarray(lr[seen.slices]).view(np.uint8).reshape(seen.height, seen.width, 4)
        large = cv2.resize(source, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_CUBIC)
        inner = rect.moved(-seen.x, -seen.y).scaled(self.scale)
        out = np.ascontiguousarray(np.asarray(large, dtype=np.uint8)[inner.slices]).view(np.uint32)
        self.calls_ms.append(1000 * (self._clock() - started))
        return out.reshape(inner.size.shape)

    def close(self) -> None:
        """Nothing to give back."""
