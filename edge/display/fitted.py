"""A picture, or a part of it, as it stands in a window of another size."""

import cv2
import numpy as np

from edge.display.letterbox import Letterbox
from edge.geometry import Rect
from edge.pixels import Picture


def fitted(picture: Picture, box: Letterbox, part: Rect) -> Picture:
    """Return the pixels (part.height, part.width) of `part` of the window, black beside the picture.

    Each of them is the same whichever part it is asked for in. Enlarged cubically; shrunk by the mean of what each
    pixel covers.
    """
    area = box.rect
    if area.size == box.picture:
        return np.ascontiguousarray(_moved(picture, area, part))
    bgrx = picture.view(np.uint8).reshape(*picture.shape, 4)
    if area.width < box.picture.width:
        # OpenCV does not resize 32-bit integers, but four bytes of one.
        whole = cv2.resize(bgrx, (area.width, area.height), interpolation=cv2.INTER_AREA)
        return _moved(np.ascontiguousarray(whole).view(np.uint32).reshape(area.size.shape), area, part)
    # The middles of pixels stand at a half. Not by warpAffine, which rounds differently from part to part.
    columns = (np.arange(part.x, part.right) - area.x + 0.5) * (box.picture.width / area.width) - 0.5
    rows = (np.arange(part.y, part.bottom) - area.y + 0.5) * (box.picture.height / area.height) - 0.5
    across, down = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    out = cv2.remap(bgrx, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    shown = np.ascontiguousarray(out).view(np.uint32).reshape(part.size.shape)
    inside = np.zeros(part.size.shape, dtype=np.uint32)
    there = (part & area).moved(-part.x, -part.y)
    inside[there.slices] = shown[there.slices]
    return inside


def _moved(whole: Picture, area: Rect, part: Rect) -> Picture:
    """Cut `part` of the window out of `whole`, which fills `area` of it."""
    out = np.zeros(part.size.shape, dtype=np.uint32)
    there = part & area
    out[there.moved(-part.x, -part.y).slices] = whole[there.moved(-area.x, -area.y).slices]
    return out
