import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.framebuffer.reduction import Reduction
from edge.geometry import Grid, Size
from edge.restore.memory import MOST_ALONE, MOST_UNPACKED, Memory
from tests.restore.moving import ALL, GRID, NATIVE, TILE_PX, assert_true, at, long_page, low_of, memory_of, ruled


@settings(max_examples=25, deadline=None)
@given(st.integers(-300, 300), st.integers(-400, 400))
def test_text_that_moved_by_any_number_of_pixels_is_found_and_true(down, right):
    page = long_page()
    old, new = at(page, 400, 300), at(page, 400 + down, max(0, 300 + right) if right > -300 else 0)
    right = max(right, -300)
    right = min(right, 1200 - NATIVE.width - 300)
    new = at(page, 400 + down, 300 + right)
    accepted = assert_true(memory_of(old).search(low_of(new), ALL), new)
    # A tile whose pixels, and those next to them, were on the old picture.
    rows = max(0, (NATIVE.height - abs(down)) // TILE_PX - 2)
    columns = max(0, (NATIVE.width - abs(right)) // TILE_PX - 2)
    if rows * columns >= 40:
        assert accepted.sum() >= rows * columns


def test_picture_that_comes_back_is_known_in_every_tile():
    old, other = at(long_page(1), 0), at(long_page(2), 0)
    memory = memory_of(old, other)
    assert assert_true(memory.search(low_of(old), ALL), old).all()


def test_page_that_comes_back_scrolled_is_known_when_another_was_shown_since():
    page, other = long_page(1), at(long_page(2), 0)
    new = at(page, 137)
    accepted = assert_true(memory_of(at(page, 0), other).search(low_of(new), ALL), new)
    assert accepted.mean() > 0.5


def test_two_windows_that_move_apart_are_both_found():
    left, right = long_page(1), long_page(2)
    old, new = at(left, 100), at(left, 130)
    old[:, 320:], new[:, 320:] = at(right, 100)[:, 320:], at(right, 45, 3)[:, 320:]
    found = memory_of(old).search(low_of(new), ALL)
    accepted = assert_true(found, new)
    assert {(one.offset.x, one.offset.y) for one in found} >= {(0, 30), (3, -55)}
    assert accepted.mean() > 0.5


def test_window_dragged_over_a_page_is_found_with_what_it_uncovers():
    page, window = at(long_page(1), 0), at(long_page(2), 0)[:256, :320]
    old, new = page.copy(), page.copy()
    old[64:320, 64:384] = window
    new[101:357, 115:435] = window
    accepted = assert_true(memory_of(page, old).search(low_of(new), ALL), new)
    assert accepted.mean() > 0.8


def test_update_in_pieces_finds_the_offset_in_each():
    page = long_page()
    old, new = at(page, 0), at(page, 61)
    memory = memory_of(old)
    accepted = GRID.mask()
    shown = low_of(old)
    for half in (slice(0, 8), slice(8, None)):
        wanted = GRID.mask()
        wanted[half] = True
        shown = np.where(wanted.repeat(8, axis=0).repeat(8, axis=1), low_of(new), shown)
        accepted |= assert_true(memory.search(shown, wanted), new)
    assert accepted[:12].mean() > 0.85


def test_what_is_made_up_is_never_taken_along():
    page = long_page()
    sharp = ALL.copy()
    sharp[5] = False
    new = at(page, 50)
    for one in memory_of(at(page, 0), sharp=sharp).search(low_of(new), ALL):
        top = np.arange(GRID.rows) * TILE_PX + one.offset.y
        touches = (top // TILE_PX <= 5) & ((top + TILE_PX - 1) // TILE_PX >= 5)
        assert not one.tiles[touches].any()


def test_another_page_is_not_taken_for_one_seen():
    new = at(long_page(2), 0)
    assert assert_true(memory_of(at(long_page(1), 0)).search(low_of(new), ALL), new).sum() == 0


@pytest.mark.parametrize("shift", [1, 2, 31])
def test_table_lines_are_not_believed_without_text_beside_them(shift):
    """A line looks the same at low resolution wherever in a pixel it runs."""
    old, new = ruled(31, 4, 5), ruled(31, 4 + shift, 5)
    assert_true(memory_of(old).search(low_of(new), ALL), new)


def test_two_pictures_that_look_alike_at_low_resolution_are_both_refused():
    one = at(long_page(), 0)
    other = one.copy()
    # Two pixels of one block trade places: no mean can tell.
    other[100, 200], other[100, 201] = one[100, 203], one[100, 200]
    other[100, 203] = one[100, 201]
    assert np.array_equal(low_of(one), low_of(other))
    found = memory_of(one, other).search(low_of(one), ALL)
    accepted = assert_true(found, one)
    assert not accepted[3, 6]
    assert accepted.sum() > 0.9 * accepted.size


def test_few_changed_tiles_return_to_what_they_were_and_no_further():
    page = long_page()
    old = at(page, 0)
    wanted = GRID.mask()
    wanted[5, 5 : 5 + MOST_ALONE] = True
    memory = memory_of(old)
    assert np.array_equal(assert_true(memory.search(low_of(old), wanted), old), wanted)
    assert memory.search(low_of(at(page, 44)), wanted) == []


def test_a_letter_is_not_looked_for_in_what_is_packed():
    page = long_page()
    memory = memory_of(*(at(page, top) for top in range(0, 900, 150)))
    while memory.tidy():
        pass
    before = memory.bytes_held
    wanted = GRID.mask()
    wanted[5, 5:7] = True
    assert memory.search(low_of(at(page, 0)), wanted) == []
    assert memory.bytes_held == before


def test_packed_memory_finds_the_same_at_a_fraction_of_the_bytes():
    page = long_page()
    memory = memory_of(*(at(page, top) for top in range(0, 900, 150)))
    before = memory.bytes_held
    while memory.tidy():
        pass
    assert memory.bytes_held < 0.75 * before
    new = at(page, 30)
    assert assert_true(memory.search(low_of(new), ALL), new).mean() > 0.8


def test_memory_stays_within_its_budget_and_keeps_what_was_of_use():
    pages = [at(long_page(seed), 0) for seed in range(8)]
    memory = Memory(NATIVE.shape, GRID, Reduction(NATIVE, 4).reduce, budget_bytes=600_000)
    for page in pages:
        memory.remember(page, ALL, low_of(page))
        memory.search(low_of(pages[0]), ALL)
        while memory.tidy():
            pass
    assert memory.bytes_held < 600_000 + MOST_UNPACKED * 1.25 * pages[0].nbytes
    assert memory.search(low_of(pages[0]), ALL)
    assert not memory.search(low_of(pages[1]), ALL)


def test_nothing_is_left_once_it_forgets():
    old = at(long_page(), 0)
    memory = memory_of(old)
    memory.forget()
    assert memory.search(low_of(old), ALL) == []
    assert memory.bytes_held == 0


def test_edge_that_the_server_never_sends_is_not_believed():
    native = Size(642, 481)
    reduction = Reduction(native, 4)
    grid = Grid(reduction.low, 8)
    old = long_page()[: native.height, : native.width].copy()
    memory = Memory(native.shape, grid, reduction.reduce)
    every = grid.mask(value=True)
    low = reduction.reduce(old, reduction.low.rect)
    memory.remember(old, every, low)
    accepted = grid.mask()
    for one in memory.search(low, every):
        accepted |= one.tiles
    assert accepted[:-1, :-1].all()
    assert not accepted[-1].any()
    assert not accepted[:, -1].any()
