"""What every network gives: the difference from the nearest-neighbour anchor, in the cells that losses count in."""

import copy
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

STRIDE = 2
BLOCK_CHANNELS = 48
OUT_CHANNELS = STRIDE * STRIDE * BLOCK_CHANNELS
# The truncated mean that is received is 7.5 / 16 grey levels too dark on average; half of that in units of two.
TRUNCATION = 7.5 / 32
# Keeps the activations of a last layer near one, while a residual counts in units of two grey levels up to 127.
OUT_GAIN = 64.0


class Convolution(nn.Conv2d):
    """A convolution that has a bias."""

    bias: nn.Parameter


class Network(nn.Module, ABC):
    """Low resolution (n, 3, h, w) in 0..1, blue first, to residuals (n, 192, h / 2, w / 2) in units of 2 grey levels.

    Channel (by * 2 + bx) * 48 + (dy * 4 + dx) * 3 + c belongs to pixel (by, bx) of each 2x2 low-resolution pixels, and
    there to the full-size pixel (dy, dx) of its block.
    """

    tail: Convolution

    @abstractmethod
    def features(self, lr: Tensor) -> Tensor:
        """Give what `cells` needs; may run in eight bits of precision."""

    @abstractmethod
    def cells(self, features: Tensor) -> Tensor:
        """Make the residual of features in float32, laid out as (n, h / 2, w / 2, 4, 16, 3)."""

    @property
    @abstractmethod
    def halo_px(self) -> int:
        """Low-resolution pixels on each side that an output depends on, rounded up to the stride."""

    def forward(self, lr: Tensor) -> Tensor:
        """See the class."""
        return self.cells(self.features(lr)).flatten(3).permute(0, 3, 1, 2)

    @property
    def parameters_in_use(self) -> int:
        """Number of weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())

    def gmac(self, width: int, height: int) -> float:
        """Billions of multiplications for a low-resolution picture of `width` x `height`, both even."""
        shadow = copy.deepcopy(self).to("meta").eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            shadow(torch.empty(1, 3, height, width, device="meta"))
        operations: int = counter.get_total_flops()
        return operations / 2e9


def cells_of_blocks(blocks: Tensor) -> Tensor:
    """Lay out (n, 48, h, w), a block of 4x4 pixels in each place, as cells (n, h / 2, w / 2, 4, 16, 3)."""
    n, _, h, w = blocks.shape
    apart = blocks.view(n, 16, 3, h // STRIDE, STRIDE, w // STRIDE, STRIDE).permute(0, 3, 5, 4, 6, 1, 2)
    return apart.reshape(n, h // STRIDE, w // STRIDE, STRIDE**2, 16, 3)


def cells_of_picture(picture: Tensor) -> Tensor:
    """Lay out full-size planes (n, 3, 4 * h, 4 * w) as cells (n, h / 2, w / 2, 4, 16, 3)."""
    n, _, height, width = picture.shape
    rows, columns = height // (4 * STRIDE), width // (4 * STRIDE)
    apart = picture.view(n, 3, rows, STRIDE, 4, columns, STRIDE, 4).permute(0, 2, 5, 3, 6, 4, 7, 1)
    return apart.reshape(n, rows, columns, STRIDE**2, 16, 3)


def picture_of_cells(cells: Tensor) -> Tensor:
    """Put cells (n, h / 2, w / 2, 4, 16, 3) together as full-size planes (n, 3, 4 * h, 4 * w)."""
    n, rows, columns = cells.shape[:3]
    apart = cells.view(n, rows, columns, STRIDE, STRIDE, 4, 4, 3).permute(0, 7, 1, 3, 5, 2, 4, 6)
    return apart.reshape(n, 3, rows * STRIDE * 4, columns * STRIDE * 4)
