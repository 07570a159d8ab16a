import numpy as np

from edge.geometry import Rect
from edge.restore.sheet import Sheet, tile_hashes
from edge.restore.strips import window_means
from tests.restore.moving import ALL, GRID, TILE_PX, at, long_page, low_of


def test_sheet_is_the_same_once_packed_and_takes_a_fraction():
    picture = at(long_page(), 0)
    sheet = Sheet(picture.copy(), ALL, low_of(picture), GRID)
    sheet.pack()
    assert sheet.packed
    assert sheet.bytes_unpacked == 0
    assert sheet.bytes_packed < 0.25 * picture.nbytes
    assert np.array_equal(sheet.picture, picture)
    assert np.array_equal(sheet.means, window_means(picture))
    assert not sheet.packed


def test_nothing_of_what_was_not_sharp_is_packed():
    picture = at(long_page(), 0)
    sharp = ALL.copy()
    sharp[2, 3:5] = False
    sheet = Sheet(picture.copy(), sharp, low_of(picture), GRID)
    sheet.pack()
    part = Rect(3 * TILE_PX, 2 * TILE_PX, 2 * TILE_PX, TILE_PX)
    assert not sheet.picture[part.slices].any()
    assert np.count_nonzero(sheet.picture != picture) == np.count_nonzero(picture[part.slices])


def test_tile_is_known_by_its_pixels_and_the_ring_around_them():
    low = low_of(at(long_page(), 0))
    before = tile_hashes(low, GRID)
    low[8 * 3 + 1, 8 * 5 + 7] ^= 0x8
    assert {tuple(map(int, where)) for where in np.argwhere(tile_hashes(low, GRID) != before)} == {
        (2, 5), (2, 6), (3, 5), (3, 6),
    }  # fmt: skip
    low[8 * 3 + 1, 8 * 5 + 7] ^= 0x8
    low[8 * 3 + 4, 8 * 5 + 4] ^= 0x8
    assert np.argwhere(tile_hashes(low, GRID) != before).tolist() == [[3, 5]]
