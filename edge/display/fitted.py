"""A picture as it stands in a window of another size, part by part."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.display.letterbox import Letterbox
from edge.geometry import Rect
from edge.pixels import Picture


def fitted(picture: Picture, box: Letterbox) -> Callable[[Rect], Picture]:
    """Return what gives the pixels (part.height, part.width) of a part of the window, black beside the picture.

    Each of them is the same whichever part it is asked for in. Enlarged cubically; shrunk, all of it once, by the mean
    of what each pixel covers.
    """
    area = box.rect
    if box.picture == box.window:
        return lambda part: picture[part.slices]
    if area.width > box.picture.width:
        return partial(_enlarged, picture, box)
    if area.size != box.picture:
        # OpenCV does not resize 32-bit integers, but four bytes of one.
        whole = cv2.resize(_bgrx(picture), (area.width, area.height), interpolation=cv2.INTER_AREA)
        picture = _pixels(whole, area)
    return partial(_framed, picture, area)


def _enlarged(picture: Picture, box: Letterbox, part: Rect) -> Picture:
    area, there = box.rect, part & box.rect
    # The middles of pixels stand at a half. Not by warpAffine, which rounds differently from part to part.
    columns = (np.arange(there.x, there.right) - area.x + 0.5) * (box.picture.width / area.width) - 0.5
    rows = (np.arange(there.y, there.bottom) - area.y + 0.5) * (box.picture.height / area.height) - 0.5
    if not (columns.size and rows.size):
        return np.zeros(part.size.shape, dtype=np.uint32)
    across, down = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    out = cv2.remap(_bgrx(picture), across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _framed(_pixels(out, there), there, part)


def _framed(shown: Picture, area: Rect, part: Rect) -> Picture:
    """Cut `part` of the window out of `shown`, which fills `area` of it."""
    out = np.zeros(part.size.shape, dtype=np.uint32)
    there = part & area
    out[there.moved(-part.x, -part.y).slices] = shown[there.moved(-area.x, -area.y).slices]
    return out


def _bgrx(picture: Picture) -> NDArray[np.uint8]:
    return picture.view(np.uint8).reshape(*picture.shape, 4)


def _pixels(bgrx: cv2.typing.MatLike, area: Rect) -> Picture:
    return np.ascontiguousarray(bgrx).view(np.uint32).reshape(area.size.shape)
