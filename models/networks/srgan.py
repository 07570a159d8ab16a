"""The generator of SRGAN, which the family replaces."""

from torch import Tensor, nn

from models.networks.base import OUT_GAIN, Convolution, Network, cells_of_picture

_CHANNELS = 64
_BLOCKS = 16


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.layers(x)
        return added


class SrganGenerator(Network):
    """Sixteen residual blocks of 64 channels at the low resolution, two pixel-shuffle stages, 9x9 in and out.

    Counts from the anchor as the family does, where the paper's gives the picture itself: its layers are as published.

    Source: C. Ledig et al., Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, 2017.
    """

    def __init__(self, channels: int = _CHANNELS, blocks: int = _BLOCKS) -> None:
        super().__init__()
        self.head = nn.Sequential(Convolution(3, channels, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(*(_Block(channels) for _ in range(blocks)))
        self.joint = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.upscaling = nn.Sequential(*(layer for _ in range(2) for layer in _doubling(channels)))
        self.tail = Convolution(channels, 3, 9, padding=4)
        nn.init.normal_(self.tail.weight, std=1e-3)
        nn.init.zeros_(self.tail.bias)
        self._halo = 4 + 2 * blocks + 1 + 1 + 1 + 1

    def features(self, lr: Tensor) -> Tensor:
        """Give the residual as a picture (n, 3, 4 * h, 4 * w)."""
        x = self.head(lr - 0.5)
        out: Tensor = self.tail(self.upscaling(x + self.joint(self.body(x))))
        return out

    def cells(self, features: Tensor) -> Tensor:
        """Lay it out."""
        return OUT_GAIN * cells_of_picture(features)

    @property
    def halo_px(self) -> int:
        """See `Network`."""
        return self._halo + self._halo % 2


def _doubling(channels: int) -> tuple[nn.Module, ...]:
    return Convolution(channels, 4 * channels, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()
