"""What training minimises: the squared error of the picture that the client will show, and of its edges."""

import torch
from torch import Tensor

from models.network import STRIDE, to_blocks, to_full_size

_EDGE_WEIGHT = 0.25


def shown(lr: Tensor, residual: Tensor) -> Tensor:
    """Show what becomes of `residual` (n, 192, h / 2, w / 2): full-size grey levels (n, 3, 4 h, 4 w).

    `lr` is (n, 3, h, w) in grey levels. One round of clamping and mending stands for the exact one that runs outside
    the network.
    """
    n, _, height, width = lr.shape
    anchor = lr.view(n, 1, 3, height // STRIDE, STRIDE, width // STRIDE, STRIDE)
    blocks = (anchor + 2 * to_blocks(residual)).clamp(0, 255)
    blocks = blocks + (anchor + 7.5 / 16 - blocks.mean(dim=1, keepdim=True))
    return to_full_size(blocks)


def loss(lr: Tensor, residual: Tensor, native: Tensor, border_px: int) -> tuple[Tensor, Tensor]:
    """Give the loss and the mean squared error in grey levels, both without `border_px` low-resolution pixels."""
    cut = 4 * border_px
    error = (shown(lr, residual) - native)[:, :, cut:-cut, cut:-cut]
    squared = error.square().mean()
    edges = (error[:, :, :, 1:] - error[:, :, :, :-1]).square().mean()
    edges = edges + (error[:, :, 1:] - error[:, :, :-1]).square().mean()
    total: Tensor = torch.add(squared, edges, alpha=_EDGE_WEIGHT)
    return total, squared
