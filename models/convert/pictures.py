"""Pictures as a network on the NPU sees them: of low resolution, and un-shuffled where the network is."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr
from edge.restore.consistency import Residual
from edge.restore.shuffle import BLOCK_CHANNELS, box_mean
from models.convert.errors import ConversionError

FRAME = (272, 480)
"""Rows and columns of a 1920x1080 desktop's low resolution, made whole for networks that work on quarters of it."""

Planes = NDArray[np.uint8]


def desktop_pictures(folder: Path, at_most: int) -> Iterator[tuple[Path, Bgr, Bgr]]:
    """Give path, native picture and low resolution of up to `at_most` pictures of `folder`, evenly spread over it.

    Raises `ConversionError` if there are none.
    """
    paths = sorted(folder.glob("*.png"))
    if not paths:
        raise ConversionError(f"no native pictures (.png) in {folder}; make them with: python -m models.data")
    for path in paths[:: -(-len(paths) // at_most)]:
        native: Bgr = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)
        yield path, native, box_mean(native)


def framed(lr: Bgr, height: int, width: int) -> Bgr:
    """Cut (height, width, 3) from the upper left of `lr`; beyond its edge that is repeated."""
    cut = lr[:height, :width]
    down, right = height - cut.shape[0], width - cut.shape[1]
    return np.asarray(cv2.copyMakeBorder(cut, 0, down, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)


def planes(lr: Bgr, step: int) -> Planes:
    """Un-shuffle BGR bytes (height, width, 3) by `step` into (1, 3 * step * step, height / step, width / step)."""
    height, width, colours = lr.shape
    apart = lr.reshape(height // step, step, width // step, step, colours).transpose(1, 3, 4, 0, 2)
    return np.ascontiguousarray(apart.reshape(1, -1, height // step, width // step))


def laid_out(residual: NDArray[np.float32]) -> Residual:
    """Round residuals (1, 48 * t * t, height / t, width / t) and lay them out as the client does."""
    _, channels, rows, columns = residual.shape
    step = round((channels / BLOCK_CHANNELS) ** 0.5)
    whole = np.clip(np.rint(residual), -128, 127).astype(np.int8)
    apart = whole.reshape(step, step, BLOCK_CHANNELS, rows, columns).transpose(3, 0, 4, 1, 2)
    return np.ascontiguousarray(apart.reshape(rows * step, columns * step, BLOCK_CHANNELS))


def mosaics(pieces: NDArray[np.uint8], height: int, width: int) -> list[Bgr]:
    """Lay square `pieces` (n, side, side, 3) out as pictures (height, width, 3), each in one of them at least."""
    side = pieces.shape[1]
    rows, columns = -(-height // side), -(-width // side)
    count = -(-len(pieces) // (rows * columns))
    taken = pieces[np.arange(count * rows * columns) % len(pieces)]
    apart = taken.reshape(count, rows, columns, side, side, 3).transpose(0, 1, 3, 2, 4, 5)
    return list(apart.reshape(count, rows * side, columns * side, 3)[:, :height, :width])
