"""Pictures with the statistics of photographs: things before things, of all sizes, with light, grain and haze.

Source: Lee, Mumford and Huang, *Occlusion Models for Natural Images*, 2001 (leaves whose radii fall as the cube).
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SMALLEST_PX = 3.0
_PX_PER_LEAF = 1500


def scene(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """Paint a scene of BGR bytes (height, width, 3) that `seed` determines."""
    rng = np.random.default_rng(seed)
    texture = _clouds(rng, max(width, 64), max(height, 64), rng.uniform(0.55, 0.8))
    paint = _sky(rng, width, height) + texture[:height, :width] * rng.uniform(5, 60)
    hues = rng.uniform(0, 1, rng.integers(2, 6))
    largest = rng.uniform(0.15, 0.7) * min(width, height)
    count = min(int(rng.choice((8, 25, 80, 200, 400))), width * height // _PX_PER_LEAF)
    for radius in np.sort(_radii(rng, count, largest))[::-1]:
        _leaf(rng, paint, texture, radius, _colour(rng, float(rng.choice(hues))))
    if rng.random() < 0.3:  # out of focus
        paint = cv2.GaussianBlur(paint, (0, 0), rng.uniform(0.6, 2.5))
    paint += rng.normal(0, rng.uniform(0, 4), (height, width, 1)).astype(np.float32)
    painted = np.clip(paint, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:  # as photographs reach desktops
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))]
        painted = np.asarray(cv2.imdecode(cv2.imencode(".jpg", painted, quality)[1], cv2.IMREAD_COLOR), dtype=np.uint8)
    return painted


def _sky(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Pass from one colour to another, mostly from above to below."""
    angle = rng.normal(np.pi / 2, 0.7)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    slope = np.clip(np.cos(angle) * across + np.sin(angle) * down, 0, 1)[:, :, None]
    above, below = (_colour(rng, rng.uniform(0, 1)) for _ in range(2))
    sky: NDArray[np.float32] = above * (1 - slope) + below * slope
    return sky


def _colour(rng: np.random.Generator, hue: float) -> NDArray[np.float32]:
    """Draw a colour near `hue`, seldom a bright and full one: BGR, 0..255."""
    hue = (hue + rng.normal(0, 0.04)) % 1
    saturation = min(1.0, rng.exponential(0.24))
    value = rng.beta(1.6, 1.4)
    pixel = np.array([[[hue * 360, saturation, value]]], dtype=np.float32)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0] * 255, dtype=np.float32)


def _radii(rng: np.random.Generator, count: int, largest: float) -> NDArray[np.float64]:
    """Draw radii whose density falls as their cube."""
    smallest = max(_SMALLEST_PX, largest / rng.uniform(3, 25))
    far = (smallest / max(largest, smallest + 1)) ** 2
    return np.asarray(smallest / np.sqrt(1 - rng.uniform(0, 1 - far, count)))


def _leaf(
    rng: np.random.Generator,
    paint: NDArray[np.float32],
    texture: NDArray[np.float32],
    radius: float,
    colour: NDArray[np.float32],
) -> None:
    """Put one thing before what `paint` shows: round or with corners, textured, lit from one side."""
    height, width = paint.shape[:2]
    centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    reach = int(radius * 1.6) + 3
    x0, y0 = max(0, int(centre[0]) - reach), max(0, int(centre[1]) - reach)
    x1, y1 = min(width, int(centre[0]) + reach), min(height, int(centre[1]) + reach)
    if x1 <= x0 or y1 <= y0:
        return
    mask = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    local = centre - (x0, y0)
    if rng.random() < 0.55:
        axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.3, 1))))
        cv2.ellipse(mask, local.astype(int).tolist(), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        turns = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
        corners = local + np.stack([np.cos(turns), np.sin(turns)], axis=1) * radius * rng.uniform(
            0.5, 1.5, (len(turns), 1)
        )
        cv2.fillPoly(mask, [corners.astype(np.int32)], 255, cv2.LINE_AA)
    alpha: NDArray[Any] = mask.astype(np.float32) / 255
    if rng.random() < 0.25:
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.7, 1 + radius / 12))
    alpha = alpha[:, :, None]
    oy, ox = rng.integers(0, texture.shape[0] - (y1 - y0) + 1), rng.integers(0, texture.shape[1] - (x1 - x0) + 1)
    grain = texture[oy : oy + y1 - y0, ox : ox + x1 - x0] * rng.uniform(0, 70)
    slope = np.linspace(-1, 1, y1 - y0, dtype=np.float32)[:, None, None] * rng.uniform(-0.5, 0.3)
    target = paint[y0:y1, x0:x1]
    target += ((colour * (1 + slope) + grain) - target) * alpha


def _clouds(rng: np.random.Generator, width: int, height: int, roughness: float) -> NDArray[np.float32]:
    """Sum noise of all sizes, the large ones strong: (height, width, 1), about -1 to 1."""
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(1, 10):
        noise = rng.normal(0, 1, (2**octave // 2 + 2, 2**octave + 2)).astype(np.float32)
        total += roughness**octave * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    clouds: NDArray[np.float32] = (total / (np.abs(total).max() + 1e-6))[:, :, None]
    return clouds
