"""Runs what a client does with low-resolution updates on frames whose every pixel is known, and counts what is true."""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer, differing
from edge.framebuffer.reduction import Reduction
from edge.geometry import Mask, Rect, Size
from edge.pixels import Picture
from edge.restore import texture
from edge.restore.acceptance import sources
from edge.restore.memory import Hypothesis
from edge.session.restoring import Restoring
from edge.session.statistics import Counters

NEAR_LEVELS = 8
"""As near as this counts as exact in the benchmark of clients."""


@dataclass(slots=True)
class Tally:
    """Tiles of some updates: what changed of them, what of that was drawn sharp at once, and whether rightly."""

    updates: int = 0
    stale: int = 0
    text: int = 0
    """Of `stale`, those that look like text."""
    accepted: int = 0
    text_accepted: int = 0
    wrong: int = 0
    """Of `accepted`, those that are not the native tile, pixel for pixel,"""
    far: int = 0
    """and those of which some pixel is further from it than `NEAR_LEVELS` in any channel."""
    kept_wrong: int = 0
    """Tiles taken for exact that are not, because what changed in them cannot be seen at low resolution."""
    missed: int = 0
    """Tiles of text that were true at an offset that was found, and were refused."""

    def add(self, other: "Tally") -> None:
        """Add the counts of `other`."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def _distance(a: Picture, b: Picture) -> int:
    """Return the largest difference of two pictures of one shape in any channel."""
    return int(cv2.absdiff(a.view(np.uint8), b.view(np.uint8)).max())


class Repeating:
    """In place of the network: repeats pixels, so that measuring many frames takes no time."""

    scale = 4

    def __init__(self) -> None:
        self.calls_ms: deque[float] = deque([0.0])

    def restore(self, lr: Picture, rect: Rect) -> Picture:
        """Enlarge `rect` of `lr`."""
        return lr[rect.slices].repeat(4, axis=0).repeat(4, axis=1)

    def close(self) -> None:
        """Nothing to do."""


class Witness:
    """One client's pixel path, fed with frames of `native` size."""

    def __init__(self, native: Size) -> None:
        self.high = HighFramebuffer(Reduction(native, 4))
        self.grid = self.high.grid
        self.search_ms: list[float] = []
        self.wrong_tiles: list[tuple[Picture, Picture, str]] = []
        """Of each wrong tile the picture that was drawn, the true one, where, and from where it was taken."""
        self._low = LowFramebuffer(self.high.reduction.low)
        self._executor = ThreadPoolExecutor(1)
        self._hypotheses: list[Hypothesis] = []
        self._upscaler = Repeating()
        self._restoring = Restoring(
            self._low, self.high, self._upscaler, self._note, lambda _: None, Counters(), self._executor
        )  # type: ignore[arg-type]
        self._memory = self._restoring._memory
        self._search, self._memory.search = self._memory.search, self._watched_search  # type: ignore[method-assign]
        self._stale = self.grid.mask()

    def _note(self, tiles: Mask, low: Picture) -> None:
        self._stale = tiles.copy()

    def _watched_search(self, low: Picture, wanted: Mask) -> list[Hypothesis]:
        began = time.thread_time()
        self._hypotheses = self._search(low, wanted)
        self.search_ms.append(1e3 * (time.thread_time() - began))
        return self._hypotheses

    @property
    def memory_bytes(self) -> int:
        """What the memory holds."""
        return self._memory.bytes_held

    async def see(self, frame: Picture, pieces: Sequence[Rect]) -> Tally:
        """Take `frame` as updates of `pieces` (low-resolution) one after the other."""
        low = self.high.reduction.reduce(frame, self._low.size.rect)
        tally = Tally()
        for piece in pieces:
            self._hypotheses = []
            self._low.draw(piece, low[piece.slices])
            before, sure = self.high.version.copy(), self.high.state >= TileState.LIKELY
            await self._restoring.take_damage()
            drawn = self._low.grid.mask()
            drawn[self._low.grid.touched(piece)] = True
            tally.add(self._judge(frame, low, before, sure & drawn))
        while await self._restoring._in_thread(self._memory.tidy):
            pass
        return tally

    def rest(self, frame: Picture) -> None:
        """Make everything exact, as sharpening does in the end."""
        low = self.high.reduction.reduce(frame, self._low.size.rect)
        self.high.confirm(self.high.reduction.native.rect, frame, low, self.grid.mask(value=True))

    def close(self) -> None:
        """End its thread."""
        self._executor.shutdown()

    def _judge(self, frame: Picture, low: Picture, before: np.ndarray, sure: Mask) -> Tally:
        # What an update has drawn in part is neither the old frame nor the new one.
        complete = ~differing(low, self._low.picture)
        accepted = complete & (self.high.version != before) & (self.high.state == TileState.LIKELY)
        pictures, flat = texture.pictures_and_flat(low, self.grid)
        text = complete & self._stale & ~pictures & ~flat
        true = ~self.high._native_differing(self._low.size.rect, frame)
        wrong = accepted & ~true
        before_wrong = len(self.wrong_tiles)
        self.wrong_tiles += [
            (self.high.picture[rect.slices].copy(), frame[rect.slices].copy(), f"{rect} {self._origin(*at)}")
            for at in np.argwhere(wrong)
            for rect in (self.high.reduction.to_native(self.grid.rect(*map(int, at))),)
        ]
        return Tally(
            updates=1,
            stale=int(self._stale.sum()),
            text=int(text.sum()),
            accepted=int(accepted.sum()),
            text_accepted=int((text & accepted).sum()),
            wrong=int(wrong.sum()),
            far=sum(_distance(drawn, exact) > NEAR_LEVELS for drawn, exact, _ in self.wrong_tiles[before_wrong:]),
            kept_wrong=int(
                (complete & sure & ~accepted & (self.high.state >= TileState.LIKELY) & ~true & ~self._stale).sum()
            ),
            missed=self._missed(frame, text & ~accepted),
        )

    def _origin(self, row: int, column: int) -> str:
        offsets = [f"{one.offset} with {one.tiles.sum()}" for one in self._hypotheses if one.tiles[row, column]]
        return ", ".join(offsets) or "what stood there last"

    def _missed(self, frame: Picture, missed: Mask) -> int:
        equal = self.grid.mask()
        for one in self._hypotheses:
            sheet = next(sheet for sheet in self._memory._sheets if not sheet.packed and sheet.picture is one.picture)
            sharp = sources(sheet.sharp, one.offset, frame.shape, 4 * self.grid.tile_px)
            for row, column in np.argwhere(missed & ~equal & sharp):
                rect = self.high.reduction.to_native(self.grid.rect(int(row), int(column)))
                source = rect.moved(one.offset.x, one.offset.y)
                if source & self.high.reduction.native.rect == source:
                    equal[row, column] = np.array_equal(one.picture[source.slices], frame[rect.slices])
        return int(equal.sum())
