"""Between pictures and what a network on an NPU takes and gives: channels that hold several pixels, plane by plane."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr
from edge.restore.consistency import Residual
from edge.restore.shuffle import BLOCK_CHANNELS


def gathered(lr: Bgr, step: int, out: NDArray[np.uint8]) -> None:
    """Write `lr` (height, width, 3) into `out` (height / step, width / step, 3 * step * step).

    Channel (by * step + bx) * 3 + c is the pixel (by, bx) of each `step` x `step`. Where `out` is larger, the rest
    of it stays as it was.
    """
    height, width = lr.shape[0] // step, lr.shape[1] // step
    run = 3 * step
    for by in range(step):
        out[:height, :width, by * run : (by + 1) * run] = lr[by::step].reshape(height, width, run)


def spread(planes: NDArray[np.float32], step: int) -> Residual:
    """Round `planes` (48 * step * step, height / step, width / step) to int8 (height, width, 48), saturating.

    Channel (by * step + bx) * 48 + n is the residual's channel n at the pixel (by, bx) of each `step` x `step`.
    """
    channels, height, width = planes.shape
    flat = planes.reshape(channels, height * width)
    # Rounding, clamp and conversion in one pass.
    small = cv2.addWeighted(flat, 1, flat, 0, 0, dtype=cv2.CV_8S)
    cells = np.asarray(cv2.transpose(small), dtype=np.int8).reshape(height, width, step, step * BLOCK_CHANNELS)
    if step == 1:
        return cells.reshape(height, width, BLOCK_CHANNELS)
    # Pixels that lie beside each other in both layouts are moved as one item.
    item = np.dtype((np.void, step * BLOCK_CHANNELS))
    rows = cells.view(item)
    out = np.empty((height, step, width), dtype=item)
    for by in range(step):
        out[:, by] = rows[:, :, by, 0]
    return out.view(np.int8).reshape(step * height, step * width, BLOCK_CHANNELS)
