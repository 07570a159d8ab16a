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
    planes = np.ascontiguousarray(blocks.T)
    sums = cv2.add(planes[:24], planes[24:], dtype=cv2.CV_16U)
    for half in (12, 6, 3):
        sums = cv2.add(sums[:half], sums[half:])
    received = flat.reshape(count, 3).T.astype(np.int16) * PIXELS_PER_BLOCK
    excess = np.asarray(sums).view(np.int16) - received
    # As unsigned, a sum too small is a large number too: one comparison finds both.
    channel, block = np.nonzero(excess.view(np.uint16) > _LAST)
    if block.size:
        pixels = blocks.reshape(count, PIXELS_PER_BLOCK, 3)
        wrong = excess[channel, block]
        pixels[block, :, channel] = _mended(pixels[block, :, channel], np.clip(wrong, 0, _LAST) - wrong)
    return blocks.reshape(height, width, BLOCK_CHANNELS)


def _mended(pixels: NDArray[np.uint8], missing: NDArray[np.int16]) -> NDArray[np.int16]:
    """Spread `missing` (n,) evenly over the 16 values of each row of `pixels` (n, 16) that are not yet at their limit.

    Each round brings a row to its sum or at least one more of its pixels to black or white, and the sum of sixteen
    whites is one that the server can send: sixteen rounds are enough.
    """
    mended = pixels.astype(np.int16)
    rows = np.arange(len(mended))
    while rows.size:
        part, need = mended[rows], missing[rows]
        brighter = need > 0
        room = np.where(brighter[:, None], 255 - part, part)
        free = room > 0
        share, rest = np.divmod(np.abs(need), free.sum(axis=1, dtype=np.int16))
        give = share[:, None] + (np.cumsum(free, axis=1, dtype=np.int16) <= rest[:, None])
        np.minimum(give, room, out=give)
        np.negative(give, out=give, where=~brighter[:, None])
        mended[rows] = part + give
        missing[rows] -= give.sum(axis=1, dtype=np.int16)
        rows = rows[missing[rows] != 0]
    return mended
