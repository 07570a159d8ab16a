"""Pictures with the statistics of photographs: slopes, clouds, round things with shadows, grain."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def scene(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """Paint a scene of BGR bytes (height, width, 3) that `seed` determines."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * across + np.sin(angle) * down)[:, :, None]
    paint = rng.uniform(0, 255, 3) * (1 - slope) + rng.uniform(0, 255, 3) * slope
    paint = paint.astype(np.float32) + _clouds(rng, width, height) * rng.uniform(20, 110)
    for _ in range(rng.integers(3, 14)):
        mask = np.zeros((height, width), dtype=np.uint8)
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(4, width / 4)), int(rng.uniform(4, height / 4)))
        if rng.random() < 0.6:
            cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
        else:
            corners = np.array(centre) + rng.normal(0, 1, (int(rng.integers(3, 7)), 2)) * axes
            cv2.fillPoly(mask, [corners.astype(np.int32)], 255, cv2.LINE_AA)
        alpha: NDArray[Any] = mask[:, :, None] / np.float32(255)
        if rng.random() < 0.4:
            alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.7, 6))[:, :, None]
        light = 1 + rng.uniform(-0.6, 0.6) * (across - centre[0] / width)[:, :, None]
        body = rng.uniform(0, 255, 3).astype(np.float32) * light + _clouds(rng, width, height) * rng.uniform(0, 50)
        paint = paint * (1 - alpha) + body * alpha
    paint += rng.normal(0, rng.uniform(0, 5), paint.shape).astype(np.float32)
    painted: NDArray[np.uint8] = np.clip(paint, 0, 255).astype(np.uint8)
    return painted


def _clouds(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Sum noise of all sizes, the large ones strong: (height, width, 1), about -1 to 1."""
    total = np.zeros((height, width), dtype=np.float32)
    roughness = rng.uniform(0.4, 0.75)
    for octave in range(2, 9):
        noise = rng.normal(0, 1, (2 ** (octave - 1) + 2, 2**octave + 2)).astype(np.float32)
        total += roughness**octave * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    clouds: NDArray[np.float32] = (total / (np.abs(total).max() + 1e-6))[:, :, None]
    return clouds
