"""SPAN: attention without parameters, and convolutions that are wider while they are trained."""

import torch
from torch import Tensor, nn

from models.networks.base import BLOCK_CHANNELS, OUT_GAIN, Convolution, Network, cells_of_blocks

_WIDENING = 2


class WideConvolution(nn.Module):
    """A 3x3 convolution trained as 1x1, 3x3 and 1x1 over twice the channels beside a 1x1 one.

    There is nothing between them, so that their product is one 3x3 convolution: the forward pass runs that alone.
    """

    def __init__(self, from_channels: int, to_channels: int) -> None:
        super().__init__()
        inside, outside = _WIDENING * from_channels, _WIDENING * to_channels
        self.enter = Convolution(from_channels, inside, 1)
        self.middle = Convolution(inside, outside, 3)
        self.leave = Convolution(outside, to_channels, 1)
        self.beside = Convolution(from_channels, to_channels, 1)

    def merged(self) -> tuple[Tensor, Tensor]:
        """Give weight (to, from, 3, 3) and bias of the one convolution."""
        enter, leave = self.enter.weight[:, :, 0, 0], self.leave.weight[:, :, 0, 0]
        weight = torch.einsum("om,mikl,if->ofkl", leave, self.middle.weight, enter)
        weight = weight + nn.functional.pad(self.beside.weight, (1, 1, 1, 1))
        bias = self.middle.bias + torch.einsum("mikl,i->m", self.middle.weight, self.enter.bias)
        return weight, leave @ bias + self.leave.bias + self.beside.bias

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (n, from, h, w) to (n, to, h, w)."""
        weight, bias = self.merged()
        return nn.functional.conv2d(x, weight, bias, padding=1)


class _Block(nn.Module):
    """Three convolutions; the sign-symmetric activation of the last weighs its sum with what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = WideConvolution(channels, channels)
        self.second = WideConvolution(channels, channels)
        self.third = WideConvolution(channels, channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = self.first(x)
        third = self.third(nn.functional.silu(self.second(nn.functional.silu(first))))
        return (x + third) * (torch.sigmoid(third) - 0.5), first


class Span(Network):
    """Six attention blocks of 48 channels at the low resolution, four stages of which are joined by a 1x1 layer.

    Counts from the anchor as the family does, where the paper's gives the picture itself: its layers are as published.

    Source: C. Wan et al., Swift Parameter-free Attention Network for Efficient Super-Resolution, 2024.
    """

    def __init__(self, channels: int = 48, blocks: int = 6) -> None:
        super().__init__()
        self.head = WideConvolution(3, channels)
        self.blocks = nn.ModuleList(_Block(channels) for _ in range(blocks))
        self.after = WideConvolution(channels, channels)
        self.joint = Convolution(4 * channels, channels, 1)
        self.tail = Convolution(channels, BLOCK_CHANNELS, 3, padding=1)
        nn.init.normal_(self.tail.weight, std=1e-3)
        nn.init.zeros_(self.tail.bias)
        self._halo = 3 * blocks + 3

    def features(self, lr: Tensor) -> Tensor:
        """Give the residual's blocks (n, 48, h, w)."""
        head = x = self.head(lr - 0.5)
        outs: list[Tensor] = []
        inside = x
        for block in self.blocks:
            x, inside = block(x)
            outs.append(x)
        joined: Tensor = self.joint(torch.cat([head, self.after(x), outs[0], inside], dim=1))
        blocks: Tensor = self.tail(joined)
        return blocks

    def cells(self, features: Tensor) -> Tensor:
        """Lay them out."""
        return OUT_GAIN * cells_of_blocks(features)

    @property
    def halo_px(self) -> int:
        """See `Network`."""
        return self._halo + self._halo % 2

    @property
    def parameters_in_use(self) -> int:
        """Number of weights and biases when each wide convolution is merged into one."""
        return sum(part.numel() for layer in self._merged() for part in layer)

    def gmac(self, width: int, height: int) -> float:
        """See `Network`; every layer works at the low resolution."""
        return sum(weight.numel() for weight, _ in self._merged()) * width * height / 1e9

    def _merged(self) -> list[tuple[Tensor, Tensor]]:
        wide = [module.merged() for module in self.modules() if isinstance(module, WideConvolution)]
        return [*wide, (self.joint.weight, self.joint.bias), (self.tail.weight, self.tail.bias)]
