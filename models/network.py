"""The network: plain convolutions at half of the low resolution, whose last layer cannot change a block's mean.

Halving is a stride of the first convolution (the same sums as un-shuffling by two before a 3x3 one), doubling is
left to whoever lays out the 4 x 48 channels that come out.
"""

import torch
from torch import Tensor, nn

STRIDE = 2
BLOCK_CHANNELS = 48
OUT_CHANNELS = STRIDE * STRIDE * BLOCK_CHANNELS
# Keeps the activations of the last layer near one, while a residual counts in units of two grey levels up to 127.
_OUT_GAIN = 64.0
# The truncated mean that is received is 7.5 / 16 grey levels too dark on average; half of that in units of two.
TRUNCATION = 7.5 / 32


class Convolution(nn.Conv2d):
    """A convolution that has a bias."""

    bias: nn.Parameter


class ResidualNetwork(nn.Module):
    """Low resolution (n, 3, h, w) in 0..1, blue first, to residuals (n, 192, h / 2, w / 2) in units of 2 grey levels.

    Channel (by * 2 + bx) * 48 + (dy * 4 + dx) * 3 + c belongs to pixel (by, bx) of each 2x2 low-resolution pixels, and
    there to the full-size pixel (dy, dx) of its block.
    """

    def __init__(self, channels: int = 48, depth: int = 4) -> None:
        super().__init__()
        self.channels, self.depth = channels, depth
        self.head = Convolution(3, channels, 6, stride=STRIDE, padding=2)
        self.inner = [Convolution(channels, channels, 3, padding=1) for _ in range(depth)]
        self.body = nn.ModuleList(self.inner)
        self.tail = Convolution(channels, OUT_CHANNELS, 1)
        for layer in (self.head, *self.inner):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.tail.weight, std=0.01)
        nn.init.zeros_(self.tail.bias)

    def features(self, lr: Tensor) -> Tensor:
        """Give what the last layer sees, (n, channels, h / 2, w / 2)."""
        x = torch.relu(self.head(lr - 0.5))
        for layer in self.inner:
            x = torch.relu(layer(x))
        return x

    def cells(self, features: Tensor) -> Tensor:
        """Apply the last layer; its 192 channels come out apart: (n, h / 2, w / 2, 4, 16, 3)."""
        weight, bias = self.projected_tail()
        x = features.permute(0, 2, 3, 1)
        residual = nn.functional.linear(x, weight.view(OUT_CHANNELS, self.channels), bias)
        return residual.view(*x.shape[:3], STRIDE * STRIDE, 16, 3)

    def forward(self, lr: Tensor) -> Tensor:
        """See the class."""
        return self.cells(self.features(lr)).flatten(3).permute(0, 3, 1, 2)

    def projected_tail(self) -> tuple[Tensor, Tensor]:
        """Give the last layer's weight and bias; with them every block has the mean that truncation took from it."""
        weight = self.tail.weight.view(STRIDE * STRIDE, 16, 3, self.channels)
        bias = self.tail.bias.view(STRIDE * STRIDE, 16, 3)
        weight = _OUT_GAIN * (weight - weight.mean(dim=1, keepdim=True))
        bias = _OUT_GAIN * (bias - bias.mean(dim=1, keepdim=True)) + TRUNCATION
        return weight.reshape(OUT_CHANNELS, self.channels, 1, 1), bias.reshape(OUT_CHANNELS)

    @property
    def halo_px(self) -> int:
        """Low-resolution pixels on each side that an output depends on, rounded up to the stride."""
        return STRIDE * (self.depth + 2)

    @property
    def parameters_in_use(self) -> int:
        """Number of weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())

    def gmac(self, width: int, height: int) -> float:
        """Billions of multiplications for a low-resolution picture of `width` x `height`."""
        weights: int = sum(layer.weight.numel() for layer in (self.head, *self.inner, self.tail))
        return weights * (width // STRIDE) * (height // STRIDE) / 1e9
