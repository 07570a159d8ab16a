"""Pictures in memory: one layout everywhere, so that nothing is converted twice.

A picture is a C-contiguous uint32 array (height, width) of 0x00RRGGBB, which on every machine that this runs on
(little-endian) is B, G, R, 0 in bytes: RFB's default 32-bit format, KMS's XRGB8888 and OpenCV's BGR with a spare byte.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Size

Picture = NDArray[np.uint32]
Bgr = NDArray[np.uint8]
Rgb = NDArray[np.uint8]


def blank(size: Size, colour: int = 0) -> Picture:
    """Make a picture of `size` in one colour (0xRRGGBB)."""
    return np.full(size.shape, colour, dtype=np.uint32)


def to_bgr(picture: Picture) -> Bgr:
    """Copy a picture (height, width) to BGR bytes (height, width, 3)."""
    return np.ascontiguousarray(picture).view(np.uint8).reshape(*picture.shape, 4)[:, :, :3].copy()


def from_bgr(bgr: Bgr) -> Picture:
    """Copy BGR bytes (height, width, 3) to a picture (height, width)."""
    return _without_alpha(bgr, cv2.COLOR_BGR2BGRA)


def from_rgb(rgb: Rgb) -> Picture:
    """Copy RGB bytes (height, width, 3) to a picture (height, width)."""
    return _without_alpha(rgb, cv2.COLOR_RGB2BGRA)


def rgb565(picture: Picture) -> Picture:
    """Round each colour to the 5, 6 and 5 bits that RGB565 has for it, as 8 bits again; a new picture of its shape.

    Low-resolution evidence travels so, at half of the bytes: whatever is compared with it is rounded first.
    Source: LibVNCServer's rfbInitOneRGBTable for the way down, `PixelCodec` for the way up.
    """
    colours = np.ascontiguousarray(picture).view(np.uint8).reshape(*picture.shape, 4)
    return cv2.LUT(colours, _RGB565).view(np.uint32).reshape(picture.shape)


def rgb565_green(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Round levels of green alone as `rgb565` does; a new array of their shape."""
    return np.asarray(cv2.LUT(levels, np.ascontiguousarray(_RGB565[:, :, 1])), dtype=np.uint8)


def _without_alpha(colours: Bgr | Rgb, conversion: int) -> Picture:
    # OpenCV refuses what has no pixels, and its alpha is opaque.
    if not colours.size:
        return np.zeros(colours.shape[:2], dtype=np.uint32)
    picture: Picture = cv2.cvtColor(colours, conversion).view(np.uint32)[:, :, 0]
    picture &= np.uint32(0xFFFFFF)
    return picture


def _rounded(maximum: int) -> NDArray[np.uint8]:
    levels = (np.arange(256) * maximum + 127) // 255
    return ((levels * 255 + maximum // 2) // maximum).astype(np.uint8)


_RGB565 = np.stack([_rounded(31), _rounded(63), _rounded(31), np.zeros(256, dtype=np.uint8)], axis=1)[:, None, :]
