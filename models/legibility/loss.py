"""The recogniser as a loss on text: restored lines shall look to it, and be read, as their native pictures are."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from models.legibility.checkpoint import RECOGNISER, load_recogniser
from models.legibility.framing import Rect, luma, stacked, standardised, window


class RecogniserLoss(nn.Module):
    """Compares pictures of lines by what the recogniser sees in them, and by what it makes of that.

    Source: Johnson, Alahi and Li, *Perceptual Losses for Real-Time Style Transfer and Super-Resolution*, 2016, with the
    recogniser in place of a classifier of photographs.
    """

    def __init__(self, checkpoint: Path = RECOGNISER, *, reading_weight: float = 1.0) -> None:
        super().__init__()
        self._recogniser = load_recogniser(checkpoint)
        self._reading_weight = reading_weight

    def forward(self, shown: Tensor, native: Tensor, rects: Sequence[Rect], sizes_px: Sequence[float]) -> Tensor:
        """Give the loss of `shown` beside `native`, both (n, height, width, 3) BGR in grey levels 0..255.

        Picture i shows a line, or a part of one, at `rects[i]` (x, y, width, height) in a font of `sizes_px[i]`. The
        loss is the mean over layers of the squared distance of their features, as a part of the native ones' variance,
        plus the Kullback-Leibler divergence of the letters read, in nats a step.
        """
        wanted, was = [], []
        for one, its, rect, size in zip(luma(native), luma(shown), rects, sizes_px, strict=True):
            cut = window(one, rect, size)
            wanted.append(standardised(cut))
            was.append(standardised(window(its, rect, size), cut))
        with torch.autocast(native.device.type, torch.bfloat16):
            with torch.no_grad():
                native_features = self._recogniser.features(stacked(wanted)[0])
                native_letters = torch.log_softmax(self._recogniser.read(native_features[-1]).float(), dim=-1)
            features = self._recogniser.features(stacked(was)[0])
            letters = torch.log_softmax(self._recogniser.read(features[-1]).float(), dim=-1)
        distances = [
            (its - one).float().square().mean() / one.float().var()
            for one, its in zip(native_features, features, strict=True)
        ]
        reading = nn.functional.kl_div(letters, native_letters, reduction="none", log_target=True).sum(dim=-1).mean()
        return torch.stack(distances).mean() + self._reading_weight * reading
