"""Scrolling stays sharp at no traffic: the old picture, moved by the right number of rows, explains the new evidence.

A low-resolution row is the mean of four native ones, and a scroll by a number of rows that four does not divide gives
rows that the old low-resolution picture never had. So the means of the old *full-size* picture are taken at every
native row, and a new row is looked up among them. What agrees on one distance is proposed; what a tile of the proposal
would be reduced to decides whether it is accepted, and nothing else.

Vertical moves only; windows that move sideways are not looked for yet.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture

SCALE = 4
BAND_PX = 32
"""Width of the strips in which rows are compared, in low-resolution pixels: windows and scroll bars move apart."""
MOST_PROPOSALS = 3
LEAST_VOTES = 4
"""Rows that must agree on a distance; a few agree by chance where lines repeat."""
LEAST_NEIGHBOURS = 4
"""Of the eight neighbours of a tile, how many must have moved with it."""
FEWEST_TILES = 12
"""Less than this is quicker upscaled than searched for."""


@dataclass(frozen=True, slots=True)
class Scrolled:
    """The `tiles` that now show what stood `rows` native rows further down (up, if negative)."""

    rows: int
    tiles: Mask


def scrolled(old: Picture, sharp: Mask, low: Picture, stale: Mask, grid: Grid) -> list[Scrolled]:
    """Find what of `stale` is a sharp part of `old` that has moved up or down.

    `old` is the full-size picture (4 * height, 4 * width) before the change, `sharp` its tiles that are not made up,
    `low` the new low-resolution picture (height, width). Each tile is accepted at most once, and only if the truncating
    4x4 means of what is proposed for it are its new pixels exactly.
    """
    if np.count_nonzero(stale) < FEWEST_TILES or not sharp.any():
        return []
    columns = _bands(stale, grid)
    means = window_means(old[: SCALE * grid.size.height, SCALE * columns.start : SCALE * columns.stop])
    new = low[:, columns]
    found: list[Scrolled] = []
    left = stale.copy()
    for rows in _distances(means, new, _rows_of(stale, grid)):
        fits = _in_company(left & _fitting(means, new, rows, columns, grid) & _sharp_sources(sharp, rows, grid))
        if np.count_nonzero(fits) >= FEWEST_TILES:
            found.append(Scrolled(rows, fits))
            left &= ~fits
    return found


def window_means(old: Picture) -> Picture:
    """Take the truncated mean of the 4x4 native pixels below and right of every fourth column of every row.

    `old` is (height, 4 * width); the result (height - 3, width).
    """
    red_blue = _window_sums(old, 0, 0xFF00FF) >> np.uint32(4) & np.uint32(0xFF00FF)
    green = _window_sums(old, 8, 0xFF) >> np.uint32(4)
    return red_blue | green << np.uint32(8)


def _window_sums(old: Picture, shift: int, mask: int) -> Picture:
    """Sum the bits in `mask` of 4x4 pixels each; two channels of 12 bits fit into one word."""
    across = old[:, 0::SCALE] >> np.uint32(shift) & np.uint32(mask)
    for offset in range(1, SCALE):
        across += old[:, offset::SCALE] >> np.uint32(shift) & np.uint32(mask)
    sums: Picture = across[:-3] + across[1:-2] + across[2:-1] + across[3:]
    return sums


def _bands(stale: Mask, grid: Grid) -> slice:
    """Return the low-resolution columns around all `stale` tiles, whole bands where the picture has them."""
    touched = np.flatnonzero(stale.any(axis=0))
    start = int(touched[0]) * grid.tile_px // BAND_PX * BAND_PX
    stop = min(-(-(int(touched[-1]) + 1) * grid.tile_px // BAND_PX) * BAND_PX, grid.size.width)
    return slice(start, stop)


def _rows_of(stale: Mask, grid: Grid) -> NDArray[np.intp]:
    """Return the low-resolution rows of all tile rows with a `stale` tile."""
    rows = np.repeat(stale.any(axis=1), grid.tile_px)[: grid.size.height]
    return np.flatnonzero(rows)


def _signatures(rows: Picture) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hash each row in each band; return the hashes (rows, bands) and where there was anything but one colour."""
    starts = np.arange(0, rows.shape[1], BAND_PX)
    weights = np.random.default_rng(1).integers(1, 1 << 63, rows.shape[1], dtype=np.uint64) | np.uint64(1)
    hashes = np.add.reduceat(rows * weights, starts, axis=1)
    varies = np.zeros(rows.shape, dtype=np.bool_)
    varies[:, 1:] = rows[:, 1:] != rows[:, :-1]
    varies[:, starts] = False
    return hashes, np.logical_or.reduceat(varies, starts, axis=1)


