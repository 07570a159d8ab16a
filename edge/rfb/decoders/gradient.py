"""Tight's gradient filter: each pixel is the difference from what its neighbours foretell.

A pixel needs its left, upper and upper left neighbours, so all pixels of one anti-diagonal can be done at once.

Source: the Tight section of the rfbproto specification.
"""

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Size
from edge.rfb.decoders.pixels import Levels


def undo_gradient(out: Levels, maxima: NDArray[np.uint16], size: Size) -> Levels:
    """Turn differences (height * width, 3), by rows, into levels of 0 to `maxima`, in place."""
    height, width = size.shape
    most: Levels = maxima.astype(out.dtype)
    if width <= 1:
        # Nothing but the pixel above foretells, and that needs no clamp.
        np.cumsum(out, axis=0, out=out)
        out &= most
        return out
    # Element i + 1 of a diagonal is its pixel in row i; what is outside of the picture is black.
    last = np.zeros((height + 1, 3), dtype=np.int32)
    before = np.zeros((height + 1, 3), dtype=np.int32)
    for diagonal in range(height + width - 1):
        top, bottom = max(0, diagonal - width + 1), min(height, diagonal + 1)
        foretold = last[top + 1 : bottom + 1] + last[top:bottom] - before[top:bottom]
        np.clip(foretold, 0, maxima, out=foretold)
        step = width - 1
        pixels = out[diagonal + top * step : diagonal + (bottom - 1) * step + 1 : step]
        pixels += foretold.astype(out.dtype)
        pixels &= most
        before, last = last, before
        last[top + 1 : bottom + 1] = pixels
    return out
