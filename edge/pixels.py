"""Pictures in memory: one layout everywhere, so that nothing is converted twice.

A picture is a C-contiguous uint32 array (height, width) of 0x00RRGGBB, which on every machine that this runs on
(little-endian) is B, G, R, 0 in bytes: RFB's default 32-bit format, KMS's XRGB8888 and OpenCV's BGR with a spare byte.
"""

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Size

Picture = NDArray[np.uint32]
Bgr = NDArray[np.uint8]


def blank(size: Size, colour: int = 0) -> Picture:
    """Make a picture of `size` in one colour (0xRRGGBB)."""
    return np.full(size.shape, colour, dtype=np.uint32)


def to_bgr(picture: Picture) -> Bgr:
    """Copy a picture (height, width) to BGR bytes (height, width, 3)."""
    return np.ascontiguousarray(picture).view(np.uint8).reshape(*picture.shape, 4)[:, :, :3].copy()


def from_bgr(bgr: Bgr) -> Picture:
    """Copy BGR bytes (height, width, 3) to a picture (height, width)."""
    height, width, _ = bgr.shape
    out = np.zeros((height, width, 4), dtype=np.uint8)
    out[:, :, :3] = bgr
    return out.view(np.uint32).reshape(height, width)
