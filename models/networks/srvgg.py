"""SRVGG-compact, the plain network of Real-ESRGAN's video models."""

from torch import Tensor, nn

from models.networks.base import BLOCK_CHANNELS, OUT_GAIN, Convolution, Network, cells_of_blocks


class SrvggCompact(Network):
    """3x3 convolutions of 64 channels at the low resolution, each with PReLU; the last gives blocks over the anchor.

    Source: X. Wang et al., Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, 2021, and
    the compact networks published with it.
    """

    def __init__(self, channels: int = 64, depth: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = [Convolution(3, channels, 3, padding=1), nn.PReLU(channels)]
        for _ in range(depth):
            layers += [Convolution(channels, channels, 3, padding=1), nn.PReLU(channels)]
        self.body = nn.Sequential(*layers)
        for layer in self.body:
            if isinstance(layer, Convolution):
                nn.init.kaiming_normal_(layer.weight, a=0.25, nonlinearity="leaky_relu")
                nn.init.zeros_(layer.bias)
        self.tail = Convolution(channels, BLOCK_CHANNELS, 3, padding=1)
        nn.init.normal_(self.tail.weight, std=1e-3)
        nn.init.zeros_(self.tail.bias)
        self._halo = depth + 2

    def features(self, lr: Tensor) -> Tensor:
        """Give the residual's blocks (n, 48, h, w)."""
        blocks: Tensor = self.tail(self.body(lr - 0.5))
        return blocks

    def cells(self, features: Tensor) -> Tensor:
        """Lay them out."""
        return OUT_GAIN * cells_of_blocks(features)

    @property
    def halo_px(self) -> int:
        """See `Network`."""
        return self._halo + self._halo % 2
