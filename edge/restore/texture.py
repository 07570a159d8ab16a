"""Text or picture? Decided from the low-resolution evidence alone.

What a desktop draws (text, lines, buttons) stands on a background of one colour, so a low-resolution pixel often
equals its neighbour exactly. In a photograph that is rare, save where it is smooth, and there it is restored well.
The error that matters is to take text for a picture, so the thresholds are low.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture

PICTURE_BELOW = 0.08
"""Share of equal neighbours below which a tile is a picture: noise of one grey level leaves 5 %, dense text 10 %."""
SMOOTH_BELOW = 0.4
"""The same for a tile without contrast: a sky is a picture, a hairline on a page is not."""
SMOOTH_RANGE = 16
"""Contrast, in grey levels of any channel, below which a tile is smooth."""


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
    own = _tile_means(equal / np.float32(2), grid)
    share = (own + cv2.blur(own, (3, 3), borderType=cv2.BORDER_REPLICATE)) / 2
    mask: Mask = (share < np.where(_contrast(low, grid) < SMOOTH_RANGE, SMOOTH_BELOW, PICTURE_BELOW)).astype(np.bool_)
    return mask


def _contrast(low: Picture, grid: Grid) -> NDArray[np.uint8]:
    """Take the range of values in each tile, of the channel in which it is largest."""
    channels = np.ascontiguousarray(low).view(np.uint8).reshape(*low.shape, 4)
    rows, columns = (np.arange(0, side, grid.tile_px) for side in low.shape)
    highest = np.maximum.reduceat(np.maximum.reduceat(channels, rows, axis=0), columns, axis=1)
    lowest = np.minimum.reduceat(np.minimum.reduceat(channels, rows, axis=0), columns, axis=1)
    contrast: NDArray[np.uint8] = (highest - lowest).max(axis=2)
    return contrast


def flat(low: Picture, grid: Grid) -> Mask:
    """Return the tiles of one colour: restored they are right already, and fetched they cost next to nothing."""
    varies = np.zeros(low.shape, dtype=np.float32)
    varies[:, 1:] += low[:, 1:] != low[:, :-1]
    varies[1:, :] += low[1:, :] != low[:-1, :]
    mask: Mask = _tile_means(varies, grid) == 0
    return mask
