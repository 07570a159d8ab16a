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
    across, down = box.picture.width / area.width, box.picture.height / area.height
    # The middles of pixels stand at a half.
    to_source = np.array(
        [
            [across, 0, (part.x - area.x + 0.5) * across - 0.5],
            [0, down, (part.y - area.y + 0.5) * down - 0.5],
        ]
    )
    out = cv2.warpAffine(
        bgrx,
        to_source,
        (part.width, part.height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
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
