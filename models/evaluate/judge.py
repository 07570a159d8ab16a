"""PSNR and SSIM of luma, over sets of held-out native pictures."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from edge.pixels import Bgr
from edge.restore.backends.card import Quality
from edge.restore.shuffle import box_mean
from models.evaluate.methods import Method


def luma(bgr: Bgr) -> NDArray[np.float64]:
    """Weigh B, G and R as BT.601 does: float64 (height, width), 0..255."""
    weighted: NDArray[np.float64] = bgr @ np.array([0.114, 0.587, 0.299])
    return weighted


def psnr_y(native: Bgr, shown: Bgr) -> float:
    """PSNR of luma in dB, at most 99."""
    squared = float(np.mean((luma(native) - luma(shown)) ** 2))
    return min(99.0, 10 * float(np.log10(255**2 / max(squared, 1e-12))))


def ssim_y(native: Bgr, shown: Bgr) -> float:
    """SSIM of luma, with the Gaussian window of its authors.

    Source: Wang et al., *Image Quality Assessment: From Error Visibility to Structural Similarity*, 2004.
    """
    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            luma(native), luma(shown), data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
    )


def judge(folder: Path, kind: str, methods: Mapping[str, Method]) -> dict[str, Quality]:
    """Judge each method by the pictures `folder`/`kind`-*.png: means over pictures."""
    paths = sorted(folder.glob(f"{kind}-*.png"))
    if not paths:
        raise FileNotFoundError(f"no pictures {kind}-*.png in {folder}; make them with: python -m models.data")
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for path in paths:
        native: Bgr = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)
        lr = box_mean(native)
        for name, method in methods.items():
            shown = method(lr)
            scores[name].append((psnr_y(native, shown), ssim_y(native, shown)))
    return {
        name: Quality(*(round(float(mean), 4) for mean in np.mean(values, axis=0))) for name, values in scores.items()
    }
