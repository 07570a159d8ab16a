"""Sub-rectangles of one colour each, of which RRE, CoRRE and Hextile pictures are made.

Small ones are painted many at a time: all their pixels become one list of places and one of colours.
"""

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.pixels import Picture
from edge.rfb.decoders.pixels import Colours

#: (count, 4) of x, y, width, height.
Rectangles = NDArray[np.intp]

# One with more pixels is painted alone: that is as fast, and bounds what a batch of small ones takes.
_SMALL_PX = 256
_BATCH = 4096
# Servers cut a picture up without overlaps, so that all sub-rectangles together are never more than its area; without
# any bound a few bytes could have every pixel painted as often as there are sub-rectangles.
_MOST_COATS = 4


class SubRectanglePainter:
    """Paints sub-rectangles over a picture, which must be C-contiguous, in their order."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._left_px = _MOST_COATS * picture.size

    def paint(self, rectangles: Rectangles, colours: Colours) -> None:
        """Paint each of the rectangles in its colour.

        Raises `DecodeError` where one is not inside the picture, or where all so far are more than four times its area.
        """
        height, width = self._picture.shape
        x, y, widths, heights = rectangles.T
        if (outside := (x + widths > width) | (y + heights > height)).any():
            x, y, widths, heights = rectangles[int(outside.argmax())].tolist()
            raise DecodeError(f"a sub-rectangle {widths}x{heights}+{x}+{y} is not inside its {width}x{height}")
        areas = widths * heights
        self._left_px -= int(areas.sum())
        if self._left_px < 0:
            raise DecodeError(f"its sub-rectangles paint more than {_MOST_COATS} times its area")
        large = np.flatnonzero(areas > _SMALL_PX).tolist()
        begin = 0
        for number in [*large, len(rectangles)]:
            for start in range(begin, number, _BATCH):
                batch = slice(start, min(number, start + _BATCH))
                self._paint_small(rectangles[batch], areas[batch], colours[batch])
            if number < len(rectangles):
                x, y, widths, heights = rectangles[number].tolist()
                self._picture[y : y + heights, x : x + widths] = colours[number]
            begin = number + 1

    def _paint_small(self, rectangles: Rectangles, areas: NDArray[np.intp], colours: Colours) -> None:
        width = self._picture.shape[1]
        x, y, widths, _ = rectangles.T
        # The n-th pixel of a rectangle is n // width rows down and n % width columns to the right.
        nth = np.arange(int(areas.sum())) - (areas.cumsum() - areas).repeat(areas)
        down, right = np.divmod(nth, widths.repeat(areas))
        places = (y * width + x).repeat(areas) + down * width + right
        # Where a place comes twice, the last colour stays.
        self._picture.reshape(-1)[places] = colours.repeat(areas)
