import numpy as np
import pytest

from edge.restore.backends.planes import gathered, spread


@pytest.mark.parametrize("step", [1, 2, 4])
def test_gathered_channels_are_the_pixels_of_a_cell_in_reading_order(step):
    lr = np.random.default_rng(1).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    out = np.full((8 // step + 1, 12 // step + 2, 3 * step * step), 7, dtype=np.uint8)
    gathered(lr, step, out)
    for by in range(step):
        for bx in range(step):
            for c in range(3):
                assert np.array_equal(
                    out[: 8 // step, : 12 // step, (by * step + bx) * 3 + c], lr[by::step, bx::step, c]
                )
    assert (out[8 // step :] == 7).all()
    assert (out[:, 12 // step :] == 7).all()


@pytest.mark.parametrize("step", [1, 2, 4])
def test_spread_channels_come_to_their_pixels(step):
    planes = np.random.default_rng(2).integers(-128, 128, (48 * step * step, 3, 5)).astype(np.float32)
    blocks = spread(planes, step)
    assert blocks.shape == (3 * step, 5 * step, 48)
    for by in range(step):
        for bx in range(step):
            first = (by * step + bx) * 48
            assert np.array_equal(blocks[by::step, bx::step], planes[first : first + 48].transpose(1, 2, 0))


def test_spread_rounds_half_to_even_and_saturates():
    planes = np.zeros((48, 1, 8), dtype=np.float32)
    planes[0, 0] = [0.5, 1.5, -0.5, -1.5, 126.6, 200, -128.4, -1e9]
    assert list(spread(planes, 1)[0, :, 0]) == [0, 2, 0, -2, 127, 127, -128, -128]
