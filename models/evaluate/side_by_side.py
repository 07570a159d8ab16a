"""A picture for the eye: the same piece of a page, native and as each method shows it, enlarged."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from edge.pixels import Bgr
from edge.restore.shuffle import box_mean
from models.evaluate.methods import Method

_ZOOM = 3
_CAPTION_PX = 34
_GAP_PX = 12


def side_by_side(page: Path, x: int, y: int, width: int, height: int, methods: Mapping[str, Method]) -> Bgr:
    """Cut `width` x `height` full-size pixels at (x, y) out of `page`; returns BGR bytes, native at the top."""
    native: Bgr = np.asarray(cv2.imread(str(page), cv2.IMREAD_COLOR), dtype=np.uint8)
    lr = box_mean(native)
    rows = []
    for name, shown in [("native", native), *((name, method(lr)) for name, method in methods.items())]:
        piece = shown[y : y + height, x : x + width]
        large = np.repeat(np.repeat(piece, _ZOOM, axis=0), _ZOOM, axis=1)
        caption = np.full((_CAPTION_PX, large.shape[1], 3), 255, dtype=np.uint8)
        cv2.putText(caption, name, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
        gap = np.full((_GAP_PX, large.shape[1], 3), 255, dtype=np.uint8)
        rows += [caption, large, gap]
    return np.concatenate(rows)
