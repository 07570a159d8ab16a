"""From a drawn low-resolution framebuffer to tiles on the screen, the cheapest way first.

Kept (same evidence), recalled (what stood there last), found in what was seen before, and only then upscaled. What the
network cannot do within a frame's time is shown interpolated at once and restored a slice at a time, so that motion is
never held up.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

import cv2
import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.geometry import Mask, Rect
from edge.pixels import Picture
from edge.restore import texture
from edge.restore.cubic import CubicUpscaler
from edge.restore.memory import FEWEST_TILES, MOST_ALONE, Hypothesis, Memory
from edge.restore.strips import SCALE
from edge.restore.upscaler import Upscaler
from edge.session.statistics import Counters

T = TypeVar("T")

SLICE_MS = 30.0
"""The upscaler works for no longer than this before it is seen whether something new has come."""
FIRST_GUESS_MS = 80.0
"""What a whole picture takes, before any was measured."""
HALO_PX = 8
"""What an area costs beyond its size: roughly an upscaler's halo."""


class Restoring:
    """Keeps `high` up with `low`; `run` in a task, and set `drawn` when there is something to look at.

    `changed` hears of tiles that show something else now, before they are restored; `show` of tiles to be presented.
    """

    def __init__(
        self,
        low: LowFramebuffer,
        high: HighFramebuffer,
        upscaler: Upscaler | CubicUpscaler,
        changed: Callable[[Mask, Picture], None],
        show: Callable[[Mask], None],
        counters: Counters,
        executor: Executor,
    ) -> None:
        self.drawn = asyncio.Event()
        self._low = low
        self._high = high
        self._upscaler = upscaler
        self._interpolate = CubicUpscaler(upscaler.scale)
        self._changed = changed
        self._show = show
        self._counters = counters
        self._executor = executor
        self._drafts = low.grid.mask()
        """Interpolated tiles that the upscaler has still to restore."""
        self._px_ms = FIRST_GUESS_MS / low.size.area
        self._memory = Memory(high.picture.shape, low.grid, high.reduction.reduce)
        self._remembers = upscaler.scale == SCALE
        self._remembered = np.zeros_like(high.version)
        """The version in which each tile is in the memory."""

    async def run(self) -> None:
        """Restore until cancelled, and forget what was seen."""
        try:
            while True:
                if not self.drawn.is_set():
                    if self._ready().any():
                        await self._restore_slice()
                        continue
                    if await self._in_thread(self._memory.tidy):
                        continue
                await self.drawn.wait()
                self.drawn.clear()
                await self.take_damage()
        finally:
            self._memory.forget()

    async def take_damage(self) -> None:
        """Show what `low` was damaged with since this was last done; what takes long only as a draft."""
        damaged = self._low.take_damage()
        low = self._low.picture.copy()
        stale = self._high.stale(low, damaged)
        self._counters.kept += int(np.count_nonzero(damaged & ~stale))
        # What `changed` will doubt has been sharp until now.
        passing, wanted = self._passing(stale), self._wanted(stale)
        self._changed(stale, low)
        if not stale.any():
            return
        self._drafts &= ~stale
        # In a larger change, what is only likely needs company: it is looked for in the memory.
        alone = np.count_nonzero(wanted) <= MOST_ALONE
        recalled = self._high.recall(low, stale, TileState.LIKELY if alone else TileState.EXACT)
        self._remembered[recalled] = self._high.version[recalled]
        version = self._high.version.copy()
        recalled |= await self._seen_before(low, wanted & ~recalled, passing)
        if recalled.any():
            self._counters.recalled += int(np.count_nonzero(recalled))
            self._show(recalled)
        # What became exact meanwhile is newer.
        stale &= ~recalled & (self._high.version == version)
        crops = self._crops(stale)
        if self._cost_ms(crops) > SLICE_MS:
            for crop in crops:
                self._put(crop, self._interpolate.restore(low, crop), low, stale)
            self._drafts |= stale
        else:
            await self._upscale(crops, stale, low)

    def _passing(self, stale: Mask) -> Callable[[], None] | None:
        """Return how to remember what is sharp, before `stale` tiles change; None if the memory has it already."""
        high = self._high
        sharp = high.state >= TileState.LIKELY
        new = stale & sharp & (self._remembered != high.version)
        if not self._remembers or np.count_nonzero(new) < FEWEST_TILES:
            return None
        if np.count_nonzero(new & ~texture.flat(high.evidence, high.grid)) < FEWEST_TILES:
            return None
        self._remembered[sharp] = high.version[sharp]
        return partial(self._memory.remember, high.picture.copy(), sharp, high.evidence.copy())

    def _wanted(self, stale: Mask) -> Mask:
        """Return `stale` and what was made up beside it.

        An update that comes in pieces leaves tiles at their borders that make sense only with the next piece.
        """
        nearby = cv2.dilate(stale.view(np.uint8), np.ones((5, 5), dtype=np.uint8)).view(np.bool_)
        wanted: Mask = stale | nearby & (self._high.state == TileState.RESTORED)
        return wanted

    async def _seen_before(self, low: Picture, wanted: Mask, passing: Callable[[], None] | None) -> Mask:
        """Show what of `wanted` was sharp before, here or elsewhere, as sharp as it was; return those tiles."""
        found = self._low.grid.mask()
        if not self._remembers:
            return found
        version = self._high.version.copy()
        for one in await self._in_thread(partial(self._look_back, low, wanted, passing)):
            # What became exact meanwhile is newer.
            tiles = one.tiles & (self._high.version == version)
            self._high.move(one.picture, one.offset.x, one.offset.y, tiles, low)
            self._remembered[tiles] = self._high.version[tiles]
            found |= one.tiles
        return found

    def _look_back(self, low: Picture, wanted: Mask, passing: Callable[[], None] | None) -> list[Hypothesis]:
        if passing is not None:
            passing()
        return self._memory.search(low, wanted) if wanted.any() else []

    async def _restore_slice(self) -> None:
        """Restore as many drafts as fit into a slice, from the top."""
        grid, ready = self._low.grid, self._ready()
        rows = max(1, int(SLICE_MS / self._px_ms / grid.size.width / grid.tile_px))
        top = int(np.flatnonzero(ready.any(axis=1))[0])
        tiles = grid.mask()
        tiles[top : top + rows] = ready[top : top + rows]
        self._drafts &= ~tiles
        await self._upscale(self._crops(tiles), tiles, self._low.picture.copy())

    def _ready(self) -> Mask:
        """Return the drafts to restore now: what is being drawn over has other evidence that nobody has judged yet."""
        self._drafts &= self._high.state == TileState.RESTORED
        ready: Mask = self._drafts & ~self._low.damage
        return ready

    async def _upscale(self, crops: list[Rect], tiles: Mask, low: Picture) -> None:
        version = self._high.version.copy()
        for crop in crops:
            pixels = await self._in_thread(partial(self._upscaler.restore, low, crop))
            self._px_ms += 0.2 * (self._upscaler.calls_ms[-1] / crop.grown(HALO_PX).area - self._px_ms)
            # What became exact meanwhile is newer than what was restored.
            self._put(crop, pixels, low, tiles & (self._high.version == version))
        self._counters.restored += int(np.count_nonzero(tiles))

    def _put(self, crop: Rect, pixels: Picture, low: Picture, fresh: Mask) -> None:
        tiles = self._low.grid.mask()
        inside = self._low.grid.touched(crop)
        tiles[inside] = fresh[inside]
        for rect in self._low.grid.rectangles(tiles):
            part = rect.moved(-crop.x, -crop.y).scaled(self._upscaler.scale)
            self._high.restore(rect, pixels[part.slices], low)
        self._show(tiles)

    def _crops(self, tiles: Mask) -> list[Rect]:
        """Return the rectangles to upscale for `tiles`: each, or one around all where that is less."""
        rects = list(self._low.grid.rectangles(tiles))
        around = Rect(0, 0, 0, 0)
        for rect in rects:
            around |= rect
        apart = sum(rect.grown(HALO_PX).area for rect in rects)
        return [around] if rects and around.grown(HALO_PX).area <= apart else rects

    def _cost_ms(self, crops: list[Rect]) -> float:
        return sum(crop.grown(HALO_PX).area for crop in crops) * self._px_ms

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
