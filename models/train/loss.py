"""What training minimises: the squared error of the picture that the client will show.

Everything is laid out as *cells*, (n, h / 2, w / 2, 4, 16, 3): the 2x2 low-resolution pixels of the network's stride,
the 4x4 full-size pixels of each, three colours. No picture is ever put together, which doubles the speed.
"""

import torch
from torch import Tensor

from models.networks.base import TRUNCATION

_PIXELS = 16
_TRUNCATED = 2 * TRUNCATION  # in grey levels


def box_mean(native: Tensor) -> Tensor:
    """Reduce native cells (n, h / 2, w / 2, 4, 16, 3) of grey levels to (n, h / 2, w / 2, 4, 1, 3), truncating."""
    return torch.floor(_mean(native))


def shown(anchor: Tensor, residual: Tensor) -> Tensor:
    """Show what becomes of `residual`, in units of 2 grey levels: cells of grey levels.

    One round of clamping and mending stands for the exact one that runs outside the network.
    """
    clamped = torch.clamp(anchor + 2 * residual, 0, 255)
    return clamped + (anchor + _TRUNCATED - _mean(clamped))


def loss(anchor: Tensor, residual: Tensor, native: Tensor, border: int, edge_weight: float) -> tuple[Tensor, Tensor]:
    """Give the loss and the mean squared error in grey levels, both without `border` cells at each side.

    `edge_weight` counts the squared error of the differences between neighbours in a block.
    """
    error = (shown(anchor, residual) - native)[:, border:-border, border:-border]
    squared = error.square().mean()
    if not edge_weight:
        return squared, squared
    block = error.reshape(-1, 4, 4, 3)
    edges = (block[:, 1:] - block[:, :-1]).square().mean() + (block[:, :, 1:] - block[:, :, :-1]).square().mean()
    return squared + edge_weight * edges, squared


def _mean(cells: Tensor) -> Tensor:
    # As a product of matrices, twice as fast as a mean over the last axis but one; exact for sums of 16 bytes.
    each = torch.eye(3, dtype=cells.dtype, device=cells.device).repeat(_PIXELS, 1) / _PIXELS
    return (cells.flatten(-2) @ each).unsqueeze(-2)
