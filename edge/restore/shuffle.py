"""Between *blocks* (what a low-resolution pixel becomes, kept beside it) and pictures (where those pixels are shown).

Blocks are a uint8 array (height, width, 48) at low resolution: channel (dy * 4 + dx) * 3 + c is the full-size pixel
dy rows down and dx columns right within its 4x4 block, c in blue, green, red.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr, Picture

SCALE = 4
BLOCK_CHANNELS = SCALE * SCALE * 3

Blocks = NDArray[np.uint8]

# Four pixels of three bytes lie together in both layouts, so they are moved as one item.
_ROW = np.dtype((np.void, SCALE * 3))
_COLOUR = np.uint32(0x00FFFFFF)


def shuffle(blocks: Blocks) -> Bgr:
    """Lay blocks (height, width, 48) out as a full-size picture: BGR bytes (4 * height, 4 * width, 3)."""
    height, width, _ = blocks.shape
    rows = np.ascontiguousarray(blocks).view(_ROW)
    out = np.empty((height, SCALE, width), dtype=_ROW)
    for dy in range(SCALE):
        out[:, dy] = rows[:, :, dy]
    return out.view(np.uint8).reshape(SCALE * height, SCALE * width, 3)


def unshuffle(hr: Bgr) -> Blocks:
    """Cut a full-size picture, BGR bytes (4 * height, 4 * width, 3), into blocks (height, width, 48)."""
    height, width = hr.shape[0] // SCALE, hr.shape[1] // SCALE
    cut = hr.reshape(height, SCALE, width, SCALE * 3).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(cut).reshape(height, width, BLOCK_CHANNELS)


def to_picture(bgr: Bgr, out: Picture) -> None:
    """Write BGR bytes (height, width, 3) into the picture `out` (height, width)."""
    bgra = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
    np.bitwise_and(bgra.view(np.uint32)[:, :, 0], _COLOUR, out=out)


def box_mean(hr: Bgr) -> Bgr:
    """Reduce BGR bytes (4 * height, 4 * width, 3) as the server does: the mean of each 4x4 block, truncated.

    Source: LibVNCServer, `scale.c`, `rfbScaledScreenUpdateRect`.
    """
    height, width = hr.shape[0] // SCALE, hr.shape[1] // SCALE
    total = hr.reshape(height, SCALE, width, SCALE, 3).sum(axis=(1, 3), dtype=np.uint16)
    mean: Bgr = (total >> 4).astype(np.uint8)
    return mean
