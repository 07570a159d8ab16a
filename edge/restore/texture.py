"""Text or picture? Decided from the low-resolution evidence alone.

What a desktop draws (text, lines, buttons) stands on a background of one colour, so a low-resolution pixel often
equals its neighbour exactly. In a photograph that is rare. The error that matters is to take text for a picture, so
the threshold is low: a tile is a picture only where almost no neighbours are equal.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture

PICTURE_BELOW = 0.05
"""Share of equal neighbours, in a tile and half of each tile around it, below which it is a picture."""


def _tile_means(values: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Mean of `values` (the grid's size) in each tile; edge tiles as if their last pixels went on."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % grid.tile_px), (0, -width % grid.tile_px)), mode="edge")
    means: NDArray[np.float32] = padded.reshape(grid.rows, grid.tile_px, grid.columns, grid.tile_px).mean(
        axis=(1, 3), dtype=np.float32
    )
    return means


def pictures(low: Picture, grid: Grid) -> Mask:
    """Return the tiles that look like a photograph rather than like text or controls."""
    equal = np.zeros(low.shape, dtype=np.float32)
    equal[:, 1:] += low[:, 1:] == low[:, :-1]
    equal[1:, :] += low[1:, :] == low[:-1, :]
    share = _tile_means(equal / np.float32(2), grid)
    around = cv2.blur(share, (3, 3), borderType=cv2.BORDER_REPLICATE)
    mask: Mask = (np.maximum(share, around) < PICTURE_BELOW).astype(np.bool_)
    return mask


def flat(low: Picture, grid: Grid) -> Mask:
    """Return the tiles of one colour: restored they are right already, and fetched they cost next to nothing."""
    varies = np.zeros(low.shape, dtype=np.float32)
    varies[:, 1:] += low[:, 1:] != low[:, :-1]
    varies[1:, :] += low[1:, :] != low[:-1, :]
    mask: Mask = _tile_means(varies, grid) == 0
    return mask
