"""The high-resolution framebuffer: what is shown, from which evidence each tile was made, and how sure that is.

Each tile remembers the low-resolution pixels that it was made for, its *evidence*. Beside the picture stands a spare
one, a depth of one: what was sharp in a tile before it changed, or what the server has sent at full size ahead of the
low-resolution update that goes with it. A spare tile whose own mean is the evidence received takes the tile's place,
so a blinking caret, a hover or a menu that closes stays sharp at no traffic.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge.framebuffer.low import TILE_PX, differing
from edge.framebuffer.reduction import Reduction
from edge.geometry import Grid, Mask, Rect, any_in_tiles
from edge.pixels import Picture, blank


class TileState(IntEnum):
    """How a tile's pixels came about, from the least sure to the surest."""

    EMPTY = 0
    RESTORED = 1
    """Made up by an upscaler; its mean is the evidence."""
    LIKELY = 2
    """Was exact once, and its mean is the evidence again; not yet confirmed by the server."""
    EXACT = 3
    """Came from the server at full size, no earlier than the low-resolution pixels or with the same mean."""


class HighFramebuffer:
    """A picture of `reduction.native` over a grid of tiles of `TILE_PX` low-resolution pixels.

    `picture` is uint32 (height, width); `state` and `version` are (rows, columns) of the grid; a tile's version goes
    up each time its pixels or its certainty change.
    """

    def __init__(self, reduction: Reduction) -> None:
        self.reduction = reduction
        self.grid = Grid(reduction.low, TILE_PX)
        self.picture = blank(reduction.native)
        self.state: NDArray[np.uint8] = np.full(self.grid.shape, TileState.EMPTY, dtype=np.uint8)
        self.version: NDArray[np.uint32] = np.zeros(self.grid.shape, dtype=np.uint32)
        self.agreed = 0
        """Likely tiles that the server has shown to be right, pixel for pixel."""
        self.disagreed = 0
        """Likely tiles that the server has shown to be wrong."""
        self._evidence = blank(reduction.low)
        self._spare = blank(reduction.native)
        self._spare_evidence = blank(reduction.low)
        self._spare_state = np.full(self.grid.shape, TileState.EMPTY, dtype=np.uint8)

    @property
    def evidence(self) -> Picture:
        """The low-resolution pixels (height, width) that each tile was made for: of what is sharp, its mean."""
        return self._evidence

    def stale(self, low: Picture, damaged: Mask) -> Mask:
        """Of the `damaged` tiles, those whose evidence is no longer what `low` shows; the others can be kept."""
        stale: Mask = damaged & (differing(low, self._evidence) | (self.state == TileState.EMPTY))
        return stale

    def recall(self, low: Picture, stale: Mask, least: TileState = TileState.LIKELY) -> Mask:
        """Bring back the spare tile, if it is at least so sure, where its mean is what `low` shows; return where."""
        fits: Mask = stale & (self._spare_state >= least)
        if not fits.any():
            return fits
        fits &= ~differing(low, self._spare_evidence)
        # What the server sent ahead goes with the next change; after another one it is a memory like any other.
        passed = stale & ~fits & (self._spare_state == TileState.EXACT)
        self._spare_state[passed] = TileState.LIKELY
        for rect in self.grid.rectangles(fits):
            native, tiles = self.reduction.to_native(rect).slices, self.grid.touched(rect)
            shown = self.picture[native].copy()
            self.picture[native] = self._spare[native]
            self._spare[native] = shown
            shown_evidence = self._evidence[rect.slices].copy()
            self._evidence[rect.slices] = low[rect.slices]
            self._spare_evidence[rect.slices] = shown_evidence
            shown_state = self.state[tiles].copy()
            self.state[tiles] = self._spare_state[tiles]
            # What leaves the screen can only be likely when it comes back, and is worth keeping only if it was sharp.
            self._spare_state[tiles] = np.where(shown_state >= TileState.LIKELY, TileState.LIKELY, TileState.EMPTY)
        self.version[fits] += 1
        return fits

    def restore(self, rect: Rect, pixels: Picture, low: Picture) -> None:
        """Put restored `pixels` in the tiles of `rect` (low-resolution, whole tiles), made for the evidence `low`.

        `pixels` is (scale * rect.height, scale * rect.width).
        """
        tiles = self.grid.touched(rect)
        native = self.reduction.to_native(rect)
        self._set_aside(rect)
        self.picture[native.slices] = self.reduction.expand(pixels, rect)
        self._evidence[rect.slices] = low[rect.slices]
        self.state[tiles] = TileState.RESTORED
        self.version[tiles] += 1

    def move(self, source: Picture, x: int, y: int, tiles: Mask, low: Picture) -> None:
        """Show in `tiles` what stands `x` native pixels to the right and `y` below of each in `source`.

        `source` is a picture of the same size that was sharp there. The caller has found that its mean is what `low`
        shows in `tiles`.
        """
        for rect in self.grid.rectangles(tiles):
            native = self.reduction.to_native(rect)
            self._set_aside(rect)
            self.picture[native.slices] = source[native.moved(x, y).slices]
            self._evidence[rect.slices] = low[rect.slices]
        self.state[tiles] = TileState.LIKELY
        self.version[tiles] += 1

    def confirm(self, native: Rect, pixels: Picture, low: Picture, fresh: Mask) -> Mask:
        """Take `pixels` of `native`, as the server sent them at full size; return the tiles whose picture changed.

        `fresh` are the tiles whose low-resolution pixels have not changed since these were asked for: the server sent
        them no earlier than what `low` shows, so they become exact in any case. The others do so only where their mean
        is what `low` shows; where it is not they may be behind it, and wait as spares for an update that fits. Tiles
        that `native` covers only in part are left alone.
        """
        changed = self.grid.mask()
        tiles = self.grid.covered(self.reduction.to_low(native))
        rect = self.grid.rect(tiles[0].start, tiles[1].start, *(part.stop - part.start for part in tiles))
        if not rect:
            return changed
        inner = self.reduction.to_native(rect)
        pixels = pixels[inner.moved(-native.x, -native.y).slices]
        mean = self.reduction.reduce(pixels, rect)
        fits = self.grid.mask()
        fits[tiles] = fresh[tiles] | ~differing(mean, low[rect.slices])
        agrees = self.grid.mask()
        agrees[tiles] = ~differing(mean, self._evidence[rect.slices])
        waits = self.grid.mask()
        waits[tiles] = ~fits[tiles]
        for part in self.grid.rectangles(waits):
            area = self.reduction.to_native(part)
            self._spare[area.slices] = pixels[area.moved(-inner.x, -inner.y).slices]
            self._spare_evidence[part.slices] = mean[part.moved(-rect.x, -rect.y).slices]
        self._spare_state[waits] = TileState.EXACT
        for part in self.grid.rectangles(fits):
            area = self.reduction.to_native(part)
            new = pixels[area.moved(-inner.x, -inner.y).slices]
            differs = self._native_differing(part, new)
            inside = self.grid.touched(part)
            told = agrees[inside] & (self.state[inside] == TileState.LIKELY)
            self.agreed += int(np.count_nonzero(told & ~differs))
            self.disagreed += int(np.count_nonzero(told & differs))
            changed[inside] = differs
            self.picture[area.slices] = new
            # Ahead of `low`, its update will find this mean; behind LibVNCServer's rounding, nothing is lost by it.
            self._evidence[part.slices] = mean[part.moved(-rect.x, -rect.y).slices]
        self.state[fits] = TileState.EXACT
        self.version[fits] += 1
        return changed

    def doubt(self, tiles: Mask, most: TileState) -> None:
        """Note that `tiles` may have changed by less than evidence tells: they stay, and are no surer than `most`."""
        self.state[tiles & (self.state > most)] = most

    def wipe(self) -> None:
        """Overwrite everything."""
        for pixels in (self.picture, self._spare, self._evidence, self._spare_evidence):
            pixels.fill(0)
        self.state[:] = self._spare_state[:] = TileState.EMPTY

    def native_rectangles(self, tiles: Mask) -> list[Rect]:
        """Cover the set tiles with native rectangles."""
        return [self.reduction.to_native(rect) for rect in self.grid.rectangles(tiles)]

    def _set_aside(self, rect: Rect) -> None:
        """Keep what is sharp in the tiles of `rect` as their spares."""
        tiles = self.grid.touched(rect)
        sharp = self.grid.mask()
        sharp[tiles] = self.state[tiles] >= TileState.LIKELY
        for part in self.grid.rectangles(sharp):
            native = self.reduction.to_native(part).slices
            self._spare[native] = self.picture[native]
            self._spare_evidence[part.slices] = self._evidence[part.slices]
        self._spare_state[sharp] = TileState.LIKELY

    def _native_differing(self, rect: Rect, pixels: Picture) -> Mask:
        """Of the tiles of `rect`, those in which the picture is not `pixels`."""
        unequal = self.picture[self.reduction.to_native(rect).slices] != pixels
        mask = any_in_tiles(unequal, self.reduction.scale * TILE_PX)
        rows, columns = (part.stop - part.start for part in self.grid.touched(rect))
        # Native pixels beyond the last tile belong to it.
        mask[rows - 1] |= mask[rows:].any(axis=0)
        mask[:, columns - 1] |= mask[:, columns:].any(axis=1)
        return mask[:rows, :columns]
