"""What was sharp on the screen before, kept within bounds, and looked for in whatever the server sends next.

Scrolling, a window that moves and a window that comes back are one thing: what the new low-resolution picture shows
was on an earlier picture, some whole number of native pixels away. Each *sheet* here is such a picture. A tile is known
again in its place by its own low-resolution pixels and those around it; what has moved, by strips that agree on an
offset. Nothing is believed but what `edge.restore.acceptance` accepts.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture
from edge.restore.acceptance import Acceptance, Offset, Reduce, around, sources
from edge.restore.sheet import Sheet, tile_hashes
from edge.restore.strips import SCALE, new_strips

BUDGET_BYTES = 12 << 20
"""For packed sheets: some thirty pages of text, or three of photographs."""
MOST_SHEETS = 48
"""More than that takes longer to look through than the network takes."""
MOST_UNPACKED = 2
"""Sheets kept as they were, 10 MB each at 1920x1080: the last picture at rest, and the one gone back to."""
MOST_OPENED = 2
"""Sheets unpacked for one change: each takes as long as some offsets to try."""
MOST_PROPOSALS = 8
"""Offsets tried for one change."""
LEAST_VOTES = 6
"""Strips that must agree on an offset for it to be tried."""
FEWEST_TILES = 12
"""What has moved and is less than this is quicker upscaled than searched for."""
FEWEST_RETURNED = 12
"""Tiles that must be sure (or half of all) for any to be believed that stand where they stood,"""
FEWEST_MOVED = 16
"""and for those that have moved: among all offsets some fit by chance, in tables above all."""
MOST_ALONE = 4
"""A change of no more tiles is a caret, a hover, a letter: what it goes back to is believed without company."""
NEAR_TILES = 6
"""How far from the strips that proposed it an offset is tried,"""
MANY_VOTES = 24
"""unless so many have."""
WORTHLESS = 30
_SLOT_BITS = 16


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """`tiles` show what stands at `offset` from them in `picture` (native height, width)."""

    picture: Picture
    offset: Offset
    tiles: Mask


Votes = NDArray[np.int64]
"""(5, pairs of equal strips): the sheet's number, the offset down and right, the new tile's row and column."""


class Memory:
    """Sheets of one desktop, the most recently useful first to stay. Belongs to one thread at a time.

    `native` is the (height, width) of its pictures, `grid` that of their reductions by `reduce`.
    """

    def __init__(self, native: tuple[int, int], grid: Grid, reduce: Reduce, budget_bytes: int = BUDGET_BYTES) -> None:
        self._native = native
        self._grid = grid
        self._reduce = reduce
        self._budget_bytes = budget_bytes
        self._sheets: list[Sheet] = []
        self._time = 0
        self._to_open = 0
        self._whole = grid.mask(value=True)
        """Tiles of which every native pixel is sent at low resolution."""
        self._whole[-1] &= native[0] % SCALE == 0
        self._whole[:, -1] &= native[1] % SCALE == 0
        self._tile_px = SCALE * grid.tile_px

    def remember(self, picture: Picture, sharp: Mask, low: Picture) -> None:
        """Keep the `sharp` tiles of `picture`, whose reduction is `low`; `picture` is not copied."""
        sheet = Sheet(picture, sharp & self._whole, low, self._grid)
        self._use(sheet)
        self._sheets.append(sheet)

    def tidy(self) -> bool:
        """Pack one sheet that has not been of use lately, or drop what is too much; return whether there was one."""
        lately = sorted(self._sheets, key=lambda sheet: sheet.used, reverse=True)
        unpacked = [sheet for sheet in lately if not sheet.packed]
        if len(unpacked) > MOST_UNPACKED:
            unpacked[-1].pack()
            return True
        spent = 0
        for number, sheet in enumerate(lately):
            spent += sheet.bytes_packed
            if spent > self._budget_bytes or number >= MOST_SHEETS:
                self._sheets.remove(sheet)
        return False

    def forget(self) -> None:
        """Drop everything."""
        self._sheets.clear()

    @property
    def bytes_held(self) -> int:
        """What all sheets take."""
        return sum(sheet.bytes_packed + sheet.bytes_unpacked for sheet in self._sheets)

    def search(self, low: Picture, wanted: Mask) -> list[Hypothesis]:
        """Find what of `wanted` was seen before; `low` is the whole new low-resolution picture (height, width)."""
        if not self._sheets:
            return []
        left = wanted & self._whole
        if not left.any():
            return []
        # A letter is sooner upscaled than a sheet is unpacked.
        self._to_open = MOST_OPENED if np.count_nonzero(left) > MOST_ALONE else 0
        acceptance = Acceptance(low, self._grid, self._reduce)
        found = self._returned(low, left, acceptance)
        if np.count_nonzero(left) >= FEWEST_TILES:
            found += self._moved(low, left, acceptance)
        return found

    def _returned(self, low: Picture, left: Mask, acceptance: Acceptance) -> list[Hypothesis]:
        """Find what stands where it stood before, and take it from `left`."""
        _, part = around(left, self._grid)
        here = tile_hashes(low, self._grid, part)
        fits = [left & sheet.sharp for sheet in self._sheets]
        for sheet, tiles in zip(self._sheets, fits, strict=True):
            tiles[part] &= sheet.in_place[part] == here
        contents = np.zeros(left.shape, dtype=np.uint32)
        seen, doubtful = self._grid.mask(), self._grid.mask()
        for sheet, tiles in zip(self._sheets, fits, strict=True):
            doubtful |= tiles & seen & (contents != sheet.contents)
            contents[tiles] = sheet.contents[tiles]
            seen |= tiles
        alone = np.count_nonzero(left) <= MOST_ALONE
        fewest = min(FEWEST_RETURNED, int(np.count_nonzero(left)) // 2)
        left &= ~doubtful
        found: list[Hypothesis] = []
        for _ in range(MOST_PROPOSALS):
            worth = [np.count_nonzero(tiles & left) >> self._closed(at) for at, tiles in enumerate(fits)]
            best = int(np.argmax(worth))
            tiles = fits[best] & left
            if not worth[best] or not (alone or np.count_nonzero(tiles) >= fewest):
                break
            sheet = self._sheets[best]
            self._to_open -= sheet.packed
            if alone:
                tiles = acceptance.equal_means(sheet, Offset(0, 0), tiles)
            else:
                judged = left & sheet.sharp
                tiles = acceptance.accepted(sheet, Offset(0, 0), tiles, judged, fewest)
            fits[best][:] = False
            left &= ~tiles
            if tiles.any():
                self._use(sheet)
                found.append(Hypothesis(sheet.picture, Offset(0, 0), tiles))
        return found

    def _moved(self, low: Picture, left: Mask, acceptance: Acceptance) -> list[Hypothesis]:
        """Find what has moved, and take it from `left`."""
        votes = self._votes(low, left)
        found: list[Hypothesis] = []
        for _ in range(MOST_PROPOSALS):
            keys = (votes[0] << 32) + (votes[1] + (1 << 15) << 16) + (votes[2] + (1 << 15))
            _, first, counts = np.unique(keys, return_index=True, return_counts=True)
            closed = np.array([self._closed(at) for at in range(len(self._sheets))])
            worth = counts >> closed[votes[0, first]]
            if not worth.size or worth.max() < LEAST_VOTES:
                break
            best = first[np.argmax(worth)]
            number, down, right, _, _ = map(int, votes[:, best])
            sheet, offset, agree = self._sheets[number], Offset(right, down), keys == keys[best]
            tiles = left & sources(sheet.sharp, offset, self._native, self._tile_px)
            if np.count_nonzero(agree) < MANY_VOTES:
                tiles &= self._near(*votes[3:, agree])
            if tiles.any():
                self._to_open -= sheet.packed
                tiles = acceptance.accepted(sheet, offset, tiles, tiles, FEWEST_MOVED)
                if tiles.any():
                    self._use(sheet)
                    left &= ~tiles
                    found.append(Hypothesis(sheet.picture, offset, tiles))
            votes = votes[:, ~agree & left[votes[3], votes[4]]]
        return found

    def _near(self, rows: Votes, columns: Votes) -> Mask:
        near = self._grid.mask()
        near[rows, columns] = True
        square = np.ones((2 * NEAR_TILES + 1, 2 * NEAR_TILES + 1), dtype=np.uint8)
        return np.asarray(cv2.dilate(near.view(np.uint8), square), dtype=np.bool_)

    def _votes(self, low: Picture, left: Mask) -> Votes:
        """Pair the strips of `low` in tiles of `left` with those of all sheets."""
        tile = self._grid.tile_px
        pixels = left.repeat(tile, axis=0).repeat(tile, axis=1)[: low.shape[0], : low.shape[1]]
        new = new_strips(low, pixels)
        slots = np.full(1 << _SLOT_BITS, -1, dtype=np.int32)
        slots[new.hashes >> np.uint32(32 - _SLOT_BITS)] = np.arange(len(new), dtype=np.int32)
        pairs: list[Votes] = []
        for number, sheet in enumerate(self._sheets):
            at = slots[sheet.strips.hashes >> np.uint32(32 - _SLOT_BITS)]
            old = np.flatnonzero(at >= 0)
            old = old[new.hashes[at[old]] == sheet.strips.hashes[old]]
            y, x = new.y[at[old]].astype(np.int64), new.x[at[old]].astype(np.int64)
            down, right = sheet.strips.y[old] - SCALE * y, sheet.strips.x[old] - SCALE * x
            pairs.append(np.stack([np.full(old.size, number), down, right, y // tile, (x + tile // 2) // tile]))
        return np.concatenate(pairs, axis=1)

    def _closed(self, number: int) -> int:
        """Return by what power of two a sheet is worth less: half if it must be unpacked, nothing if it must not."""
        return 0 if not self._sheets[number].packed else 1 if self._to_open > 0 else WORTHLESS

    def _use(self, sheet: Sheet) -> None:
        self._time += 1
        sheet.used = self._time
