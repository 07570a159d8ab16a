"""The recogniser: convolutions over a line, connectionist temporal classification over what they say."""

from dataclasses import dataclass
from itertools import count, groupby
from operator import itemgetter
from unicodedata import normalize

import torch
from torch import Tensor, nn

from models.legibility.alphabet import BLANK, CLASSES, decode
from models.legibility.framing import HEIGHT_PX

# Steps of the output for each step of the last convolution, which stands for four pixels: an l is four wide.
_SUBSTEPS = 2
STEP_PX = 2


def _layer(
    ins: int, outs: int, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(ins, outs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outs), nn.ReLU(inplace=True)
    )


class Recogniser(nn.Module):
    """Lines (n, 24, w) of `models.legibility.framing` to logits (n, w / 2, classes).

    Source: Graves et al., *Connectionist Temporal Classification*, 2006; Shi, Bai and Yao, *An End-to-End Trainable
    Neural Network for Image-Based Sequence Recognition*, 2015, here with convolutions along the line.
    """

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.channels = channels
        self.seeing = nn.ModuleList(
            [
                _layer(1, channels, (6, 6), (2, 2), (2, 2)),
                _layer(channels, 2 * channels, (4, 4), (2, 2), (1, 1)),
                _layer(2 * channels, 3 * channels, (3, 3), (1, 1), (1, 1)),
                _layer(3 * channels, 3 * channels, (3, 3), (1, 1), (1, 1)),
                _layer(3 * channels, 4 * channels, (3, 3), (2, 1), (1, 1)),
            ]
        )
        self.collapse = _layer(4 * channels, 5 * channels, (HEIGHT_PX // 8, 3), (1, 1), (0, 1))
        self.along = nn.ModuleList([_layer(5 * channels, 5 * channels, (1, 5), (1, 1), (0, 2)) for _ in range(2)])
        self.head = nn.Conv2d(5 * channels, _SUBSTEPS * CLASSES, 1)

    def features(self, lines: Tensor) -> list[Tensor]:
        """Give what each layer before the collapse of the height sees in `lines` (n, h, w)."""
        seen = []
        x = lines[:, None]
        for layer in self.seeing:
            x = layer(x)
            seen.append(x)
        return seen

    def read(self, last: Tensor) -> Tensor:
        """Give the logits (n, w / 2, classes) for the last of `features`."""
        x = self.collapse(last)
        for layer in self.along:
            x = x + layer(x)
        steps: Tensor = self.head(x)[:, :, 0].transpose(1, 2)
        return steps.reshape(len(steps), -1, CLASSES)

    def forward(self, lines: Tensor) -> Tensor:
        """See the class."""
        return self.read(self.features(lines)[-1])


@dataclass(frozen=True, slots=True)
class Glyph:
    """One grapheme as read: how sure its least sure letter is (0..1), and the column of its middle."""

    text: str
    confidence: float
    column: float


def glyphs(logits: Tensor, width: int) -> list[Glyph]:
    """Read one line's logits (steps, classes), of which `width` columns are the line, by the best path."""
    sure, best = torch.softmax(logits[: width // STEP_PX].float(), dim=-1).max(dim=-1)
    path = zip(best.tolist(), sure.tolist(), count(), strict=False)
    read: list[Glyph] = []
    for symbol, run in groupby(path, key=itemgetter(0)):
        if symbol == BLANK:
            continue
        _, chances, steps = zip(*run, strict=True)
        letter = Glyph(decode([symbol]), max(chances), STEP_PX * (sum(steps) / len(steps) + 0.5))
        syllable = normalize("NFC", read[-1].text + letter.text) if read else ""
        if len(syllable) == 1:
            begun = read.pop()
            middle = (begun.column + letter.column) / 2
            letter = Glyph(syllable, min(begun.confidence, letter.confidence), middle)
        read.append(letter)
    return read
