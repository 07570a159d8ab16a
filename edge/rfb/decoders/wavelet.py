"""The wavelets of ZYWRLE: two or more levels of a reversible Haar-like transform over three planes.

The planes are luma and two differences of colour, as signed bytes. Each level leaves means where the next level begins
and details in between; on the wire stand the details of the finest level first, and what no level reaches last.

Source: Senecal et al., An Improved N-Bit to N-Bit Reversible Haar-Like Transform, Pacific Graphics 2004; the order of
coefficients and the colour transform from LibVNCServer's `zywrletemplate.c`.
"""

import numpy as np
from numpy.typing import NDArray

#: (height, width, 3) of red, green and blue, or of V, Y and U: what stands in the same bytes of a pixel.
Planes = NDArray[np.int16]


def whole_blocks(size_px: int, level: int) -> int:
    """Return how much of a side takes part in so many levels."""
    return size_px >> level << level


def place_coefficients(stream: Planes, height: int, width: int, level: int) -> Planes:
    """Lay out (height * width, 3) coefficients, as they came, in their places of a (height, width, 3) array."""
    out = np.empty((height, width, 3), dtype=np.int16)
    begin = 0
    for step in range(level):
        half, whole = 1 << step, 2 << step
        corners = [(half, half), (half, 0), (0, half)] + ([(0, 0)] if step == level - 1 else [])
        for y, x in corners:
            part = out[y::whole, x::whole]
            count = part.shape[0] * part.shape[1]
            part[...] = stream[begin : begin + count].reshape(part.shape)
            begin += count
    return out


def synthesise(coefficients: Planes, level: int) -> Planes:
    """Turn (height, width, 3) coefficients, which are changed, into red, green and blue of 0 to 255."""
    for step in reversed(range(level)):
        half, whole = 1 << step, 2 << step
        _undo(coefficients[::whole, ::half], coefficients[half::whole, ::half])
        _undo(coefficients[::half, ::whole], coefficients[::half, half::whole])
    v, y, u = (coefficients[:, :, plane] for plane in range(3))
    green = y + 128 - ((2 * u + 2 * v) >> 2)
    colours: Planes = np.stack([2 * v + green, green, 2 * u + green], axis=2)
    return np.asarray(colours.clip(0, 255), dtype=np.int16)


def _undo(low: Planes, high: Planes) -> None:
    """Turn means and details into neighbours, in place; of the transform, this is also the inverse."""
    signs_differ = (low < 0) != (high < 0)
    total, difference = low + high, low - high
    same_low = np.where((difference < 0) == (low < 0), low, high)
    other_high = np.where((total < 0) == (high < 0), -high, low)
    low[...], high[...] = (
        _signed_byte(np.where(signs_differ, total, same_low)),
        _signed_byte(np.where(signs_differ, other_high, difference)),
    )


def _signed_byte(values: Planes) -> NDArray[np.int8]:
    return values.astype(np.int8)
