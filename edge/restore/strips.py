"""Strips of low-resolution pixels and their hashes: what is looked up to find where something has moved to.

A strip is `STRIP_PX` pixels of one low-resolution row, `STRIP_PX * SCALE` native columns by `SCALE` native rows. In a
new low-resolution picture strips begin at every pixel; in an old native one at every *native* column of some rows, so
that each of the sixteen phases in which a low-resolution pixel can lie over native ones is there. Only strips that
tell something are kept: they vary, and no other strip of the same picture is like them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Mask
from edge.pixels import Picture, rgb565_green

SCALE = 4
STRIP_PX = 8
"""A strip is as wide as a few letters: fewer are repeated all over a page, more cross the borders of windows."""
ROWS_APART = 16
"""Native rows from one group of `SCALE` rows in which an old picture's strips begin to the next."""
SAMPLE_BITS = 2
"""Of all hashes, one in 2 ** `SAMPLE_BITS` is kept, the same ones in new and old."""
LEAST_STEPS = 6
"""How many of eight looks at neighbours in a strip must see them differ."""

Levels = NDArray[np.uint8]
Hashes = NDArray[np.uint32]
Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Strips:
    """Hashes of telling strips, and the row and column at which each begins."""

    hashes: Hashes
    y: Places
    x: Places

    def __len__(self) -> int:
        return int(self.hashes.size)


def green(picture: Picture) -> Levels:
    """Take the green of a picture (height, width): it tells what moves well enough, at a third of the cost."""
    return np.asarray(cv2.extractChannel(picture.view(np.uint8).reshape(*picture.shape, 4), 1), dtype=np.uint8)


def window_means(picture: Picture) -> Levels:
    """Take the green that evidence has of the `SCALE` x `SCALE` pixels right and below of each; edges are repeated."""
    sums = cv2.boxFilter(
        green(picture), cv2.CV_16U, (SCALE, SCALE), anchor=(0, 0), normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    # Truncated, then rounded to the bits in which green travels.
    return rgb565_green((np.asarray(sums, dtype=np.uint16) >> np.uint16(4)).astype(np.uint8))


def new_strips(low: Picture, wanted: Mask) -> Strips:
    """Find the strips of a low-resolution picture (height, width) that lie in `wanted` pixels (height, width)."""
    inside = wanted[:, : 1 - STRIP_PX] & wanted[:, STRIP_PX - 1 :]
    return _strips(green(low), 1, inside)


def old_strips(means: Levels, sharp: Mask, tile_px: int) -> Strips:
    """Find the strips in the `window_means` (height, width) of a picture whose corners lie in `sharp` tiles."""
    height, width = (min(side, tile_px * tiles) for side, tiles in zip(means.shape, sharp.shape, strict=True))
    rows = np.arange(height - SCALE + 1)
    rows = rows[rows % ROWS_APART < SCALE]
    by_row = sharp[rows // tile_px] & sharp[(rows + SCALE - 1) // tile_px]
    columns = np.arange(width - SCALE * STRIP_PX + 1)
    inside = by_row[:, columns // tile_px] & by_row[:, (columns + SCALE * STRIP_PX - 1) // tile_px]
    found = _strips(means[rows, : width - SCALE + 1], SCALE, inside)
    return Strips(found.hashes, rows[found.y].astype(np.int32), found.x)


def _strips(levels: Levels, step: int, inside: Mask) -> Strips:
    """Hash the strips of every `step`-th level that begin where `inside` is set, and keep the telling ones."""
    wide = levels.astype(np.uint32)
    for span, factor in ((1, 0x9E3779B1), (2, 0x85EBCA6B), (4, 0xC2B2AE35)):
        wide = wide[:, : -span * step] + np.uint32(factor) * wide[:, span * step :]
    steps = (levels[:, :-step] != levels[:, step:]).view(np.uint8)
    steps = steps[:, :-step] + steps[:, step:]
    steps = steps[:, : -2 * step] + steps[:, 2 * step :]
    steps = steps[:, : -3 * step] + steps[:, 3 * step :]
    hashes = wide ^ wide >> np.uint32(15)
    telling = inside & (steps >= LEAST_STEPS) & (hashes & np.uint32((1 << SAMPLE_BITS) - 1) == 0)
    y, x = np.nonzero(telling)
    known, first, times = np.unique(hashes[y, x], return_index=True, return_counts=True)
    once = first[times == 1]
    return Strips(known[times == 1], y[once].astype(np.int32), x[once].astype(np.int32))
