"""What tells restored pictures from native ones."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

_CHANNELS = 32
_SCALES = 2


class Discriminator(nn.Module):
    """Judges pieces of pictures (n, 3, height, width), -1..1, at full and at half size.

    Source: T.-C. Wang et al., High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs, 2018;
    T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_scale() for _ in range(_SCALES))

    def forward(self, pictures: Tensor) -> list[list[Tensor]]:
        """Give for each scale the features of each layer; the last are the judgements (n, 1, rows, columns)."""
        outs = []
        for number, layers in enumerate(self.scales):
            x = nn.functional.avg_pool2d(pictures, 2) if number else pictures
            features = []
            for layer in layers:  # type: ignore[attr-defined]
                x = layer(x)
                features.append(x)
            outs.append(features)
        return outs


def relativistic_loss(better: list[list[Tensor]], worse: list[list[Tensor]]) -> Tensor:
    """Give the loss of saying that `better` pictures are more native than `worse` ones are on average, and conversely.

    Source: A. Jolicoeur-Martineau, The Relativistic Discriminator: A Key Element Missing from Standard GAN, 2019.
    """
    each = [
        nn.functional.softplus(other[-1].mean() - one[-1]).mean()
        + nn.functional.softplus(other[-1] - one[-1].mean()).mean()
        for one, other in zip(better, worse, strict=True)
    ]
    return torch.stack(each).mean() / 2


def feature_distance(native: list[list[Tensor]], shown: list[list[Tensor]]) -> Tensor:
    """Give the mean distance of the features of all layers but the last."""
    distances = [
        (its - one.detach()).abs().mean()
        for scale, its_scale in zip(native, shown, strict=True)
        for one, its in zip(scale[:-1], its_scale[:-1], strict=True)
    ]
    return torch.stack(distances).mean()


def _scale() -> nn.ModuleList:
    def layer(ins: int, outs: int, stride: int) -> nn.Module:
        return nn.Sequential(spectral_norm(nn.Conv2d(ins, outs, 4, stride, 1)), nn.LeakyReLU(0.2))

    last = spectral_norm(nn.Conv2d(4 * _CHANNELS, 1, 3, 1, 1))
    return nn.ModuleList(
        [layer(3, _CHANNELS, 2), layer(_CHANNELS, 2 * _CHANNELS, 2), layer(2 * _CHANNELS, 4 * _CHANNELS, 1), last]
    )
