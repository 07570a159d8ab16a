"""What is exact can be seen: a mark by the pointer, and a map over the whole picture.

Both only set pixels to fixed colours, so that drawing them twice over one another changes nothing.
"""

from collections.abc import Callable

import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.geometry import Rect
from edge.pixels import Picture

COLOURS = {TileState.RESTORED: 0xFF8C00, TileState.LIKELY: 0x1E90FF}
"""Orange is made up by the network, blue was exact before; what is exact has no colour."""
HATCH_PX = 4
"""The map colours every so many-th diagonal, and leaves what is below readable."""
MARK_PX = 5
MARK_OFFSET = (13, 19)
"""From the pointer to the mark: below the arrow, beside no letter that is pointed at."""

Veil = Callable[[Picture, Rect], None]
"""Draws over a rectangle of the composed picture (height, width)."""


def hatch(high: HighFramebuffer) -> Veil:
    """Return what hatches the tiles of `high` that are not exact in the colour of their state."""
    tile_px = high.reduction.scale * high.grid.tile_px

    def draw(picture: Picture, rect: Rect) -> None:
        y, x = np.arange(rect.y, rect.bottom), np.arange(rect.x, rect.right)
        # Native pixels beyond the last tile belong to it.
        rows, columns = np.minimum(y // tile_px, high.grid.rows - 1), np.minimum(x // tile_px, high.grid.columns - 1)
        states = high.state[np.ix_(rows, columns)]
        hatched = (y[:, None] + x[None, :]) % HATCH_PX == 0
        for state, colour in COLOURS.items():
            picture[rect.slices][hatched & (states == state)] = colour

    return draw


def mark_at(pointer: tuple[int, int]) -> Rect:
    """Return where the mark is when the pointer is at native (x, y)."""
    return Rect(pointer[0] + MARK_OFFSET[0], pointer[1] + MARK_OFFSET[1], MARK_PX, MARK_PX)
