"""Patches of pages whose text is known: around a line, or with the text of a picture told apart."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.data.manifest import Rect, read_manifest
from models.data.page import HEIGHT, WIDTH
from models.legibility.judge import may_be_read
from models.networks.base import STRIDE
from models.train.loss import BORDER_CELLS
from models.train.patches import SCALE, Patches, Place, cells

_CELL_PX = SCALE * STRIDE
_EDGE_PX = BORDER_CELLS * _CELL_PX
# Ink reaches beyond a line's rectangle by what hinting and overhang take, and a restored pixel looks around itself.
_AROUND_TEXT_PX = 4
# A patch that is mostly text has nothing for a discriminator to see.
_TEXT_MOST = 0.5
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Lines:
    """Patches of one line each: `native` cells, where it is in the patch, and the size of its font."""

    native: Tensor
    rects: list[Rect]
    sizes_px: list[float]


@dataclass(frozen=True, slots=True)
class Masked:
    """Patches: `native` cells, and `text` (n, h / 2, w / 2), which cells text may touch."""

    native: Tensor
    text: Tensor


class TextPatches:
    """Draws from the pictures in `folder` and its manifest; ValueError where none of its lines fits a patch."""

    def __init__(self, folder: Path, patch_px: int) -> None:
        self._patches = Patches(folder, patch_px)
        self._pages = read_manifest(folder).pages
        self._inside_px = self._patches.side_px - 2 * _EDGE_PX
        self._lines = [
            (number, line)
            for number, page in enumerate(self._pages)
            for line in page.lines
            if may_be_read(line) and line.rect[3] <= self._inside_px
        ]
        if not self._lines:
            raise ValueError(f"{folder} has no line of text that fits a patch of {patch_px} pixels; take larger ones")

    def draw_lines(self, size: int, rng: np.random.Generator) -> Lines:
        """Draw patches around lines, or around as much of a line as fits."""
        side, inside = self._patches.side_px, self._inside_px
        drawn: list[NDArray[np.uint8]] = []
        rects: list[Rect] = []
        sizes: list[float] = []
        for _ in range(size):
            number, line = self._lines[rng.integers(len(self._lines))]
            left, top, width, height = line.rect
            first = left + int(rng.integers(max(1, width - inside + 1)))
            shown = min(width - (first - left), inside)
            y = _origin(top, height, side, HEIGHT, rng)
            x = _origin(first, shown, side, WIDTH, rng)
            drawn.append(self._patches.cut(Place(number, y, x), rng))
            rects.append((first - x, top - y, shown, height))
            sizes.append(line.size_px)
        return Lines(cells(np.stack(drawn)), rects, sizes)

    def draw_masked(self, size: int, rng: np.random.Generator) -> Masked:
        """Draw patches that are not mostly text."""
        drawn, masks = [], []
        for _ in range(size):
            for _ in range(_TRIES):
                place = self._patches.place(rng)
                mask = self._mask(place)
                if mask.mean() < _TEXT_MOST:
                    break
            drawn.append(self._patches.cut(place, rng))
            masks.append(mask)
        return Masked(cells(np.stack(drawn)), torch.from_numpy(np.stack(masks)))

    def _mask(self, place: Place) -> NDArray[np.bool_]:
        side = self._patches.side_px
        page = self._pages[place.page]
        mask = np.zeros((side // _CELL_PX, side // _CELL_PX), dtype=bool)
        for x, y, width, height in [line.rect for line in page.lines] + page.clipped:
            left, top = x - place.x - _AROUND_TEXT_PX, y - place.y - _AROUND_TEXT_PX
            right, bottom = left + width + 2 * _AROUND_TEXT_PX, top + height + 2 * _AROUND_TEXT_PX
            if right > 0 and bottom > 0:
                rows = slice(max(0, top) // _CELL_PX, -(-bottom // _CELL_PX))
                mask[rows, max(0, left) // _CELL_PX : -(-right // _CELL_PX)] = True
        return mask


def _origin(first: int, length: int, side: int, end: int, rng: np.random.Generator) -> int:
    """Choose where a patch of `side` begins so that `length` pixels from `first` are in it, off its edges if may be."""
    least = max(0, first + length + _EDGE_PX - side)
    most = min(end - side, first - _EDGE_PX)
    return int(rng.integers(least, most + 1)) if least <= most else min(max(0, most), end - side)
