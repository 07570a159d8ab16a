"""What is on the display: a picture, the cursor over it, and one task that shows what changed."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.display.base import Display
from edge.display.compose import Compositor
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank
from edge.rfb.events import CursorChanged
from edge.session.certainty import Veil

MARK_COLOUR = 0xFF8C00
MAX_RECTANGLES = 256
"""More damage than this between two presentations is shown as one rectangle around all of it."""


class Stage:
    """Collects damage and presents it as fast as the display takes it; what came meanwhile is shown together.

    Belongs to the event loop's thread. `path` maps each composed picture to a file.
    """

    def __init__(self, display: Display, path: Path | None = None) -> None:
        self._display = display
        self._path = path
        self._compositor: Compositor | None = None
        self._source: Picture | None = None
        self._damage: list[Rect] = []
        self._cursor_damage: list[Rect] = []
        self._cursor: CursorChanged | None = None
        self._pointer: tuple[int, int] | None = None
        self._banner: Picture | None = None
        self._own_cursor: CursorChanged | None = None
        self._cover: Picture | None = None
        self._overwrite = 0
        self._veil: Veil | None = None
        self._mark: Rect | None = None
        self.on_screen = False
        """Whether a screen is shown, and no desktop."""
        self._dirty = asyncio.Event()
        self._turned = asyncio.Event()

    @property
    def picture(self) -> Picture | None:
        """The composed picture (height, width), None before the first."""
        return None if self._compositor is None else self._compositor.picture

    @property
    def size(self) -> Size | None:
        """Size of the composed picture."""
        return None if self._compositor is None else self._compositor.size

    def show(self, source: Picture, damage: Sequence[Rect]) -> None:
        """Show `damage` of `source`; all of it if it is another picture than before. A cover stays over it."""
        if self.on_screen:
            self.on_screen = False
            self._apply_cursor()
        self._show(source, damage)

    def _show(self, source: Picture, damage: Sequence[Rect]) -> None:
        height, width = source.shape
        size = Size(width, height)
        if self._compositor is None or self._compositor.size != size:
            self._compositor = Compositor(size, self._path)
            self._cursor_damage.clear()
            self._apply_cursor()
        if source is not self._source:
            self._source, damage = source, [size.rect]
        self._damage.extend(damage)
        if len(self._damage) > MAX_RECTANGLES:
            around = Rect(0, 0, 0, 0)
            for rect in self._damage:
                around |= rect
            self._damage = [around]
        self._dirty.set()

    def show_screen(self, screen: Picture, cursor: CursorChanged | None = None) -> None:
        """Show `screen` in place of the desktop, with a `cursor` of its own; only what has changed is drawn."""
        self._own_cursor = cursor
        before = self._source if self.on_screen else None
        self.on_screen = True
        if before is None or before.shape != screen.shape:
            self._show(screen, [])
        else:
            self._source = screen
            self._show(screen, [differing(before, screen)])
        self._apply_cursor()

    def set_cover(self, cover: Picture | None, cursor: CursorChanged | None = None) -> None:
        """Lay a `cover` of the picture's size over everything, with a `cursor` of its own, or take it away."""
        self._cover, self._own_cursor = cover, cursor or self._own_cursor
        if self.size is not None:
            self._damage.append(self.size.rect)
            self._apply_cursor()
            self._dirty.set()

    def set_banner(self, banner: Picture | None) -> None:
        """Lay `banner` (height, width) over the top right corner, or take it away."""
        before, self._banner = self._banner, banner
        for shown in (before, banner):
            if shown is not None and self.size is not None:
                self._damage.append(self._banner_rect(shown, self.size))
                self._dirty.set()

    def set_veil(self, veil: Veil | None) -> None:
        """Draw `veil` over all that is shown from now on, or nothing."""
        self._veil = veil
        if self.size is not None:
            self.touch([self.size.rect])

    def set_mark(self, mark: Rect | None) -> None:
        """Draw a small mark, or take it away."""
        if mark != self._mark:
            before, self._mark = self._mark, mark
            self.touch([rect for rect in (before, mark) if rect is not None])

    def touch(self, damage: Sequence[Rect]) -> None:
        """Show `damage` again: what lies over the picture has changed there."""
        self._damage.extend(damage)
        self._dirty.set()

    def set_cursor(self, cursor: CursorChanged | None) -> None:
        """Take the desktop's cursor shape; None hides it."""
        self._cursor = cursor
        self._apply_cursor()

    def move_pointer(self, x: int, y: int) -> None:
        """Draw the cursor at (x, y). Until the first call none is drawn: where it is, is not known."""
        first, self._pointer = self._pointer is None, (x, y)
        if first:
            self._apply_cursor()
        elif self._compositor is not None:
            self._changed(self._compositor.move_pointer(x, y))

    def forget(self) -> None:
        """Drop everything of the desktop, so that nothing of one user remains for the next.

        What is shown next is presented twice as a whole: a display may have two buffers.
        """
        self._cursor = self._source = self._banner = self._pointer = self._veil = self._mark = self._cover = None
        self._damage.clear()
        self._overwrite = 2
        if self._compositor is not None:
            self._compositor.hide()
            self._compositor.draw(blank(self._compositor.size), [self._compositor.size.rect])

    async def turn(self) -> None:
        """Wait until `run` has been round once more: then it lives, and so does the display."""
        self._turned.clear()
        self._dirty.set()
        await self._turned.wait()

    async def run(self, on_shown: Callable[[], None] | None = None) -> None:
        """Present until cancelled; `on_shown` is called after each presentation."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if await self._present() and on_shown is not None:
                on_shown()
            self._turned.set()

    async def _present(self) -> bool:
        """Show what has changed; returns whether anything had."""
        if self._compositor is None or self._source is None:
            return False
        damage, self._damage = self._damage, []
        cursor, self._cursor_damage = self._cursor_damage, []
        if self._overwrite:
            self._overwrite -= 1
            damage = [self._compositor.size.rect]
            self._dirty.set()
        covered = self._cover is not None and self._cover.shape == self._source.shape
        source = self._cover if covered and self._cover is not None else self._source
        shown = self._compositor.draw(source, damage) + cursor
        if not covered:
            self._lay_veil(self._compositor, shown)
        self._lay_banner(self._compositor)
        if shown:
            await self._display.present(self._compositor.picture, shown)
        return bool(shown)

    def _lay_veil(self, compositor: Compositor, shown: Sequence[Rect]) -> None:
        if self.on_screen:
            return
        if self._veil is not None:
            for rect in shown:
                self._veil(compositor.picture, rect)
        if self._mark is not None and (mark := self._mark & compositor.size.rect):
            compositor.picture[mark.slices] = MARK_COLOUR

    def _lay_banner(self, compositor: Compositor) -> None:
        if self._banner is not None:
            rect = self._banner_rect(self._banner, compositor.size)
            compositor.picture[rect.slices] = self._banner[: rect.height, : rect.width]

    @staticmethod
    def _banner_rect(banner: Picture, size: Size) -> Rect:
        height, width = banner.shape
        return Rect(max(0, size.width - width), 0, width, height) & size.rect

    def _apply_cursor(self) -> None:
        if self._compositor is None:
            return
        shape = self._own_cursor if self.on_screen or self._cover is not None else self._cursor
        if self._pointer is None or shape is None:
            self._changed(self._compositor.hide())
            return
        self._changed(self._compositor.move_pointer(*self._pointer))
        self._changed(self._compositor.set_cursor(shape.pixels, shape.hotspot_x, shape.hotspot_y))

    def _changed(self, rects: list[Rect]) -> None:
        if rects:
            self._cursor_damage.extend(rects)
            self._dirty.set()


def differing(before: Picture, after: Picture) -> Rect:
    """Find the rectangle around all pixels in which two pictures of one size differ."""
    rows, columns = ((before != after).any(axis=axis) for axis in (1, 0))
    if not rows.any():
        return Rect(0, 0, 0, 0)
    top, bottom = (int(end) for end in np.flatnonzero(rows)[[0, -1]])
    left, right = (int(end) for end in np.flatnonzero(columns)[[0, -1]])
    return Rect(left, top, right + 1 - left, bottom + 1 - top)
