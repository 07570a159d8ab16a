"""How like a native picture a restored one is: PSNR, SSIM and GMSD of luma.

Luma is float32. Its squares are taken about mid-grey, which keeps what float32 rounds below the digits that are shown.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr

Luma = NDArray[np.float32]

PSNR_MAX_DB = 99.0
_WHITE = 255.0
_MID_GREY = np.float32(128)
_BT601 = np.array([[0.114, 0.587, 0.299]], dtype=np.float32)
_SSIM_WINDOW_PX, _SSIM_SIGMA_PX = 11, 1.5
_SSIM_C1, _SSIM_C2 = (0.01 * _WHITE) ** 2, (0.03 * _WHITE) ** 2
_GMSD_C = 170.0


def luma(bgr: Bgr) -> Luma:
    """Weigh B, G and R (height, width, 3) as BT.601 does: float32 (height, width), 0..255."""
    return _plane(cv2.transform(bgr.astype(np.float32), _BT601))


def squared_error(native: Luma, shown: Luma) -> Luma:
    """Give the squared differences of two lumas, float32 (height, width)."""
    difference = native - shown
    return difference * difference


def psnr_db(mean_squared: float) -> float:
    """PSNR of pictures of 0..255 with this mean squared error, at most `PSNR_MAX_DB`."""
    return min(PSNR_MAX_DB, 10 * float(np.log10(_WHITE**2 / max(mean_squared, 1e-12))))


def psnr_y_db(native: Luma, shown: Luma) -> float:
    """PSNR of luma in dB, at most `PSNR_MAX_DB`."""
    return psnr_db(float(squared_error(native, shown).mean(dtype=np.float64)))


def ssim_y(native: Luma, shown: Luma) -> float:
    """SSIM of luma (11 pixels and more each way): its mean where the Gaussian window lies wholly in the picture.

    Source: Wang et al., *Image Quality Assessment: From Error Visibility to Structural Similarity*, 2004.
    """
    x, y = native - _MID_GREY, shown - _MID_GREY
    mean_x, mean_y = _windowed(x), _windowed(y)
    variances = _windowed(x * x + y * y) - mean_x * mean_x - mean_y * mean_y
    covariance = _windowed(x * y) - mean_x * mean_y
    mean_x += _MID_GREY
    mean_y += _MID_GREY
    ssim = (2 * mean_x * mean_y + _SSIM_C1) * (2 * covariance + _SSIM_C2)
    ssim /= (mean_x * mean_x + mean_y * mean_y + _SSIM_C1) * (variances + _SSIM_C2)
    rim = _SSIM_WINDOW_PX // 2
    return float(ssim[rim:-rim, rim:-rim].mean(dtype=np.float64))


def gmsd_y(native: Luma, shown: Luma) -> float:
    """Gradient magnitude similarity deviation of luma: 0 for like pictures, more for worse ones.

    Source: Xue, Zhang, Mou and Bovik, *Gradient Magnitude Similarity Deviation: A Highly Efficient Perceptual Image
    Quality Index*, 2014.
    """
    x, y = _gradient_magnitude(native), _gradient_magnitude(shown)
    similarity = (2 * x * y + _GMSD_C) / (x * x + y * y + _GMSD_C)
    return float(similarity.std(dtype=np.float64))


def _windowed(plane: Luma) -> Luma:
    size = (_SSIM_WINDOW_PX, _SSIM_WINDOW_PX)
    return _plane(cv2.GaussianBlur(plane, size, _SSIM_SIGMA_PX, borderType=cv2.BORDER_REFLECT))


def _gradient_magnitude(plane: Luma) -> Luma:
    """Magnitude of the Prewitt gradient of the picture halved by the mean of 2x2; zeros lie beyond its edges."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    halved = cv2.resize(plane[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    step = np.array([1, 0, -1], dtype=np.float32) / np.float32(3)
    ones = np.ones(3, dtype=np.float32)
    across = cv2.sepFilter2D(halved, cv2.CV_32F, step, ones, borderType=cv2.BORDER_CONSTANT)
    down = cv2.sepFilter2D(halved, cv2.CV_32F, ones, step, borderType=cv2.BORDER_CONSTANT)
    return _plane(cv2.magnitude(across, down))


def _plane(array: Any) -> Luma:  # noqa: ANN401  OpenCV's own type of an array
    return np.asarray(array, dtype=np.float32)
