"""How near a client's picture is to the desktop's own, kept up at the cost of what changes in either."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask, Rect, Size
from edge.pixels import Picture

TILE_PX = 64
# Per channel: what a JPEG of good quality does to text is more, what a lossless client does is nothing.
TOLERANCE = 8
EXACT_SHARE = 0.99
VIEW_SCALE = 4
VIEW_PSNR_DB = 25.0
# A tile holds text if one colour is most of it (the paper) and many neighbours differ strongly (the strokes), not in
# one column alone as at the border of a window. In a photograph neighbours differ by a little; a tile with part of one
# counts as no text, for pictures may stay restored. Of pages of text no tile has more than 4 % of such.
PAPER_SHARE = 0.4
STROKE_CONTRAST = 64
STROKES = 48
MOST_IN_COLUMN = 8
SMALL_CONTRAST = 8
SMALL_SHARE = 0.05
# Two looks and what the second took: what was drawn together is seen together, or at the next look. No answer to a
# request is back so soon over a link with a round trip of 40 ms.
SAME_UPDATE_S = 0.04

# What lies above is of no meaning, and servers leave anything there.
COLOURS = np.uint32(0xFFFFFF)
NOWHERE = Rect(0, 0, 0, 0)
# A tile is in sight when what is shown, reduced fourfold, is nearer to the desktop's than a blank tile, by this.
IN_SIGHT = 0.5

Times = NDArray[np.float64]
View = NDArray[np.float32]


class Comparison:
    """Two pictures of one size, each looked at in bands of tiles; `look` tells which of the two has changed."""

    def __init__(self, native: Picture, shown: Picture, ignored: Rect = NOWHERE) -> None:
        """Compare these arrays (height, width), which other programs draw into. Raises `ValueError` on two sizes.

        The tiles that `ignored` touches, where the pointer is drawn by one and not by the other, are left out.
        """
        if native.shape != shown.shape:
            raise ValueError(f"the desktop has {native.shape} pixels (height, width), the client shows {shown.shape}")
        self._live = (native, shown)
        self._seen = tuple(np.full(native.shape, 0xFF000000, np.uint32) for _ in range(2))
        self._looked = False
        height, width = native.shape
        self._bands = [slice(top, min(top + TILE_PX, height)) for top in range(0, height, TILE_PX)]
        self._columns = list(range(0, width, TILE_PX))
        shape = (len(self._bands), len(self._columns))
        self._exact_since: Times = np.full(shape, np.inf)
        self._in_sight_since: Times = np.full(shape, np.inf)
        self._counted = np.ones(shape, np.bool_)
        self._counted[Grid(Size(width, height), TILE_PX).touched(ignored)] = False
        self._square_errors = np.zeros(shape)
        self._view_columns = [left // VIEW_SCALE for left in self._columns]
        heights = [(band.stop - band.start) // VIEW_SCALE for band in self._bands]
        self._view_areas = np.outer(heights, np.diff([*self._view_columns, width // VIEW_SCALE]))

    def look(self, now: float) -> tuple[bool, bool]:
        """Take over what has changed since the last look; returns whether the desktop and the client had."""
        changed = [False, False]
        for row, band in enumerate(self._bands):
            tiles = [self._taken_over(which, band) for which in (0, 1)]
            if not self._looked or tiles[0].any() or tiles[1].any():
                native, shown = (_bytes(seen[band] & COLOURS) for seen in self._seen)
                views = self._measure(now, row, native, shown)
                self._sight(now, row, views, tiles)
            changed = [before or bool(which.any()) for before, which in zip(changed, tiles, strict=True)]
        if not self._looked:
            self._looked, changed = True, [True, True]
        return changed[0], changed[1]

    @property
    def view_psnr_db(self) -> float:
        """Luma PSNR between the pictures reduced fourfold; 100 for equal ones."""
        mean = self._square_errors.sum() / self._view_areas.sum()
        return 100.0 if mean == 0 else min(100.0, float(10 * np.log10(255**2 / mean)))

    def exact(self) -> Mask:
        """Find the tiles whose pixels are all within the tolerance."""
        exact: Mask = np.isfinite(self._exact_since)
        return exact

    def exact_share(self, tiles: Mask | None = None) -> float:
        """Return the share of `tiles`, or of all, whose pixels are within the tolerance; 1 for none."""
        exact = self.exact()[self._chosen(tiles)]
        return float(exact.mean()) if exact.size else 1.0

    def exact_since(self, tiles: Mask | None = None) -> float:
        """Return since when enough of `tiles`, or of all, have stayed exact; infinity if they are not."""
        since = np.sort(self._exact_since[self._chosen(tiles)])
        return float(since[math.ceil(EXACT_SHARE * since.size) - 1]) if since.size else -math.inf

    def sharp_at_once(self, tiles: Mask, since: float) -> tuple[int, int]:
        """Count the `tiles` that have become right after `since`, and those of them that were exact at first sight.

        A tile comes in sight when the client draws something like it, after the desktop has last changed it.
        """
        came = self._chosen(tiles) & self.exact() & (self._exact_since > since)
        at_once = came & (self._exact_since <= self._in_sight_since + SAME_UPDATE_S)
        return int(np.count_nonzero(came)), int(np.count_nonzero(at_once))

    def inexact_tiles(self) -> Mask:
        """Find the tiles that are not within the tolerance."""
        inexact: Mask = self._counted & ~self.exact()
        return inexact

    def text_tiles(self) -> Mask:
        """Find the tiles of the desktop that hold text."""
        gray = cv2.cvtColor(_bytes(self._seen[0]), cv2.COLOR_BGRA2GRAY)
        mask = np.zeros(self._exact_since.shape, np.bool_)
        for row, band in enumerate(self._bands):
            for column, left in enumerate(self._columns):
                tile = gray[band, left : left + TILE_PX]
                paper = np.bincount(tile.ravel(), minlength=256).max() / tile.size
                steps = np.abs(np.diff(tile.astype(np.int16), axis=1))
                strokes = np.minimum(np.count_nonzero(steps >= STROKE_CONTRAST, axis=0), MOST_IN_COLUMN).sum()
                small = np.count_nonzero((steps > 0) & (steps <= SMALL_CONTRAST)) / tile.size
                mask[row, column] = paper >= PAPER_SHARE and strokes >= STROKES and small <= SMALL_SHARE
        return mask & self._counted

    def _chosen(self, tiles: Mask | None) -> Mask:
        return self._counted if tiles is None else self._counted & tiles

    def _taken_over(self, which: int, band: slice) -> Mask:
        """Take over what has changed in a band of one picture; returns in which tiles."""
        live, seen = self._live[which][band], self._seen[which][band]
        if np.array_equal(live, seen):
            return np.zeros(len(self._columns), np.bool_)
        before = seen & COLOURS
        seen[:] = live
        changed: Mask = np.logical_or.reduceat((before != seen & COLOURS).any(axis=0), self._columns)
        return changed

    def _measure(self, now: float, row: int, native: NDArray[np.uint8], shown: NDArray[np.uint8]) -> list[View]:
        worst = cv2.absdiff(native, shown).max(axis=0).max(axis=1)
        exact = np.maximum.reduceat(worst, self._columns) <= TOLERANCE
        self._exact_since[row] = np.where(exact, np.minimum(self._exact_since[row], now), np.inf)
        views = [_view(pixels) for pixels in (native, shown)]
        self._square_errors[row] = np.add.reduceat(np.square(views[0] - views[1]).sum(axis=0), self._view_columns)
        return views

    def _sight(self, now: float, row: int, views: list[View], changed: list[Mask]) -> None:
        """Note which tiles of a band have come in sight, or are so no longer, because of what has `changed` in it."""
        native, shown = views
        tiles = np.split(native, self._view_columns[1:], axis=1)
        blank = np.array([np.abs(tile - np.median(tile)).sum() for tile in tiles])
        in_sight = np.add.reduceat(np.abs(native - shown).sum(axis=0), self._view_columns) <= IN_SIGHT * blank
        since = self._in_sight_since[row]
        since[changed[0] | ~in_sight] = np.inf
        drawn = in_sight & changed[1]
        since[drawn] = np.minimum(since[drawn], now)


def _view(pixels: NDArray[np.uint8]) -> View:
    """Reduce BGRX bytes to fourfold means of luma."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_BGRA2GRAY)
    height, width = (length // VIEW_SCALE for length in gray.shape)
    small = cv2.resize(gray[: height * VIEW_SCALE, : width * VIEW_SCALE], (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def _bytes(pixels: Picture) -> NDArray[np.uint8]:
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)
