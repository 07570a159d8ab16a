"""The law of consistency: the truncating mean of each restored 4x4 block is the pixel that the server sent.

It holds whatever the residual says, so a network can shift light within a block but never invent or lose any. The
work is done in bands of rows that fit the processor's cache: on a full frame that halves its time.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import Bgr
from edge.restore.shuffle import BLOCK_CHANNELS, Blocks

RESIDUAL_STEP = 2
"""One unit of a residual, in grey levels; it lets int8 reach from black to white."""

PIXELS_PER_BLOCK = 16
_LAST = PIXELS_PER_BLOCK - 1
_BAND_PX = 16384

Residual = NDArray[np.int8]
Values = NDArray[np.uint8]


def consistent_bands(lr: Bgr, residual: Residual) -> Iterator[tuple[slice, Blocks]]:
    """Add `residual` to the nearest-neighbour anchor of `lr`, clamp, and make each block's mean exact, band by band.

    `lr` is BGR bytes (height, width, 3), `residual` int8 (height, width, 48) in units of `RESIDUAL_STEP`. Yields the
    low-resolution rows and their blocks, uint8 (rows, width, 48), from the top down.
    """
    height, width, _ = lr.shape
    rows = max(1, _BAND_PX // width)
    for top in range(0, height, rows):
        band = slice(top, min(top + rows, height))
        yield band, _consistent(lr[band], residual[band])


def _consistent(lr: Bgr, residual: Residual) -> Blocks:
    height, width, _ = lr.shape
    count = height * width
    flat = np.ascontiguousarray(lr).reshape(count, 1, 3)
    anchor = cv2.resize(flat, (PIXELS_PER_BLOCK, count), interpolation=cv2.INTER_NEAREST)
    anchor = anchor.reshape(count, BLOCK_CHANNELS)
    step = np.ascontiguousarray(residual).reshape(count, BLOCK_CHANNELS)
    # Added twice, for a residual counts double; the second sum saturates and so is the clamp.
    blocks: Blocks = np.asarray(cv2.add(cv2.add(anchor, step, dtype=cv2.CV_16S), step, dtype=cv2.CV_8U))
    # One plane per place in the block from here on: long rows are what numpy and OpenCV are fast at.
    planes = np.ascontiguousarray(blocks.T)
    received = flat.reshape(count, 3).T.astype(np.int16) * PIXELS_PER_BLOCK
    excess = _sums(planes.reshape(PIXELS_PER_BLOCK, 3 * count)) - received.reshape(-1)
    # As unsigned, a sum too small is a large number too: one comparison finds both.
    wrong = np.flatnonzero(excess.view(np.uint16) > _LAST)
    if wrong.size:
        places = planes.reshape(PIXELS_PER_BLOCK, 3 * count)
        over = excess[wrong]
        places[:, wrong] = _mended(places.take(wrong, axis=1), np.clip(over, 0, _LAST) - over)
        blocks = np.ascontiguousarray(planes.T)
    return blocks.reshape(height, width, BLOCK_CHANNELS)


def _sums(places: Values) -> NDArray[np.int16]:
    """Add the 16 rows of `places` (16, n)."""
    sums = cv2.add(places[:8], places[8:], dtype=cv2.CV_16S)
    for half in (4, 2, 1):
        sums = cv2.add(sums[:half], sums[half:])
    return np.asarray(sums, dtype=np.int16).reshape(-1)


def _mended(places: Values, missing: NDArray[np.int16]) -> Values:
    """Spread `missing` (n,) evenly over those of the 16 values in each column of `places` (16, n) that can still move.

    Each round brings a column to its sum or at least one more of its pixels to black or white, and sixteen whites or
    blacks are a block that the server can send: sixteen rounds are enough.
    """
    # Whatever the direction, only the room that is left counts: towards white that is the complement.
    towards_white = np.where(missing > 0, np.uint8(255), np.uint8(0))
    room = places ^ towards_white
    need = np.abs(missing)
    columns = np.arange(len(need))
    while columns.size:
        left = room.take(columns, axis=1)
        free = (left > 0).view(np.uint8)
        share, rest = np.divmod(need[columns], np.add.reduce(free, axis=0, dtype=np.uint8))
        one_more = np.add.accumulate(free, axis=0, dtype=np.uint8) <= rest.astype(np.uint8)
        give = np.minimum(share, 254).astype(np.uint8) + one_more.view(np.uint8)
        np.minimum(give, left, out=give)
        room[:, columns] = left - give
        need[columns] -= _sums(give)
        columns = columns[need[columns] > 0]
    return room ^ towards_white
