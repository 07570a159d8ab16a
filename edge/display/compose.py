"""What is shown: the desktop's picture with the cursor blended over it at full size."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.display.mapped import map_picture
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank


class Compositor:
    """Owns the composed picture and keeps it right at the cost of what changes.

    What is under the cursor is never saved: it is read again from the picture given to the last `draw`, which the
    compositor keeps a reference to. Every method returns the rectangles of the composed picture that it wrote, cut
    at its edges, for `Display.present`. Not to be called from two threads at once.
    """

    def __init__(self, size: Size, path: Path | None = None) -> None:
        """Start black and without a cursor; `path` maps the composed picture to a file (see `map_picture`)."""
        self.size = size
        self.picture: Picture = blank(size) if path is None else map_picture(path, size)
        self._source: Picture = np.broadcast_to(np.uint32(0), size.shape)
        self._cursor = Cursor(np.zeros((0, 0, 4), dtype=np.uint8))
        self._hotspot = (0, 0)
        self._pointer = (0, 0)

    def draw(self, source: Picture, damage: Sequence[Rect]) -> list[Rect]:
        """Take `damage` over from `source` (height, width), and what comes under the cursor with it."""
        if source.shape != self.size.shape:
            height, width = source.shape
            raise ValueError(f"a picture of {width}x{height} came for a compositor of {self.size}")
        self._source = source
        changed = [part for rect in damage if (part := rect & self.size.rect)]
        for rect in changed:
            self._compose(rect)
        return changed

    def move_pointer(self, x: int, y: int) -> list[Rect]:
        """Move the cursor so that its hotspot is at (x, y), which may lie outside of the picture."""
        before = self._cursor_rect
        self._pointer = (x, y)
        return self._recompose(before, self._cursor_rect) if self._cursor_rect != before else []

    def set_cursor(self, pixels: NDArray[np.uint8], hotspot_x: int, hotspot_y: int) -> list[Rect]:
        """Take a new shape: uint8 (height, width, 4) of B, G, R, alpha, not premultiplied; (0, 0, 4) hides it."""
        before = self._cursor_rect
        self._cursor = Cursor(pixels)
        self._hotspot = (hotspot_x, hotspot_y)
        return self._recompose(before, self._cursor_rect)

    def hide(self) -> list[Rect]:
        """Show no cursor until the next `set_cursor`."""
        return self.set_cursor(np.zeros((0, 0, 4), dtype=np.uint8), 0, 0)

    @property
    def _cursor_rect(self) -> Rect:
        left, top = self._pointer[0] - self._hotspot[0], self._pointer[1] - self._hotspot[1]
        return Rect(left, top, self._cursor.size.width, self._cursor.size.height)

    def _recompose(self, before: Rect, after: Rect) -> list[Rect]:
        before, after = before & self.size.rect, after & self.size.rect
        around = before | after
        # One rectangle around a short move costs less than two that overlap.
        changed = [around] if around.area <= before.area + after.area else [before, after]
        changed = [rect for rect in changed if rect]
        for rect in changed:
            self._compose(rect)
        return changed

    def _compose(self, rect: Rect) -> None:
        """Compose `rect` from scratch, so that doing it twice does no harm."""
        self.picture[rect.slices] = self._source[rect.slices]
        cursor = self._cursor_rect
        if under := rect & cursor:
            blended = self._cursor.over(self._source[under.slices], under.moved(-cursor.x, -cursor.y))
            self.picture[under.slices] = blended


class Cursor:
    """A cursor's shape, prepared for blending."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """Copy `pixels`: uint8 (height, width, 4) of B, G, R, alpha, not premultiplied."""
        if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
            raise ValueError(f"a cursor is uint8 (height, width, 4), not {pixels.dtype} {pixels.shape}")
        height, width, _ = pixels.shape
        self.size = Size(width, height)
        alpha = pixels[:, :, 3:].astype(np.uint16)
        self._weight_below = 255 - alpha
        self._colour = pixels[:, :, :3] * alpha + 127

    def over(self, below: Picture, part: Rect) -> Picture:
        """Blend `part` of the cursor over `below` (part.height, part.width): rounded, so that alpha 255 covers."""
        colours = np.ascontiguousarray(below).view(np.uint8).reshape(*below.shape, 4)
        out = np.zeros_like(colours)
        mixed = colours[:, :, :3] * self._weight_below[part.slices] + self._colour[part.slices]
        out[:, :, :3] = mixed // 255
        return out.view(np.uint32).reshape(below.shape)
