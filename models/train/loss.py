"""What training minimises: how far the picture that the client will show is from the native one.

Everything is laid out as *cells*, (n, h / 2, w / 2, 4, 16, 3): the 2x2 low-resolution pixels of the network's stride,
the 4x4 full-size pixels of each, three colours. No picture is put together, which doubles the speed.
"""

import math

import torch
from torch import Tensor

from models.networks.base import STRIDE, TRUNCATION

_PIXELS = 16
_TRUNCATED = 2 * TRUNCATION  # in grey levels
# Next to a patch's edge the network sees zeros that no picture has.
BORDER_CELLS = 2


def box_mean(native: Tensor) -> Tensor:
    """Reduce native cells (n, h / 2, w / 2, 4, 16, 3) of grey levels to (n, h / 2, w / 2, 4, 1, 3), truncating."""
    return torch.floor(_mean(native))


def planes(anchor: Tensor) -> Tensor:
    """Lay out what `box_mean` gives as a network wants it: (n, 3, h, w) in 0..1."""
    n, rows, columns = anchor.shape[:3]
    lr = anchor.view(n, rows, columns, STRIDE, STRIDE, 3).permute(0, 5, 1, 3, 2, 4)
    lr = lr.reshape(n, 3, STRIDE * rows, STRIDE * columns)
    return lr.contiguous(memory_format=torch.channels_last) / 255


def shown(anchor: Tensor, residual: Tensor) -> Tensor:
    """Show what becomes of `residual`, in units of 2 grey levels: cells of grey levels.

    One round of clamping and mending stands for the exact one that runs outside the network.
    """
    clamped = torch.clamp(anchor + 2 * residual, 0, 255)
    return clamped + (anchor + _TRUNCATED - _mean(clamped))


def inner(cells: Tensor) -> Tensor:
    """Leave out the cells at the edges of a patch."""
    return cells[:, BORDER_CELLS:-BORDER_CELLS, BORDER_CELLS:-BORDER_CELLS]


def pixel_loss(error: Tensor, epsilon: float, edge_weight: float) -> Tensor:
    """Give the loss of `error`, cells of grey levels: squared if `epsilon` is 0, otherwise Charbonnier's of it.

    `edge_weight` counts that of the differences between neighbours in a block as well. About the error's square, or its
    size times `epsilon`, over 255 squared.

    Source: P. Charbonnier et al., Two Deterministic Half-Quadratic Regularization Algorithms, 1994.
    """
    total = _penalty(error, epsilon)
    if edge_weight:
        block = error.reshape(-1, 4, 4, 3)
        across, down = block[:, :, 1:] - block[:, :, :-1], block[:, 1:] - block[:, :-1]
        total = total + edge_weight * (_penalty(across, epsilon) + _penalty(down, epsilon))
    return total / 255**2


def psnr_db(squared_error: float) -> float:
    """Give the peak signal-to-noise ratio of a mean squared error in grey levels."""
    return 10 * math.log10(255**2 / squared_error)


def _penalty(error: Tensor, epsilon: float) -> Tensor:
    if not epsilon:
        return error.square().mean()
    return epsilon * ((error.square() + epsilon**2).sqrt().mean() - epsilon)


def _mean(cells: Tensor) -> Tensor:
    # As a product of matrices, twice as fast as a mean over the last axis but one; exact for sums of 16 bytes.
    each = torch.eye(3, dtype=cells.dtype, device=cells.device).repeat(_PIXELS, 1) / _PIXELS
    return (cells.flatten(-2) @ each).unsqueeze(-2)
