import numpy as np
import pytest
from scipy.signal import convolve2d
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from models.evaluate.likeness import PSNR_MAX_DB, gmsd_y, luma, psnr_y_db, ssim_y


@pytest.fixture
def pair():
    """Text-like strokes, and the same with each pixel a little off."""
    rng = np.random.default_rng(1)
    native = np.where(rng.random((96, 131, 3)) < 0.2, rng.integers(0, 80, (96, 131, 3)), 250).astype(np.uint8)
    off = rng.integers(-40, 40, native.shape)
    return native, np.clip(native.astype(int) + off, 0, 255).astype(np.uint8)


def test_luma_weighs_blue_green_and_red_as_bt601_does():
    bgr = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    assert luma(bgr)[0] == pytest.approx(255 * np.array([0.114, 0.587, 0.299, 1]), rel=1e-6)


def test_psnr_agrees_with_its_definition_and_an_independent_implementation(pair):
    native, shown = map(luma, pair)
    assert psnr_y_db(native, shown) == pytest.approx(peak_signal_noise_ratio(native, shown, data_range=255), abs=1e-4)
    assert psnr_y_db(native, native + 10) == pytest.approx(20 * np.log10(25.5), abs=1e-4)
    assert psnr_y_db(native, native) == PSNR_MAX_DB


def test_ssim_agrees_with_an_independent_implementation(pair):
    native, shown = map(luma, pair)
    expected = structural_similarity(
        native.astype(float),
        shown.astype(float),
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim_y(native, shown) == pytest.approx(expected, abs=1e-5)
    assert ssim_y(native, native) == pytest.approx(1)


def test_ssim_agrees_where_light_pictures_differ_by_a_grey_level():
    rng = np.random.default_rng(2)
    native = luma(np.full((64, 64, 3), 250, dtype=np.uint8))
    shown = native + rng.integers(0, 2, native.shape).astype(np.float32)
    expected = structural_similarity(
        native.astype(float),
        shown.astype(float),
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim_y(native, shown) == pytest.approx(expected, abs=1e-5)


def test_gmsd_agrees_with_its_formula_written_out(pair):
    native, shown = map(luma, pair)

    def gradient(plane):
        halved = plane[: 96 // 2 * 2, : 131 // 2 * 2].astype(float).reshape(48, 2, 65, 2).mean(axis=(1, 3))
        prewitt = np.array([[1, 0, -1]] * 3) / 3
        return np.hypot(convolve2d(halved, prewitt, "same"), convolve2d(halved, prewitt.T, "same"))

    x, y = gradient(native), gradient(shown)
    similarity = (2 * x * y + 170) / (x**2 + y**2 + 170)
    expected = np.sqrt(((similarity - similarity.mean()) ** 2).mean())
    assert expected > 0.03
    assert gmsd_y(native, shown) == pytest.approx(expected, abs=1e-6)
    assert gmsd_y(native, native) == 0
