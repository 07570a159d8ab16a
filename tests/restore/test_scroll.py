import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.geometry import Grid, Size
from edge.pixels import from_bgr
from edge.restore.scroll import Scrolled, scrolled, window_means

NATIVE = Size(512, 384)
GRID = Grid(Size(128, 96), 8)
ALL = GRID.mask(value=True)
TILE = 32


def long_page(seed: int = 0) -> np.ndarray:
    """A page of text, 1200 rows high: every line differs."""
    page = np.full((1200, NATIVE.width, 3), 250, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    for line in range(54):
        words = "".join(chr(c) for c in rng.integers(33, 126, 44))
        cv2.putText(page, words, (4, 18 + 22 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    return from_bgr(page)


def at(page: np.ndarray, top: int) -> np.ndarray:
    return page[top : top + NATIVE.height].copy()


def quarter(picture: np.ndarray) -> np.ndarray:
    return window_means(picture)[::4].copy()


def assert_true(found: list[Scrolled], old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Every accepted tile, taken from the old picture, is the new picture's; return all accepted."""
    accepted = GRID.mask()
    for one in found:
        assert not (accepted & one.tiles).any()
        accepted |= one.tiles
        for row, column in np.argwhere(one.tiles):
            y, x = row * TILE, column * TILE
            moved = old[y + one.rows : y + one.rows + TILE, x : x + TILE]
            assert np.array_equal(moved, new[y : y + TILE, x : x + TILE])
    return accepted


@settings(max_examples=25)
@given(st.integers(0, 400), st.integers(-300, 300))
def test_scroll_by_any_number_of_rows_is_found_and_true(top, rows):
    page = long_page()
    bottom = min(max(top + rows, 0), 1200 - NATIVE.height)
    old, new = at(page, top), at(page, bottom)
    stale = ALL if bottom != top else GRID.mask()
    accepted = assert_true(scrolled(old, ALL, quarter(new), stale, GRID), old, new)
    visible = max(0, NATIVE.height - abs(bottom - top))
    whole_rows = max(0, visible // TILE - 1) if stale.any() else 0
    assert accepted.sum() >= whole_rows * GRID.columns


def test_what_is_made_up_is_never_taken_along():
    page = long_page()
    sharp = ALL.copy()
    sharp[5] = False
    found = scrolled(at(page, 0), sharp, quarter(at(page, 50)), ALL, GRID)
    for row in range(GRID.rows):
        touches = {(row * TILE + 50) // TILE, (row * TILE + 50 + TILE - 1) // TILE}
        assert not any(one.tiles[row].any() for one in found if 5 in touches and one.rows == 50)


def test_two_windows_that_scroll_apart_are_both_found():
    left, right = long_page(1), long_page(2)
    old, new = at(left, 100), at(left, 130)
    old[:, 256:], new[:, 256:] = at(right, 100)[:, 256:], at(right, 45)[:, 256:]
    found = scrolled(old, ALL, quarter(new), ALL, GRID)
    accepted = assert_true(found, old, new)
    assert {one.rows for one in found} >= {30, -55}
    assert accepted.mean() > 0.6


def test_another_page_is_not_taken_for_a_scroll():
    old, new = at(long_page(1), 0), at(long_page(2), 0)
    accepted = assert_true(scrolled(old, ALL, quarter(new), ALL, GRID), old, new)
    assert accepted.mean() < 0.1


def test_a_few_changed_tiles_are_not_searched():
    page = long_page()
    stale = GRID.mask()
    stale[3, 3:6] = True
    assert scrolled(at(page, 0), ALL, quarter(at(page, 40)), stale, GRID) == []
