"""Which tiles of a new picture are an old picture moved by so much: by their own means, and in company.

The means decide, exactly. But they cannot tell everything: a hairline has the same means wherever in a low-resolution
pixel it runs, and so has a row of dots. So a tile counts as *pinned* only if no other place within a native pixel of
the proposed one has its means. A pinned tile is accepted if others nearby were pinned at the same offset; one that is
not, if it hangs together with accepted ones and most of what is around it fits as well. A screen that is sent while it
is being drawn is torn: above some row it is new, below still old. So a tile that is neither pinned nor of one colour
must be *held* besides: by pinned ones on either side of any tear, or beside it in its row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from edge.geometry import Grid, Mask, Rect, any_in_tiles
from edge.pixels import Picture
from edge.restore import texture
from edge.restore.sheet import Sheet
from edge.restore.strips import SCALE, Levels, green

Reduce = Callable[[Picture, Rect], Picture]
"""Means native pixels as the server does, given them and the low-resolution rectangle that they stand for."""

LEAST_PINNED = 3
"""Of the 25 tiles around and with a pinned one, how many must be pinned."""
LEAST_COMPANY = 5
"""Of the nine tiles around and with one that is not pinned, how many must fit."""
CREDIBLE_SHARE = 0.8
"""Of the tiles that are not flat in some square of nine with this one, how many must fit."""
ALL_SHARE = 0.9
"""If so much of what might have returned to its place fits, all of it is believed that does."""
REACH = 12
"""How many tiles away from the next sure one others are believed, at most:"""
SURE_ALONE = 32
"""where no more are sure than this, none,"""
SURE_A_STEP = 16
"""and one further for so many more."""
_NEARBY = ((0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True, slots=True)
class Offset:
    """From where a tile stands to where its pixels stood, in native pixels: x to the right, y down."""

    x: int
    y: int


def sources(sharp: Mask, offset: Offset, native: tuple[int, int], tile_px: int) -> Mask:
    """Return the tiles all of whose pixels, moved by `offset`, lie in `sharp` tiles of a picture (height, width)."""
    mask = np.ones(sharp.shape, dtype=np.bool_)
    ends = []
    for axis, (move, side) in enumerate(zip((offset.y, offset.x), native, strict=True)):
        start = np.arange(sharp.shape[axis]) * tile_px + move
        inside = (start >= 0) & (start + tile_px <= side)
        # The last tile may be cut short.
        if move == 0:
            inside[-1] = True
        elif side % tile_px:
            inside[-1] = start[-1] >= 0 and start[-1] + side % tile_px <= side
        mask &= inside[:, None] if axis == 0 else inside[None, :]
        last = np.minimum(start + tile_px, side) - 1
        ends.append([np.clip(end // tile_px, 0, sharp.shape[axis] - 1) for end in (start, last)])
    for rows in ends[0]:
        for columns in ends[1]:
            mask &= sharp[np.ix_(rows, columns)]
    return mask


class Acceptance:
    """Judges what is proposed for one new low-resolution picture `low` (height, width of `grid`)."""

    def __init__(self, low: Picture, grid: Grid, reduce: Reduce) -> None:
        self._low = low
        self._grid = grid
        self._reduce = reduce

    @cached_property
    def _green(self) -> Levels:
        return green(self._low)

    @cached_property
    def _textured(self) -> Mask:
        return ~texture.flat(self._low, self._grid)

    def accepted(self, sheet: Sheet, offset: Offset, tiles: Mask, judged: Mask, fewest: int) -> Mask:
        """Return those of `tiles` that show what stands at `offset` from them on `sheet`, beyond reasonable doubt.

        The sheet has all pixels of `tiles`, moved. `judged` are the tiles that might be there as well, and count
        against it where they are not; none is accepted if fewer than `fewest` are sure.
        """
        fits, pinned = self._fitting(sheet, offset, tiles)
        if np.count_nonzero(pinned) < fewest:
            return self._grid.mask()
        fits &= self.equal_means(sheet, offset, fits)
        pinned &= fits
        telling = judged & self._textured
        credible = _count(_count(fits & telling, 3) >= CREDIBLE_SHARE * _count(telling, 3), 3) > 0
        sure = pinned & credible & (_count(pinned, 5) >= LEAST_PINNED)
        number = int(np.count_nonzero(sure))
        if number < fewest:
            return self._grid.mask()
        if offset == Offset(0, 0) and np.count_nonzero(fits & telling) >= ALL_SHARE * np.count_nonzero(telling):
            return fits & (_held(pinned, fits) | ~self._textured)
        company = fits & credible & (_count(fits, 3) >= LEAST_COMPANY)
        reached = sure
        for _ in range(min(REACH, (number - SURE_ALONE) // SURE_A_STEP)):
            reached = company & (_count(reached, 3) > 0) | sure
        return reached & (_held(pinned, fits) | ~self._textured)

    def equal_means(self, sheet: Sheet, offset: Offset, tiles: Mask) -> Mask:
        """Return those of `tiles` whose every mean is that of `sheet` at `offset`."""
        equal = self._grid.mask()
        if tiles.any():
            part, inside = around(tiles, self._grid)
            pixels = sheet.picture[part.scaled(SCALE).moved(offset.x, offset.y).slices]
            equal[inside] = ~any_in_tiles(self._reduce(pixels, part) != self._low[part.slices], self._grid.tile_px)
        return equal & tiles

    def _fitting(self, sheet: Sheet, offset: Offset, tiles: Mask) -> tuple[Mask, Mask]:
        """Return which of `tiles`, and the pixels next to them, have the green at `offset`; and the pinned of them."""
        part, inside = around(tiles, self._grid)
        wide = part.grown(1) & self._grid.size.rect
        rows = offset.y + SCALE * np.arange(wide.y, wide.bottom)
        columns = offset.x + SCALE * np.arange(wide.x, wide.right)
        height, width = sheet.means.shape
        new = self._green[wide.slices]

        def unequal(y: int, x: int) -> Mask:
            at = sheet.means[np.clip(rows + y, 0, height - 1)][:, np.clip(columns + x, 0, width - 1)]
            return np.not_equal(at, new)

        own = part.moved(-wide.x, -wide.y).slices
        amiss = cv2.dilate(unequal(0, 0).view(np.uint8), np.ones((3, 3), dtype=np.uint8))
        fits = tiles[inside] & ~any_in_tiles(np.asarray(amiss[own], dtype=np.bool_), self._grid.tile_px)
        pinned = fits.copy()
        for y, x in _NEARBY:
            if not pinned.any():
                break
            pinned &= any_in_tiles(unequal(y, x)[own], self._grid.tile_px)
        return _spread(fits, inside, self._grid), _spread(pinned, inside, self._grid)


def around(tiles: Mask, grid: Grid) -> tuple[Rect, tuple[slice, slice]]:
    """Return the low-resolution rectangle around all set tiles, and its index into a mask."""
    rows, columns = np.flatnonzero(tiles.any(axis=1)), np.flatnonzero(tiles.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    inside = slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
    return grid.rect(top, left, inside[0].stop - top, inside[1].stop - left), inside


def _spread(part: Mask, inside: tuple[slice, slice], grid: Grid) -> Mask:
    mask = grid.mask()
    mask[inside] = part
    return mask


def _held(pinned: Mask, fits: Mask) -> Mask:
    """Return the tiles from which, through what `fits`, a pinned one is met in their row, or both above and below."""
    beside = _met(pinned, fits) | _met(pinned[:, ::-1], fits[:, ::-1])[:, ::-1]
    above, below = _met(pinned.T, fits.T).T, _met(pinned.T[:, ::-1], fits.T[:, ::-1])[:, ::-1].T
    mask: Mask = beside | above & below
    return mask


def _met(pinned: Mask, fits: Mask) -> Mask:
    """Return the tiles that are `pinned`, or to the left of which one is and all between fit."""
    met = pinned.copy()
    for column in range(1, met.shape[1]):
        met[:, column] |= fits[:, column] & met[:, column - 1]
    return met


def _count(tiles: Mask, side: int) -> Levels:
    """Count the set tiles in the square of `side` around each."""
    squares = cv2.boxFilter(tiles.view(np.uint8), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(squares, dtype=np.uint8)
