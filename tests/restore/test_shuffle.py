import cv2
import numpy as np
import pytest

from edge.restore.shuffle import box_mean, shuffle, to_picture, unshuffle


@pytest.fixture
def native() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (4 * 5, 4 * 7, 3), dtype=np.uint8)


def test_shuffle_undoes_unshuffle_when_sides_are_odd(native):
    assert np.array_equal(shuffle(unshuffle(native)), native)


def test_channel_is_row_then_column_then_colour_when_unshuffled(native):
    blocks = unshuffle(native)
    dy, dx, colour = 2, 3, 1
    assert np.array_equal(blocks[:, :, (dy * 4 + dx) * 3 + colour], native[dy::4, dx::4, colour])


def test_shuffle_accepts_blocks_when_they_are_cut_out_of_larger_ones(native):
    blocks = unshuffle(native)
    assert np.array_equal(shuffle(blocks[1:4, 2:6]), native[4:16, 8:24])


def test_box_mean_truncates_when_the_mean_is_not_whole():
    native = np.zeros((4, 8, 3), dtype=np.uint8)
    native[0, 0] = 15
    native[0, 4:6] = (16, 17, 31)
    assert box_mean(native).tolist() == [[[0, 0, 0], [2, 2, 3]]]


def test_box_mean_is_within_one_of_opencv_when_it_averages_areas(native):
    area = cv2.resize(native, (7, 5), interpolation=cv2.INTER_AREA).astype(int)
    difference = area - box_mean(native)
    assert difference.min() >= 0
    assert difference.max() <= 1


def test_to_picture_leaves_the_spare_byte_empty_when_writing():
    out = np.full((1, 2), 0xFFFFFFFF, dtype=np.uint32)
    to_picture(np.array([[[1, 2, 3], [255, 255, 255]]], dtype=np.uint8), out)
    assert out.tolist() == [[0x030201, 0xFFFFFF]]
