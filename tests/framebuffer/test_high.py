import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import TILE_PX, differing
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size

NATIVE = Size(128, 96)
REDUCTION = Reduction(NATIVE, 4)
LOW = REDUCTION.low


def desktop(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A native picture, and what the server makes of it at a quarter of the size."""
    native = np.random.default_rng(seed).integers(0, 1 << 24, NATIVE.shape, dtype=np.uint32)
    return native, REDUCTION.reduce(native, LOW.rect)


def upscaled(low: np.ndarray) -> np.ndarray:
    return low.repeat(4, axis=0).repeat(4, axis=1)


@pytest.fixture
def high() -> HighFramebuffer:
    return HighFramebuffer(REDUCTION)


def all_tiles(high: HighFramebuffer) -> np.ndarray:
    return high.grid.mask(value=True)


def none(high: HighFramebuffer) -> np.ndarray:
    return high.grid.mask()


def test_every_tile_is_stale_when_nothing_was_shown(high):
    assert high.stale(np.zeros(LOW.shape, dtype=np.uint32), all_tiles(high)).all()


def test_tile_is_kept_when_its_evidence_is_the_same(high):
    _, low = desktop(1)
    high.restore(LOW.rect, upscaled(low), low)
    changed = low.copy()
    changed[0, 0] ^= 1
    assert np.argwhere(high.stale(changed, all_tiles(high))).tolist() == [[0, 0]]


def test_confirm_makes_exact_what_fits_the_evidence(high):
    native, low = desktop(1)
    high.restore(LOW.rect, upscaled(low), low)
    assert high.confirm(NATIVE.rect, native, low, none(high)).all()
    assert (high.state == TileState.EXACT).all()
    assert np.array_equal(high.picture, native)


def test_confirm_leaves_a_tile_alone_when_covered_in_part(high):
    native, low = desktop(1)
    high.restore(LOW.rect, upscaled(low), low)
    rect = Rect(1, 0, 64, 64)
    high.confirm(rect, native[rect.slices], low, none(high))
    assert np.argwhere(high.state == TileState.EXACT).tolist() == [[0, 1], [1, 1]]


def test_full_size_reply_waits_when_it_is_ahead_of_the_low_resolution(high):
    _, before = desktop(1)
    native, after = desktop(2)
    high.restore(LOW.rect, upscaled(before), before)
    assert not high.confirm(NATIVE.rect, native, before, none(high)).any()
    assert (high.state == TileState.RESTORED).all()
    stale = high.stale(after, all_tiles(high))
    assert high.recall(after, stale).all()
    assert np.array_equal(high.picture, native)


def test_full_size_reply_is_believed_when_asked_for_after_the_low_resolution(high):
    _, before = desktop(1)
    native, after = desktop(2)
    high.restore(LOW.rect, upscaled(before), before)
    assert high.confirm(NATIVE.rect, native, before, all_tiles(high)).all()
    assert (high.state == TileState.EXACT).all()
    assert not high.stale(after, all_tiles(high)).any()


def test_caret_stays_sharp_when_it_blinks(high):
    off, low_off = desktop(1)
    on = off.copy()
    on[10:26, 33:35] = 0
    low_on = REDUCTION.reduce(on, LOW.rect)
    high.restore(LOW.rect, upscaled(low_off), low_off)
    high.confirm(NATIVE.rect, off, low_off, none(high))
    high.restore(Rect(8, 0, 8, 8), upscaled(low_on)[:32, 32:64], low_on)
    high.confirm(NATIVE.rect, on, low_on, none(high))
    for native, low in ((off, low_off), (on, low_on), (off, low_off)):
        stale = high.stale(low, all_tiles(high))
        assert stale.any()
        assert np.array_equal(high.recall(low, stale), stale)
        assert np.array_equal(high.picture, native)
        assert high.state[0, 1] == TileState.LIKELY


def test_likely_spare_waits_when_only_what_the_server_sent_is_wanted(high):
    native, low = desktop(1)
    _, other = desktop(2)
    high.restore(LOW.rect, upscaled(low), low)
    high.confirm(NATIVE.rect, native, low, none(high))
    high.restore(LOW.rect, upscaled(other), other)
    assert not high.recall(low, all_tiles(high), TileState.EXACT).any()
    assert high.recall(low, all_tiles(high)).all()


def test_moved_tiles_show_the_source_and_are_confirmed_by_the_server(high):
    native, _ = desktop(1)
    shifted = np.roll(native, (-5, -3), axis=(0, 1))
    low = REDUCTION.reduce(shifted, LOW.rect)
    tiles = none(high)
    tiles[1, 0:3] = True
    high.move(native, 3, 5, tiles, low)
    assert np.array_equal(high.picture[32:64, :96], shifted[32:64, :96])
    assert np.array_equal(high.state == TileState.LIKELY, tiles)
    assert not (tiles & high.stale(low, all_tiles(high))).any()
    high.confirm(NATIVE.rect, shifted, low, none(high))
    assert (high.agreed, high.disagreed) == (3, 0)


def test_likely_tile_counts_as_wrong_when_the_server_disagrees(high):
    native, low = desktop(1)
    _, low_other = desktop(2)
    high.restore(LOW.rect, upscaled(low), low)
    high.confirm(NATIVE.rect, native, low, none(high))
    high.restore(LOW.rect, upscaled(low_other), low_other)
    high.recall(low, high.stale(low, all_tiles(high)))
    assert (high.state == TileState.LIKELY).all()
    same_mean = native.copy()
    # Two pixels of one block trade places: no low-resolution picture can tell.
    same_mean[0, 0], same_mean[0, 1] = native[0, 1], native[0, 0]
    assert np.argwhere(high.confirm(NATIVE.rect, same_mean, low, none(high))).tolist() == [[0, 0]]
    assert high.disagreed == 1
    assert np.array_equal(high.picture, same_mean)
    assert (high.state == TileState.EXACT).all()


steps = st.lists(
    st.tuples(st.sampled_from(["low", "full"]), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=12
)


@given(steps)
def test_exact_tiles_always_have_the_mean_of_the_last_evidence(steps):
    high = HighFramebuffer(REDUCTION)
    low = np.zeros(LOW.shape, dtype=np.uint32)
    for what, seed, column, row in steps:
        native, reduced = desktop(seed)
        tile = Rect(column * TILE_PX, row * TILE_PX, TILE_PX, TILE_PX)
        if what == "low":
            low[tile.slices] = reduced[tile.slices]
            stale = high.stale(low, all_tiles(high))
            stale &= ~high.recall(low, stale)
            for rect in high.grid.rectangles(stale):
                high.restore(rect, upscaled(low)[rect.scaled(4).slices], low)
        else:
            area = REDUCTION.to_native(tile)
            high.confirm(area, native[area.slices], low, none(high))
        sharp = high.state >= TileState.LIKELY
        mean = REDUCTION.reduce(high.picture, LOW.rect)
        assert not (sharp & differing(mean, low)).any()
        seen = high.state != TileState.EMPTY
        assert not (seen & differing(mean, low)).any()
