"""The family: plain convolutions at half of the low resolution, whose last layer cannot change a block's mean.

Halving is a stride of the first convolution (the same sums as un-shuffling by two before a 3x3 one), doubling is
left to whoever lays out the 4 x 48 channels that come out.
"""

import torch
from torch import Tensor, nn

from models.networks.base import OUT_CHANNELS, OUT_GAIN, STRIDE, TRUNCATION, Convolution, Network


class ResidualNetwork(Network):
    """A 6x6 convolution of stride 2, `depth` of 3x3, each with ReLU, and a projected 1x1 one.

    With `skips` every two inner layers add to what came before them, which a network deeper than a few needs.
    """

    def __init__(self, channels: int = 48, depth: int = 4, *, skips: bool = False) -> None:
        super().__init__()
        if skips and depth % 2:
            raise ValueError(f"skips go over two layers, depth {depth} is odd; take an even one")
        self.channels, self.depth, self.skips = channels, depth, skips
        self.head = Convolution(3, channels, 6, stride=STRIDE, padding=2)
        self.inner = [Convolution(channels, channels, 3, padding=1) for _ in range(depth)]
        self.body = nn.ModuleList(self.inner)
        self.tail = Convolution(channels, OUT_CHANNELS, 1)
        for layer in (self.head, *self.inner):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        if skips:
            for layer in self.inner[1::2]:
                nn.init.normal_(layer.weight, std=1e-3)
        nn.init.normal_(self.tail.weight, std=0.01)
        nn.init.zeros_(self.tail.bias)

    def features(self, lr: Tensor) -> Tensor:
        """Give what the last layer sees, (n, channels, h / 2, w / 2)."""
        x = torch.relu(self.head(lr - 0.5))
        if self.skips:
            for first, second in zip(self.inner[::2], self.inner[1::2], strict=True):
                x = torch.relu(x + second(torch.relu(first(x))))
            return x
        for layer in self.inner:
            x = torch.relu(layer(x))
        return x

    def cells(self, features: Tensor) -> Tensor:
        """Apply the last layer; its 192 channels come out apart: (n, h / 2, w / 2, 4, 16, 3)."""
        weight, bias = self.projected_tail()
        x = features.permute(0, 2, 3, 1)
        residual = nn.functional.linear(x, weight.view(OUT_CHANNELS, self.channels), bias)
        return residual.view(*x.shape[:3], STRIDE * STRIDE, 16, 3)

    def projected_tail(self) -> tuple[Tensor, Tensor]:
        """Give the last layer's weight and bias; with them every block has the mean that truncation took from it."""
        weight = self.tail.weight.view(STRIDE * STRIDE, 16, 3, self.channels)
        bias = self.tail.bias.view(STRIDE * STRIDE, 16, 3)
        weight = OUT_GAIN * (weight - weight.mean(dim=1, keepdim=True))
        bias = OUT_GAIN * (bias - bias.mean(dim=1, keepdim=True)) + TRUNCATION
        return weight.reshape(OUT_CHANNELS, self.channels, 1, 1), bias.reshape(OUT_CHANNELS)

    @property
    def halo_px(self) -> int:
        """See `Network`."""
        return STRIDE * (self.depth + 2)