def _distances(means: Picture, new: Picture, rows: NDArray[np.intp]) -> list[int]:
    """Return the distances that most rows of `new` agree on, in native rows, best first."""
    old_hashes, old_varies = _signatures(means)
    new_hashes, new_varies = _signatures(new[rows])
    votes: NDArray[np.int64] = np.zeros(2 * means.shape[0] + 2 * SCALE, dtype=np.int64)
    for band in range(old_hashes.shape[1]):
        sources = np.flatnonzero(old_varies[:, band])
        targets = np.flatnonzero(new_varies[:, band])
        if not sources.size or not targets.size:
            continue
        known, first = np.unique(old_hashes[sources, band], return_index=True)
        wanted = new_hashes[targets, band]
        at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
        hit = known[at] == wanted
        distance = sources[first[at[hit]]] - SCALE * rows[targets[hit]]
        np.add.at(votes, distance + means.shape[0], 1)
    votes[means.shape[0]] = 0  # what has not moved was kept already
    best = np.argsort(votes)[::-1][:MOST_PROPOSALS]
    return [int(index) - means.shape[0] for index in best if votes[index] >= LEAST_VOTES]


def _fitting(means: Picture, new: Picture, rows: int, columns: slice, grid: Grid) -> Mask:
    """Return the tiles in which `new` is what the old picture, `rows` further down, is reduced to."""
    sources = SCALE * np.arange(grid.size.height) + rows
    inside = (sources >= 0) & (sources < means.shape[0])
    unequal = np.ones(grid.size.shape, dtype=np.bool_)
    unequal[inside, columns] = means[sources[inside]] != new[inside]
    return ~_any_in_tile(unequal, grid)


def _sharp_sources(sharp: Mask, rows: int, grid: Grid) -> Mask:
    """Return the tiles whose pixels, `rows` native rows further down, all lie in `sharp` tiles."""
    native_rows = SCALE * np.arange(grid.size.height) + rows
    native_tile = SCALE * grid.tile_px
    blurred = np.zeros((grid.size.height, grid.columns), dtype=np.bool_)
    for end in (native_rows, native_rows + SCALE - 1):
        tile_rows = end // native_tile
        inside = (end >= 0) & (tile_rows < grid.rows)
        blurred[~inside] = True
        blurred[inside] |= ~sharp[tile_rows[inside]]
    mask: Mask = ~np.logical_or.reduceat(blurred, np.arange(0, grid.size.height, grid.tile_px), axis=0)
    return mask


def _in_company(tiles: Mask) -> Mask:
    """Keep the tiles that have half of their neighbours beside them.

    A tile with nothing but a line in it has the same mean at several distances; what moves together tells which.
    """
    neighbours = cv2.boxFilter(tiles.astype(np.float32), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    mask: Mask = tiles & (neighbours >= 1 + LEAST_NEIGHBOURS)
    return mask


def _any_in_tile(values: Mask, grid: Grid) -> Mask:
    down = np.logical_or.reduceat(values, np.arange(0, grid.size.height, grid.tile_px), axis=0)
    mask: Mask = np.logical_or.reduceat(down, np.arange(0, grid.size.width, grid.tile_px), axis=1)
    return mask
