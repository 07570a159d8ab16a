"""FSR 1, the enlargement by hand that games use: EASU enlarges along edges, RCAS sharpens what came out.

Planes are float32 (3, height, width), 0..1, as perceived (sRGB, as desktops are). The factor is whole, so all
full-size pixels of one phase have the same fractions, and the work is done for a phase at a time.

Source: AMD, *FidelityFX Super Resolution 1.0* (technique and constants), 2021.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr

Planes = NDArray[np.float32]

SHARPNESS_STOPS = 0.2
"""How far below its most RCAS sharpens; the default of AMD's own programs."""

_RIM_PX = 2
_LEAST_SLOPE = 1 / 32768
_LOBE_LEAST, _LOBE_SPAN = 0.5, (0.25 - 0.04) - 0.5
_RCAS_LOBE_MAX = 0.25 - 1 / 16
_TINY = 1e-6
# Rows and columns from the pixel up and left of a place: 4x4 without the corners, and the four around the place.
_TAPS = [(dy, dx) for dy in range(-1, 3) for dx in range(-1, 3) if dy in {0, 1} or dx in {0, 1}]
_NEAREST = [(dy, dx) for dy in (0, 1) for dx in (0, 1)]


def fsr1(lr: Bgr) -> Bgr:
    """Enlarge BGR bytes (height, width, 3) fourfold, in two passes by two as FSR goes no further in one."""
    planes = lr.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    sharp = rcas(easu(easu(planes, 2), 2))
    return np.ascontiguousarray(np.rint(sharp * np.float32(255)).astype(np.uint8).transpose(1, 2, 0))


def easu(planes: Planes, scale: int) -> Planes:
    """Enlarge `planes` (3, height, width) by `scale`, each place from twelve pixels weighed along its edge."""
    _, height, width = planes.shape
    seen = _bordered(planes, _RIM_PX)
    edges = _edges(seen)
    out = np.empty((3, height, scale, width, scale), dtype=np.float32)
    for row in range(scale):
        for column in range(scale):
            (down, fy), (right, fx) = _place(row, scale), _place(column, scale)
            corner = seen[:, _RIM_PX + down - 1 :, _RIM_PX + right - 1 :]
            taps = {(dy, dx): corner[:, dy + 1 :, dx + 1 :][:, :height, :width] for dy, dx in _TAPS}
            around = edges[:, _RIM_PX + down - 1 :, _RIM_PX + right - 1 :][:, : height + 1, : width + 1]
            out[:, :, row, :, column] = _weighed(taps, _kernel(around, fy, fx), fy, fx)
    return out.reshape(3, height * scale, width * scale)


def rcas(planes: Planes, sharpness_stops: float = SHARPNESS_STOPS) -> Planes:
    """Sharpen `planes` (3, height, width) as far as no colour leaves 0..1."""
    seen = _bordered(planes, 1)
    ring = [seen[:, :-2, 1:-1], seen[:, 2:, 1:-1], seen[:, 1:-1, :-2], seen[:, 1:-1, 2:]]
    low, high = reduce(np.minimum, ring), reduce(np.maximum, ring)
    to_black = np.minimum(low, planes) / (4 * np.maximum(high, _TINY))
    to_white = (1 - np.maximum(high, planes)) / np.minimum(4 * low - 4, -_TINY)
    # One lobe for the three colours: the least negative of what each could bear.
    lobe = np.maximum(-to_black, to_white).max(axis=0)
    lobe = np.clip(lobe, -_RCAS_LOBE_MAX, 0) * np.float32(2**-sharpness_stops)
    sharp: Planes = (lobe * reduce(np.add, ring) + planes) / (4 * lobe + 1)
    return np.clip(sharp, 0, 1, out=sharp)


class _Kernel(NamedTuple):
    """A Lanczos-like window for each place: turned into its edge's direction, and drawn out along it."""

    cos: Planes
    sin: Planes
    along: Planes
    across: Planes
    lobe: Planes


def _place(phase: int, scale: int) -> tuple[int, float]:
    """Give the low-resolution pixel before the centre of full-size pixel `phase`, and the fraction beyond it."""
    centre = (phase + 0.5) / scale - 0.5
    before = int(np.floor(centre))
    return before, centre - before


def _bordered(planes: Planes, rim: int) -> Planes:
    return np.pad(planes, ((0, 0), (rim, rim), (rim, rim)), mode="edge")


def _edges(seen: Planes) -> Planes:
    """Give for each pixel but the outermost its slope across and down and how much of an edge it is, in one array.

    The nearer the slope is to twice the larger step beside the pixel, the more of an edge; a thin line is none.
    """
    blue, green, red = seen
    grey = 0.5 * blue + green + 0.5 * red
    middle = grey[1:-1, 1:-1]
    slopes, edge = [], np.zeros_like(middle)
    for before, after in ((grey[1:-1, :-2], grey[1:-1, 2:]), (grey[:-2, 1:-1], grey[2:, 1:-1])):
        slope = after - before
        step = np.maximum(np.abs(after - middle), np.abs(middle - before))
        edge += np.minimum(np.abs(slope) / np.maximum(step, _TINY), 1) ** 2
        slopes.append(slope)
    return np.stack([*slopes, edge])


def _kernel(edges: Planes, fy: float, fx: float) -> _Kernel:
    """Mix what the four pixels around each place say of its edge; `edges` has one more row and column than places."""
    across = (1 - fx) * edges[:, :, :-1] + fx * edges[:, :, 1:]
    slope_x, slope_y, edge = (1 - fy) * across[:, :-1] + fy * across[:, 1:]
    squared = slope_x**2 + slope_y**2
    none = squared < _LEAST_SLOPE
    length = np.sqrt(np.where(none, 1, squared))
    cos, sin = np.where(none, 1, slope_x / length), np.where(none, 0, slope_y / length)
    edge = (edge / 2) ** 2
    # A diagonal reaches further into the square of pixels.
    diagonal = 1 / np.maximum(np.abs(cos), np.abs(sin))
    return _Kernel(cos, sin, 1 + (diagonal - 1) * edge, 1 - 0.5 * edge, _LOBE_LEAST + _LOBE_SPAN * edge)


def _weighed(taps: dict[tuple[int, int], Planes], kernel: _Kernel, fy: float, fx: float) -> Planes:
    """Add the taps by their weights, and keep within the four nearest: no ringing."""
    total, weights = np.zeros_like(taps[0, 0]), np.zeros_like(kernel.cos)
    end = 1 / kernel.lobe
    for (dy, dx), colours in taps.items():
        x, y = dx - fx, dy - fy
        along = (x * kernel.cos + y * kernel.sin) * kernel.along
        across = (y * kernel.cos - x * kernel.sin) * kernel.across
        squared = np.minimum(along**2 + across**2, end)
        weight = (25 / 16 * (2 / 5 * squared - 1) ** 2 - 9 / 16) * (kernel.lobe * squared - 1) ** 2
        total += colours * weight
        weights += weight
    nearest = [taps[place] for place in _NEAREST]
    mean = total / weights
    return np.clip(mean, reduce(np.minimum, nearest), reduce(np.maximum, nearest), out=mean)
