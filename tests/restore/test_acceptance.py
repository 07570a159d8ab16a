import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.restore.acceptance import Acceptance, Offset, sources
from edge.restore.sheet import Sheet
from tests.restore.moving import ALL, GRID, NATIVE, REDUCTION, TILE_PX, at, long_page, low_of, ruled


def accepted(old: np.ndarray, new: np.ndarray, offset: Offset, fewest: int = 16) -> np.ndarray:
    sheet = Sheet(old, ALL, low_of(old), GRID)
    tiles = sources(ALL, offset, NATIVE.shape, TILE_PX)
    return Acceptance(low_of(new), GRID, REDUCTION.reduce).accepted(sheet, offset, tiles, tiles, fewest)


@given(st.integers(-700, 700), st.integers(-500, 500), st.integers(0, 1 << 30))
def test_sources_are_sharp_tiles_inside_the_picture(right, down, seed):
    sharp = np.random.default_rng(seed).random(GRID.shape) < 0.9
    found = sources(sharp, Offset(right, down), NATIVE.shape, TILE_PX)
    pixels = sharp.repeat(TILE_PX, axis=0).repeat(TILE_PX, axis=1)
    for row in range(GRID.rows):
        for column in range(GRID.columns):
            y, x = row * TILE_PX + down, column * TILE_PX + right
            inside = 0 <= y <= NATIVE.height - TILE_PX and 0 <= x <= NATIVE.width - TILE_PX
            expected = inside and bool(pixels[y : y + TILE_PX, x : x + TILE_PX].all())
            assert found[row, column] == expected


def test_true_offset_is_accepted_and_the_ones_beside_it_are_not():
    page = long_page()
    old, new = at(page, 0, 10), at(page, 61, 30)
    assert accepted(old, new, Offset(20, 61)).sum() > 150
    for right, down in ((19, 61), (21, 61), (20, 60), (20, 62), (20, 61 + 22)):
        assert not accepted(old, new, Offset(right, down)).any()


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_lines_alone_pin_nothing(shift):
    assert not accepted(ruled(32, 4, 5), ruled(32, 4 + shift, 5), Offset(0, 0)).any()


def test_lines_go_with_the_text_that_they_hang_together_with():
    page = at(long_page(), 0)
    page[:, 384:] = 0xFFFFFF
    page[:, 400:640:40] = 0xC0C6CE
    page[16::31, 384:] = 0xC0C6CE
    moved = np.roll(page, -8, axis=0)
    tiles = accepted(page, moved, Offset(0, 8))
    assert tiles[1:-2, 13:19].mean() > 0.9


def dashed(top: int) -> np.ndarray:
    """A page that begins with a line of dashes, a native pixel thick."""
    page = at(long_page(), 0)
    page[: TILE_PX + 8] = 0xFAFAFA
    for left in range(0, NATIVE.width, 6):
        page[top, left : left + 4] = 0x202020
    return page


def test_what_a_torn_screen_leaves_of_another_place_is_not_taken_for_this_one():
    """A page is back where it was, but its first rows still show a line of dashes that has moved by a pixel."""
    page, torn = dashed(9), dashed(10)
    assert np.array_equal(low_of(page), low_of(torn))
    tiles = accepted(page, torn, Offset(0, 0))
    assert not tiles[0].any()
    assert tiles[3:].all()


def test_what_is_held_from_both_sides_is_believed():
    page = at(long_page(), 0)
    page[4 * TILE_PX : 7 * TILE_PX] = 0xFAFAFA
    for left in range(0, NATIVE.width, 6):
        page[5 * TILE_PX + 9, left : left + 4] = 0x202020
    assert accepted(page, page, Offset(0, 0)).all()


def test_scattered_fits_are_not_credible():
    page, other = at(long_page(1), 0), at(long_page(2), 0)
    mixed = other.copy()
    some = np.random.default_rng(3).random(GRID.shape) < 0.4
    pixels = some.repeat(TILE_PX, axis=0).repeat(TILE_PX, axis=1)
    mixed[pixels] = page[pixels]
    assert not accepted(page, mixed, Offset(0, 0)).any()


def test_neighbouring_pixels_must_fit_as_well():
    """What crosses the edge of a tile may be too faint in it to change its means."""
    page = at(long_page(), 0)
    changed = page.copy()
    changed[5 * TILE_PX : 5 * TILE_PX + 4, 8 * TILE_PX : 9 * TILE_PX] = 0
    tiles = accepted(page, changed, Offset(0, 0))
    assert not tiles[4:6, 8].any()
    assert tiles[3, 8]
    assert tiles[6, 8]
