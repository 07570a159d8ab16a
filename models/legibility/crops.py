"""The lines of the pages of one half, cut out: what the recogniser is trained on."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.data.manifest import Line, read_manifest
from models.legibility.framing import Rect
from models.legibility.judge import may_be_read

# Around a line, in sizes of its font: what the shifts of training look at.
_MARGIN_EMS = 0.6


@dataclass(frozen=True, slots=True)
class Crop:
    """Grey levels, uint8 (height, width), of a line and what is around it; `rect` is where the line is in them."""

    text: str
    grey: NDArray[np.uint8]
    rect: Rect
    size_px: float


def crops(folder: Path) -> list[Crop]:
    """Cut every line that can be judged out of the pictures in `folder`; raises FileNotFoundError without them."""
    cut = []
    for page in read_manifest(folder).pages:
        bgr = cv2.imread(str(folder / page.file), cv2.IMREAD_COLOR)
        if bgr is None:
            raise FileNotFoundError(f"no picture {folder / page.file}; make it with: python -m models.data")
        grey = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        cut += [_crop(grey, line) for line in page.lines if may_be_read(line)]
    return cut


def _crop(grey: NDArray[np.uint8], line: Line) -> Crop:
    x, y, width, height = line.rect
    margin = round(_MARGIN_EMS * line.size_px)
    left, top = max(0, x - margin), max(0, y - margin)
    # A copy, so that the page can go.
    piece = grey[top : y + height + margin, left : x + width + margin].copy()
    return Crop(line.text, piece, (x - left, y - top, width, height), line.size_px)
