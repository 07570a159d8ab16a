"""The low-resolution framebuffer, as the server sends it, and the tiles of it that were drawn since last asked."""

import cv2
import numpy as np

from edge.geometry import Grid, Mask, Rect, Size, any_in_tiles
from edge.pixels import Picture, blank

TILE_PX = 8
"""Side of a tile in low-resolution pixels: two lines of text. Smaller ones cost more bookkeeping than they save."""


class LowFramebuffer:
    """Pixels of `size` and a damage mask over tiles of `TILE_PX`."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.grid = Grid(size, TILE_PX)
        self.picture = blank(size)
        self.damage = self.grid.mask()
        """The tiles drawn since the damage was last taken."""

    def draw(self, rect: Rect, pixels: Picture) -> None:
        """Put `pixels` (rect.height, rect.width) at `rect`, which lies inside."""
        self.picture[rect.slices] = pixels
        self.damage[self.grid.touched(rect)] = True

    def copy(self, rect: Rect, source_x: int, source_y: int) -> None:
        """Put what stands at (source_x, source_y) at `rect` too; the two may overlap."""
        source = Rect(source_x, source_y, rect.width, rect.height)
        self.draw(rect, self.picture[source.slices].copy())

    def wipe(self) -> None:
        """Overwrite everything."""
        self.picture.fill(0)

    def take_damage(self) -> Mask:
        """Return the damage, and start anew."""
        taken, self.damage = self.damage, self.grid.mask()
        return taken


def beside_differing(a: Picture, b: Picture) -> Mask:
    """Return the tiles of `TILE_PX` in which, or in the pixels around which, two pictures of one shape differ."""
    grown = cv2.dilate((a != b).view(np.uint8), np.ones((3, 3), dtype=np.uint8))
    return any_in_tiles(grown.view(np.bool_), TILE_PX)


def differing(a: Picture, b: Picture) -> Mask:
    """Return the tiles of `TILE_PX` in which two pictures of one shape differ."""
    return any_in_tiles(a != b, TILE_PX)
