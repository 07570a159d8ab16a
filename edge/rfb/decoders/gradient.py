"""Tight's gradient filter: each pixel is the difference from what its neighbours foretell.

A pixel needs its left, upper and upper left neighbours, so all pixels of one anti-diagonal can be done at once.

Source: the Tight section of the rfbproto specification.
"""

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Size


def undo_gradient(data: bytes, size: Size) -> NDArray[np.uint8]:
    """Turn differences, 3 bytes for each pixel of `size` by rows, into (height * width, 3) colours."""
    height, width = size.shape
    out = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3).copy()
    if width <= 1:
        # Nothing but the pixel above foretells, and that needs no clamp.
        return np.cumsum(out, axis=0, dtype=np.uint8)
    # Element i + 1 of a diagonal is its pixel in row i; what is outside of the picture is black.
    last = np.zeros((height + 1, 3), dtype=np.int16)
    before = np.zeros((height + 1, 3), dtype=np.int16)
    for diagonal in range(height + width - 1):
        top, bottom = max(0, diagonal - width + 1), min(height, diagonal + 1)
        foretold = last[top + 1 : bottom + 1] + last[top:bottom] - before[top:bottom]
        np.clip(foretold, 0, 255, out=foretold)
        step = width - 1
        pixels = out[diagonal + top * step : diagonal + (bottom - 1) * step + 1 : step]
        pixels += foretold.astype(np.uint8)
        before, last = last, before
        last[top + 1 : bottom + 1] = pixels
    return out
