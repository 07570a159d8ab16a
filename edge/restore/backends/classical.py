"""Restoring without a model: cubic interpolation of a picture sharpened until its own quarter is the received one.

Interpolating and reducing again blurs. Iterative back-projection undoes that; since both steps are linear and look the
same from each block, it can run wholly at low resolution, and the interpolation once at the end.

Source: Irani and Peleg, *Improving Resolution by Image Registration*, 1991; Keys, *Cubic Convolution Interpolation
for Digital Image Processing*, 1981.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr
from edge.restore.consistency import RESIDUAL_STEP, Residual
from edge.restore.shuffle import BLOCK_CHANNELS, SCALE

_ROUNDS = 3
_TAPS = 5
_REACH_PX = _TAPS // 2
# The server truncates: what it sent is on average 7.5 sixteenths of a grey level too dark.
_TRUNCATED = 7.5 / 16
# Pictures are kept in quarters of a grey level and weights in 2048ths. Their products then fit a float32 without
# rounding, so the result does not depend on the order in which a vector unit adds: tiles fit without seams.
_QUARTERS = 4
_WEIGHT_UNITS = 2048
_UNIT = 1 / (_QUARTERS * RESIDUAL_STEP)

Plane = NDArray[np.float32]

_IDENTITY: Plane = np.ones(1, dtype=np.float32)


def _cubic(distance: NDArray[np.float64], a: float = -0.75) -> NDArray[np.float64]:
    x = np.abs(distance)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _phase_weights() -> NDArray[np.float32]:
    """Give the weights (4, 5) of the neighbours -2..2 for each full-size pixel of a block, in one dimension."""
    centres = (np.arange(SCALE) - (SCALE - 1) / 2) / SCALE
    neighbours = np.arange(-_REACH_PX, _REACH_PX + 1)
    return _cubic(centres[:, None] - neighbours[None, :]).astype(np.float32)


class ClassicalBackend:
    """Cubic interpolation with back-projection; needs no model and cannot fail."""

    name = "classical"
    halo_px = _REACH_PX * (_ROUNDS + 1)
    phase_px = 1

    def __init__(self) -> None:
        self._phases = _phase_weights()
        self._blur = np.rint(self._phases.mean(axis=0) * _WEIGHT_UNITS) / np.float32(_WEIGHT_UNITS)

    def residual(self, lr: Bgr) -> Residual:
        """See `edge.restore.upscaler.Backend`."""
        received = _QUARTERS * (lr.astype(np.float32) + np.float32(_TRUNCATED))
        np.rint(received, out=received)
        sharp = received
        for _ in range(_ROUNDS):
            blurred = _down(np.rint(_across(sharp, self._blur)), self._blur)
            sharp = np.rint(sharp + received - blurred)
        out = np.empty((*lr.shape[:2], BLOCK_CHANNELS), dtype=np.int8)
        anchor = _QUARTERS * lr.astype(np.float32)
        for dy in range(SCALE):
            rows = np.rint(_down(sharp, self._phases[dy]))
            for dx in range(SCALE):
                plane = _across(rows, self._phases[dx])
                channel = (dy * SCALE + dx) * 3
                # Difference, scale, rounding and clamp in one pass.
                out[:, :, channel : channel + 3] = cv2.addWeighted(plane, _UNIT, anchor, -_UNIT, 0, dtype=cv2.CV_8S)
        return out

    def close(self) -> None:
        """See `edge.restore.upscaler.Backend`."""


def _across(plane: Plane, weights: Plane) -> Plane:
    return _filtered(plane, weights, _IDENTITY)


def _down(plane: Plane, weights: Plane) -> Plane:
    return _filtered(plane, _IDENTITY, weights)


def _filtered(plane: Plane, across: Plane, down: Plane) -> Plane:
    return np.asarray(cv2.sepFilter2D(plane, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE))
