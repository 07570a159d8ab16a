import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.restore.consistency import RESIDUAL_STEP, consistent_bands
from edge.restore.shuffle import box_mean, shuffle, unshuffle


def restored(lr: np.ndarray, residual: np.ndarray) -> np.ndarray:
    out = np.empty((4 * lr.shape[0], 4 * lr.shape[1], 3), dtype=np.uint8)
    for rows, blocks in consistent_bands(lr, residual):
        out[4 * rows.start : 4 * rows.stop] = shuffle(blocks)
    return out


extremes = st.sampled_from([0, 1, 2, 127, 128, 253, 254, 255])
steps = st.sampled_from([-128, -127, -1, 0, 1, 126, 127])


@st.composite
def guesses(draw):
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    lr = draw(arrays.arrays(np.uint8, (height, width, 3), elements=st.one_of(extremes, st.integers(0, 255))))
    shape = (height, width, 48)
    return lr, draw(arrays.arrays(np.int8, shape, elements=st.one_of(steps, st.integers(-128, 127))))


@given(guesses())
@settings(max_examples=300, deadline=None)
@example((np.full((1, 1, 3), 255, np.uint8), np.full((1, 1, 48), -128, np.int8)))
@example((np.full((1, 1, 3), 0, np.uint8), np.full((1, 1, 48), 127, np.int8)))
@example((np.full((1, 1, 3), 128, np.uint8), np.repeat(np.array([127, -128], np.int8), 24).reshape(1, 1, 48)))
def test_each_blocks_mean_is_the_received_pixel_whatever_the_residual(guess):
    lr, residual = guess
    assert np.array_equal(box_mean(restored(lr, residual)), lr)


@given(
    level=st.integers(62, 193),
    light=arrays.arrays(np.int8, (8, 3), elements=st.integers(-31, 31)),
    order=st.permutations(range(16)),
)
def test_nothing_is_mended_when_the_guess_has_the_received_mean(level, light, order):
    residual = np.concatenate([light, -light])[order]
    lr = np.full((1, 1, 3), level, dtype=np.uint8)
    blocks = unshuffle(restored(lr, residual.reshape(1, 1, 48)))
    assert np.array_equal(blocks.reshape(16, 3).astype(int), level + RESIDUAL_STEP * residual.astype(int))


def test_each_blocks_mean_is_the_received_pixel_when_a_frame_is_noise():
    rng = np.random.default_rng(3)
    lr = rng.integers(0, 256, (270, 480, 3), dtype=np.uint8)
    residual = rng.integers(-128, 128, (270, 480, 48)).astype(np.int8)
    assert np.array_equal(box_mean(restored(lr, residual)), lr)


def test_pixels_are_mended_evenly_when_some_are_white_already():
    lr = np.full((1, 1, 3), 250, dtype=np.uint8)
    residual = np.full((1, 1, 48), -10, dtype=np.int8)
    residual[0, 0, :24] = 60
    blocks = unshuffle(restored(lr, residual)).reshape(16, 3)
    assert (blocks[:8] == 255).all()
    assert blocks[8:].max() - blocks[8:].min() <= 1


def test_input_is_left_alone_when_blocks_are_mended():
    lr = np.full((2, 2, 3), 200, dtype=np.uint8)
    residual = np.full((2, 2, 48), 100, dtype=np.int8)
    restored(lr, residual)
    assert (lr == 200).all()
    assert (residual == 100).all()
