import numpy as np

from edge.framebuffer.low import LowFramebuffer, differing
from edge.geometry import Rect, Size


def test_damage_names_the_tiles_drawn_and_starts_anew_when_taken():
    low = LowFramebuffer(Size(30, 20))
    low.draw(Rect(7, 0, 2, 3), np.ones((3, 2), dtype=np.uint32))
    assert low.damage.any()
    assert low.take_damage().tolist() == [[True, True, False, False], [False] * 4, [False] * 4]
    assert not low.damage.any()


def test_copy_moves_pixels_when_source_and_target_overlap():
    low = LowFramebuffer(Size(16, 8))
    row = np.arange(16, dtype=np.uint32)
    low.draw(Rect(0, 0, 16, 8), np.tile(row, (8, 1)))
    low.copy(Rect(2, 0, 10, 8), 0, 0)
    assert low.picture[0].tolist() == [0, 1, *range(10), *range(12, 16)]


def test_differing_finds_one_pixel_in_a_tile_cut_by_the_edge():
    a = np.zeros((20, 30), dtype=np.uint32)
    b = a.copy()
    b[19, 29] = 1
    assert np.argwhere(differing(a, b)).tolist() == [[2, 3]]
