import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import cv2
import numpy as np
import pytest

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import from_bgr
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


def text(seed: int) -> np.ndarray:
    """A picture of NATIVE full of letters."""
    picture = np.full((*NATIVE.shape, 3), 250, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    for line in range(26):
        words = "".join(chr(letter) for letter in rng.integers(33, 126, 60))
        cv2.putText(picture, words, (2, 14 + 20 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    return from_bgr(picture)


class Reader:
    """What is seen of a desktop whose every picture is known."""

    def __init__(self, made: Scene) -> None:
        self._made = made

    async def see(self, native: np.ndarray, part: Rect = LOW.rect) -> np.ndarray:
        """Have an update of `part`, and return the tiles that are sharp after it."""
        made = self._made
        made.low.draw(part, made.high.reduction.reduce(native, LOW.rect)[part.slices])
        await made.restoring.take_damage()
        sharp = made.high.state >= TileState.LIKELY
        true = ~made.high._native_differing(LOW.rect, native)
        inside = made.low.grid.touched(part)
        assert true[inside][sharp[inside]].all()
        return sharp

    def read(self, native: np.ndarray) -> None:
        """Have all of it at full size."""
        every = self._made.low.grid.mask(value=True)
        self._made.high.confirm(NATIVE.rect, native, self._made.low.picture, every)


@pytest.fixture
def reader() -> Iterator[Reader]:
    with ThreadPoolExecutor(1) as executor:
        yield Reader(Scene(Marking(whole_ms=0.1), executor))


async def test_page_that_was_read_is_sharp_when_it_comes_back_and_when_it_has_scrolled(reader):
    first, second = text(1), text(2)
    for page in (first, second):
        await reader.see(page)
        reader.read(page)
    assert (await reader.see(first)).all()
    scrolled = np.roll(first, -47, axis=0)
    assert (await reader.see(scrolled))[:-3].mean() > 0.95


async def test_scroll_that_comes_in_two_updates_is_sharp_in_both(reader):
    page = text(1)
    await reader.see(page)
    reader.read(page)
    scrolled = np.roll(page, -47, axis=0)
    middle = page.copy()
    middle[:256] = scrolled[:256]
    upper = await reader.see(middle, Rect(0, 0, 128, 64))
    assert upper[:6].mean() > 0.95
    assert (await reader.see(scrolled, Rect(0, 64, 128, 64)))[:-3].mean() > 0.95


async def test_what_was_only_made_up_is_not_remembered(reader):
    page = text(1)
    await reader.see(page)
    await reader.see(text(2))
    assert not (await reader.see(page)).any()


async def test_caret_is_sharp_in_either_state(reader):
    off = text(1)
    on = off.copy()
    on[100:116, 200:202] = 0
    for page in (off, on):
        await reader.see(page)
        reader.read(page)
    for page in (off, on, off):
        assert (await reader.see(page)).all()


async def test_nothing_is_remembered_once_restoring_ends():
    with ThreadPoolExecutor(1) as executor:
        made = Scene(Marking(whole_ms=0.1), executor)
        reader = Reader(made)
        for seed in (1, 2):
            await reader.see(text(seed))
            reader.read(text(seed))
        await reader.see(text(3))
        assert made.restoring._memory.bytes_held > 0
        task = asyncio.create_task(made.restoring.run())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert made.restoring._memory.bytes_held == 0
