import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.geometry import Rect, Size
from edge.restore.backends.tiling import cheapest, inner, tiles

SHAPES = [Size(96, 48), Size(192, 96), Size(192, 168), Size(512, 168)]
HALO, PHASE = 12, 2


@given(
    wanted=st.builds(Rect, st.just(HALO), st.just(HALO), st.integers(1, 500), st.integers(1, 300)),
    shape=st.sampled_from(SHAPES),
    halo=st.sampled_from([0, 2, 5, 12]),
    phase=st.sampled_from([1, 2, 4]),
)
def test_tiles_cover_each_pixel_once_with_its_halo_wherever_they_end(wanted, shape, halo, phase):
    covered = np.zeros((wanted.bottom, wanted.right), dtype=int)
    for tile in tiles(wanted, shape, halo, phase):
        covered[tile.kept.slices] += 1
        assert tile.kept in wanted
        assert tile.seen.size == shape
        assert tile.kept.grown(halo) in tile.seen
        assert (tile.seen.x + halo - wanted.x) % phase == (tile.seen.y + halo - wanted.y) % phase == 0
    assert (covered[wanted.slices] == 1).all()
    assert covered.sum() == wanted.area


def test_shape_is_the_smallest_that_holds_what_changed():
    assert cheapest(SHAPES, Size(16, 8), HALO, PHASE, cores=1) == Size(96, 48)
    assert cheapest(SHAPES, Size(150, 60), HALO, PHASE, cores=1) == Size(192, 96)
    assert cheapest(SHAPES, Size(480, 144), HALO, PHASE, cores=1) == Size(512, 168)


def test_shape_is_one_that_keeps_every_core_busy_when_there_are_three():
    assert cheapest(SHAPES, Size(480, 144), HALO, PHASE, cores=3) == Size(192, 168)


def test_what_counts_of_a_tile_is_on_the_grid():
    assert inner(Size(96, 48), HALO, PHASE) == Size(72, 24)
    assert inner(Size(97, 49), HALO, 4) == Size(72, 24)
