import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Grid, Rect, Size, any_in_tiles

SIZE = Size(45, 38)
GRID = Grid(SIZE, 8)

rects = st.builds(Rect, st.integers(-5, 50), st.integers(-5, 50), st.integers(0, 60), st.integers(0, 60))


def pixels(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@given(rects, rects)
def test_and_is_the_intersection_of_pixels(a, b):
    assert pixels(a & b) == pixels(a) & pixels(b)


@given(rects, rects)
def test_or_holds_both_and_is_no_larger_than_it_must_be(a, b):
    around = a | b
    both = pixels(a) | pixels(b)
    assert both <= pixels(around)
    if both:
        xs, ys = zip(*both, strict=True)
        assert around == Rect(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)


@given(rects)
def test_touched_are_the_tiles_with_a_pixel_of_the_rectangle(rect):
    mask = GRID.mask()
    mask[GRID.touched(rect)] = True
    for row in range(GRID.rows):
        for column in range(GRID.columns):
            assert mask[row, column] == bool(GRID.rect(row, column) & rect)


@given(rects)
def test_covered_are_the_tiles_whose_pixels_all_lie_in_the_rectangle(rect):
    mask = GRID.mask()
    mask[GRID.covered(rect)] = True
    for row in range(GRID.rows):
        for column in range(GRID.columns):
            assert mask[row, column] == (GRID.rect(row, column) in (rect & SIZE.rect))


@given(st.integers(0, (1 << 30) - 1))
def test_rectangles_cover_exactly_the_mask_and_never_overlap(bits):
    mask = np.array([bits >> i & 1 for i in range(GRID.rows * GRID.columns)], dtype=np.bool_).reshape(GRID.shape)
    covered = np.zeros(SIZE.shape, dtype=int)
    for rect in GRID.rectangles(mask):
        covered[rect.slices] += 1
    expected = mask.repeat(8, axis=0).repeat(8, axis=1)[: SIZE.height, : SIZE.width]
    assert np.array_equal(covered, expected.astype(int))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(0, 1 << 30))
def test_any_in_tiles_names_the_tiles_with_a_set_pixel(height, width, tile_px, seed):
    pixels = np.random.default_rng(seed).random((height, width)) < 0.03
    grid = Grid(Size(width, height), tile_px)
    mask = any_in_tiles(pixels, tile_px)
    assert mask.shape == grid.shape
    for row in range(grid.rows):
        for column in range(grid.columns):
            assert mask[row, column] == pixels[grid.rect(row, column).slices].any()
