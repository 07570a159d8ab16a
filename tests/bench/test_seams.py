import cv2
import numpy as np

from edge.restore.backends.classical import ClassicalBackend
from tests.bench.seams import combined, radical_inverse, run


def test_grids_of_passes_lie_between_those_before():
    assert [radical_inverse(number, 2) for number in range(5)] == [0, 0.5, 0.25, 0.75, 0.125]


def test_full_halo_is_exact_on_every_grid_and_the_deepest_of_passes_without_one():
    network = ClassicalBackend()
    lr = np.random.default_rng(1).integers(0, 256, (110, 130, 3), dtype=np.uint8)
    halo = network.halo_px
    padded = cv2.copyMakeBorder(lr, halo, halo, halo, halo, cv2.BORDER_REPLICATE)
    whole = network.residual(np.asarray(padded, np.uint8))[halo:-halo, halo:-halo]
    for number in range(3):
        assert np.array_equal(run(network, lr, halo, number).residual, whole)
    passes = [run(network, lr, 0, number) for number in range(4)]
    assert not np.array_equal(passes[0].residual, whole)
    assert np.array_equal(dict(combined(passes))["deepest"], whole)
