"""A remembered picture: what was sharp on the screen at one moment, packed when it has not been needed for a while."""

import zlib

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture
from edge.restore.strips import SCALE, Levels, old_strips, window_means

RING_PX = 2
"""A tile is known again by its own low-resolution pixels and by so many around it."""
PACK_LEVEL = 1
"""Of zlib: a page of text becomes a thirtieth in 20 ms, and comes back in 10 ms with its means."""

TileHashes = NDArray[np.uint64]


def tile_hashes(low: Picture, grid: Grid, tiles: tuple[slice, slice] = np.s_[:, :]) -> TileHashes:
    """Hash the low-resolution pixels of each of `tiles` with a ring of `RING_PX` around it; (rows, columns)."""
    side = grid.tile_px + 2 * RING_PX
    padded = np.zeros((grid.rows * grid.tile_px + 2 * RING_PX, grid.columns * grid.tile_px + 2 * RING_PX), np.uint64)
    padded[RING_PX : RING_PX + low.shape[0], RING_PX : RING_PX + low.shape[1]] = low
    weights = np.random.default_rng(1).integers(1 << 63, size=(side, side), dtype=np.uint64) | np.uint64(1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side))[:: grid.tile_px, :: grid.tile_px]
    hashes: TileHashes = np.einsum("rcyx,yx->rc", windows[tiles], weights)
    return hashes ^ hashes >> np.uint64(32)


class Sheet:
    """A native picture of which the tiles in `sharp` can be had back. Belongs to one thread at a time.

    `low` is its reduction (height, width of `grid`). Nothing of the other tiles is kept once it has been packed.
    """

    def __init__(self, picture: Picture, sharp: Mask, low: Picture, grid: Grid) -> None:
        self.sharp = sharp
        self.used = 0
        """When it was last of use, by the count of whoever keeps it."""
        self.in_place = tile_hashes(low, grid)
        """What each tile and its surroundings looked like at low resolution."""
        self._tile_px = SCALE * grid.tile_px
        self._shape = picture.shape
        self._bands: list[bytes] = []
        self._open: tuple[Picture, Levels] | None = (picture, window_means(picture))
        self.strips = old_strips(self._open[1], sharp, self._tile_px)
        self.contents = self._content_hashes(picture, grid)
        """What each tile looks like at full size."""

    @property
    def packed(self) -> bool:
        """Whether it takes little memory now."""
        return self._open is None

    @property
    def bytes_packed(self) -> int:
        """What it takes when it is packed; 0 before it was so for the first time."""
        strips = self.strips.hashes.nbytes + self.strips.y.nbytes + self.strips.x.nbytes
        return strips + self.in_place.nbytes + self.contents.nbytes + sum(map(len, self._bands)) if self._bands else 0

    @property
    def bytes_unpacked(self) -> int:
        """What its pixels take now."""
        return 0 if self._open is None else self._open[0].nbytes + self._open[1].nbytes

    @property
    def picture(self) -> Picture:
        """The native picture (height, width); only what is sharp in it may be shown."""
        return self._unpacked()[0]

    @property
    def means(self) -> Levels:
        """Its `window_means` (height, width)."""
        return self._unpacked()[1]

    def pack(self) -> None:
        """Give the memory of the picture back; what is not sharp is lost."""
        if self._open is not None and not self._bands:
            for row in range(self.sharp.shape[0]):
                band = self._open[0][self._band(row)].copy()
                for column in np.flatnonzero(~self.sharp[row]):
                    band[:, column * self._tile_px : (column + 1) * self._tile_px] = 0
                self._bands.append(zlib.compress(band.data, PACK_LEVEL))
        self._open = None

    def _unpacked(self) -> tuple[Picture, Levels]:
        if self._open is None:
            picture = np.empty(self._shape, dtype=np.uint32)
            for row, band in enumerate(self._bands):
                pixels = np.frombuffer(zlib.decompress(band), dtype=np.uint32)
                picture[self._band(row)] = pixels.reshape(-1, self._shape[1])
            self._open = picture, window_means(picture)
        return self._open

    def _band(self, row: int) -> slice:
        last = row == self.sharp.shape[0] - 1
        return slice(row * self._tile_px, self._shape[0] if last else (row + 1) * self._tile_px)

    def _content_hashes(self, picture: Picture, grid: Grid) -> NDArray[np.uint32]:
        tile = self._tile_px
        padded = np.zeros((grid.rows * tile, grid.columns * tile), dtype=np.uint32)
        height, width = (min(side, whole) for side, whole in zip(picture.shape, padded.shape, strict=True))
        padded[:height, :width] = picture[:height, :width]
        weights = np.random.default_rng(2).integers(1 << 32, size=(tile, tile), dtype=np.uint32) | np.uint32(1)
        tiles = padded.reshape(grid.rows, tile, grid.columns, tile)
        hashes: NDArray[np.uint32] = np.einsum("rycx,yx->rc", tiles, weights)
        return hashes
