import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.session.restoring import SLICE_MS, Restoring
from edge.session.statistics import Counters

NATIVE = Size(512, 512)
LOW = Size(128, 128)


class Marking:
    """An upscaler that takes as long as it is told and repeats pixels, so that its work can be told from a draft."""

    scale = 4

    def __init__(self, whole_ms: float) -> None:
        self.calls_ms: deque[float] = deque()
        self.seen: list[Rect] = []
        self.wait = asyncio.Event()
        self._px_ms = whole_ms / LOW.area

    def restore(self, lr: np.ndarray, rect: Rect) -> np.ndarray:
        self.seen.append(rect)
        self.calls_ms.append(rect.area * self._px_ms)
        return lr[rect.slices].repeat(4, axis=0).repeat(4, axis=1)

    def close(self) -> None:
        pass


class Scene:
    def __init__(self, upscaler: Marking, executor: ThreadPoolExecutor) -> None:
        self.low = LowFramebuffer(LOW)
        self.high = HighFramebuffer(Reduction(NATIVE, 4))
        self.counters = Counters()
        self.shown = 0
        self.changed: list[tuple[np.ndarray, np.ndarray]] = []
        self.restoring = Restoring(
            self.low, self.high, upscaler, lambda *of: self.changed.append(of), self._show, self.counters, executor
        )

    def _show(self, tiles: np.ndarray) -> None:
        self.shown += int(tiles.any())

    def draw(self, rect: Rect, seed: int) -> None:
        pixels = np.random.default_rng(seed).integers(0, 1 << 24, rect.size.shape, dtype=np.uint32)
        self.low.draw(rect, pixels)
        self.restoring.drawn.set()

    def repeated(self) -> bool:
        """Whether every block repeats its pixel: the upscaler's work, and no draft's."""
        return bool(np.array_equal(self.high.picture, self.low.picture.repeat(4, axis=0).repeat(4, axis=1)))


@asynccontextmanager
async def scene(upscaler: Marking) -> AsyncIterator[Scene]:
    with ThreadPoolExecutor(1) as executor:
        made = Scene(upscaler, executor)
        task = asyncio.create_task(made.restoring.run())
        yield made
        task.cancel()
        await asyncio.wait({task})


async def until(true) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is awaited is a state, not an event
            await asyncio.sleep(0.001)


async def test_small_change_is_restored_at_once_and_alone():
    upscaler = Marking(whole_ms=1000)
    async with scene(upscaler) as made:
        made.draw(LOW.rect, 1)
        await until(made.repeated)
        upscaler.seen.clear()
        made.draw(Rect(40, 40, 4, 4), 2)
        await until(made.repeated)
        assert upscaler.seen == [Rect(40, 40, 8, 8)]


async def test_what_takes_too_long_is_drafted_and_then_restored_in_slices():
    upscaler = Marking(whole_ms=20 * SLICE_MS)
    async with scene(upscaler) as made:
        made.draw(LOW.rect, 1)
        await until(lambda: bool((made.high.state == TileState.RESTORED).all()))
        assert not made.repeated()
        await until(made.repeated)
        assert len(upscaler.seen) > 4
        assert made.counters.restored == made.high.state.size


async def test_new_damage_goes_before_drafts_of_the_old():
    upscaler = Marking(whole_ms=100 * SLICE_MS)
    async with scene(upscaler) as made:
        made.draw(LOW.rect, 1)
        await until(lambda: len(upscaler.seen) >= 2)
        corner = Rect(120, 120, 8, 8)
        made.draw(corner, 2)
        await until(lambda: corner in upscaler.seen)
        assert not made.repeated()
        await until(made.repeated)


async def test_fast_upscaler_never_shows_a_draft():
    upscaler = Marking(whole_ms=0.1)
    async with scene(upscaler) as made:
        for seed in range(12):
            made.draw(LOW.rect, seed)
            await until(made.repeated)
        made.shown = 0
        made.draw(LOW.rect, 99)
        await until(made.repeated)
        assert made.shown == 1


async def test_exact_tile_is_not_overwritten_by_what_was_restored_meanwhile():
    upscaler = Marking(whole_ms=100 * SLICE_MS)
    async with scene(upscaler) as made:
        made.draw(LOW.rect, 1)
        await until(lambda: len(upscaler.seen) >= 1)
        native = made.low.picture.repeat(4, axis=0).repeat(4, axis=1)
        part = Rect(0, 384, 512, 128)
        native[part.slices] ^= 1
        fresh = made.low.grid.mask(value=True)
        made.high.confirm(part, native[part.slices], made.low.picture, fresh)
        await until(lambda: np.array_equal(made.high.picture[:384], native[:384]))
        assert np.array_equal(made.high.picture, native)
        assert (made.high.state[-4:] == TileState.EXACT).all()


async def test_draft_that_is_being_drawn_over_is_judged_before_it_is_restored():
    """Otherwise its new evidence would pass for the old, and a late reply at full size for a fresh one."""
    upscaler = Marking(whole_ms=100 * SLICE_MS)
    async with scene(upscaler) as made:
        made.draw(LOW.rect, 1)
        await until(lambda: len(upscaler.seen) >= 1)
        corner = Rect(120, 120, 8, 8)
        pixels = np.random.default_rng(5).integers(0, 1 << 24, corner.size.shape, dtype=np.uint32)
        made.low.draw(corner, pixels)  # and the update has not finished
        await until(lambda: made.high.state.size - made.counters.restored <= 1)
        await asyncio.sleep(0.05)
        assert corner not in upscaler.seen
        assert made.changed[-1][0].all()
        made.restoring.drawn.set()
        await until(made.repeated)
        assert np.argwhere(made.changed[-1][0]).tolist() == [[15, 15]]
