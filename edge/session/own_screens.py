"""The appliance's own screens on the stage: drawn in the user's language, answered by keys or by pointing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from edge.display.arrow import arrow
from edge.display.base import Display
from edge.display.page import Look, Screen
from edge.geometry import Size
from edge.input.keymap import Key, keysym_named
from edge.rfb.events import CursorChanged
from edge.session.stage import Stage

SCREEN_SIZE = Size(1920, 1080)
"""Where the display takes any size."""
PRESSED = 1
"""The left button, or a finger."""
LOOK_AGAIN_S = 1.0
"""How often the display's size is compared, and an open page is drawn anew."""

Scene = Callable[[Size, Look], Screen]
OnKey = Callable[[int, bool], None]
"""Takes a keysym that went down, and whether it was pointed at."""


def ignore(_keysym: int, _pointed: bool) -> None:
    """Take a key where none means anything."""


class OwnScreens:
    """Shows one scene at a time, and a page over it, or over the desktop, that any key closes.

    `status` is that page, and `on_doing` hears what was pointed at on it.
    """

    def __init__(
        self, display: Display, stage: Stage, look: Look, status: Scene, on_doing: Callable[[int], None]
    ) -> None:
        self.look = look
        self._status, self._on_doing = status, on_doing
        self._display, self._stage = display, stage
        self._scene: Scene | None = None
        self._page: Scene | None = None
        self._on_key: OnKey = ignore
        self._shown: Screen | None = None
        self._drawn_for: Size | None = None
        self._pressed = False

    @property
    def in_front(self) -> bool:
        """Whether keys and pointer are this one's, and not the desktop's."""
        return self._stage.on_screen or self._page is not None

    @property
    def holds_pointer(self) -> bool:
        """Whether the pointer is this one's: also behind a page that it has closed, until it is let go of."""
        return self.in_front or self._pressed

    @property
    def size(self) -> Size:
        """Size to draw for."""
        return self._display.size or self._stage.size or SCREEN_SIZE

    def show(self, scene: Scene, on_key: OnKey = ignore) -> None:
        """Show a scene in place of the desktop, and hand its keys to `on_key`."""
        self._scene, self._on_key = scene, on_key
        self._stage.set_banner(None)
        screen = scene(self.size, self.look)
        self._stage.show_screen(screen.picture, self._cursor)
        self._drawn_for = self.size
        if self._page is None:
            self._shown = screen

    def open_page(self, page: Scene | None) -> None:
        """Show a page over everything, or close it."""
        self._page = page
        if page is None:
            self._stage.set_cover(None)
            if self._stage.on_screen and self._scene is not None:
                self.show(self._scene, self._on_key)
            return
        self._shown = page(self._stage.size or self.size, self.look)
        self._stage.set_cover(self._shown.picture, self._cursor)

    def toggle_status(self) -> None:
        """Open the page with the device's status, or close it."""
        self.open_page(self._status if self._page is None else None)

    def key(self, keysym: int, *, pointed: bool = False) -> None:
        """Take a key that went down."""
        if keysym == Key.F1:
            self.toggle_status()
        elif keysym == Key.F2:
            self.look = replace(self.look, language=self.look.language.other)
            self._draw_again()
        elif self._page is not None:
            self.open_page(None)
            if pointed:
                self._on_doing(keysym)
        else:
            self._on_key(keysym, pointed)

    def hold(self) -> None:
        """Take the pointer over while it is held: what is pressed is pressed already."""
        self._pressed = True

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Take a position of the pointer, and the buttons held: what is pressed is typed."""
        self._stage.move_pointer(x, y)
        pressed, self._pressed = self._pressed, bool(buttons & PRESSED)
        if self._pressed and not pressed and self._shown is not None:
            key = self._shown.key_at(x, y)
            if key is not None:
                self.key(keysym_named(key), pointed=True)
            elif self._page is not None:
                self.open_page(None)

    async def run(self) -> None:
        """Keep an open page up to date, and the scene as large as the display, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            if self._page is not None or (self._stage.on_screen and self._drawn_for != self.size):
                self._draw_again()

    def _draw_again(self) -> None:
        if self._stage.on_screen and self._scene is not None:
            self.show(self._scene, self._on_key)
        if self._page is not None:
            self.open_page(self._page)

    @property
    def _cursor(self) -> CursorChanged:
        return CursorChanged(1, 1, arrow(max(1.0, self.size.height / SCREEN_SIZE.height)))
