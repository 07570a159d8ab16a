import numpy as np

from edge.pixels import rgb565
from edge.restore.strips import SCALE, STRIP_PX, green, new_strips, old_strips, window_means
from tests.restore.moving import GRID, NATIVE, REDUCTION, at, long_page, low_of

EVERYWHERE = np.ones(GRID.size.shape, dtype=np.bool_)
SHARP = GRID.mask(value=True)


def test_means_at_every_fourth_pixel_are_the_evidence():
    picture = at(long_page(), 7, 5)
    assert np.array_equal(window_means(picture)[::SCALE, ::SCALE], green(low_of(picture)))


def test_strips_that_both_have_agree_on_where_the_picture_has_moved():
    page = long_page()
    old = old_strips(window_means(at(page, 10, 20)), SHARP, 32)
    new = new_strips(low_of(at(page, 31, 27)), EVERYWHERE)
    _, in_old, in_new = np.intersect1d(old.hashes, new.hashes, return_indices=True)
    down = old.y[in_old] - SCALE * new.y[in_new]
    right = old.x[in_old] - SCALE * new.x[in_new]
    assert in_old.size > 20
    assert np.mean((down == 21) & (right == 7)) > 0.95


def test_flat_and_periodic_pictures_have_no_telling_strips():
    flat = np.full(NATIVE.shape, 0xF0F0F0, dtype=np.uint32)
    striped = np.tile(np.array([0xFFFFFF] * 4 + [0x101010] * 4, dtype=np.uint32), (NATIVE.height, NATIVE.width // 8))
    for picture in (flat, striped):
        assert len(new_strips(low_of(picture), EVERYWHERE)) == 0
        assert len(old_strips(window_means(picture), SHARP, 32)) == 0


def test_strips_lie_where_they_are_wanted_and_sharp():
    picture = at(long_page(), 0)
    wanted = ~EVERYWHERE
    wanted[16:32, 40:80] = True
    new = new_strips(low_of(picture), wanted)
    assert len(new) > 0
    assert ((new.y >= 16) & (new.y < 32) & (new.x >= 40) & (new.x + STRIP_PX <= 80)).all()
    sharp = ~SHARP
    sharp[3:6, 4:9] = True
    old = old_strips(window_means(picture), sharp, 32)
    assert len(old) > 0
    assert ((old.y >= 96) & (old.y + SCALE <= 192) & (old.x >= 128) & (old.x + SCALE * STRIP_PX <= 288)).all()


def test_evidence_is_rounded_as_it_travels():
    picture = at(long_page(), 0)
    low = REDUCTION.reduce(picture, REDUCTION.low.rect)
    assert np.array_equal(rgb565(low), low)
