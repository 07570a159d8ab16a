"""A client's window and the desktop behind it, each on an X server of its own: keys go in, their echo comes out."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.xobject.drawable import Window

from edge.geometry import Rect, Size
from edge.pixels import Picture
from tests.bench.clients import EDGECTL, VIEWER
from tests.bench.desktop import bare_desktop, xwd_pixels
from tests.bench.link import Count, LinkSettings, linked
from tests.bench.measure import wait_for_rest
from tests.bench.programs import program
from tests.bench.run import SERVER
from tests.servers import process, require, wait_until, window_manager, x11vnc, x_server

DESKTOP = Size(1920, 1080)
# Room around the client's window for its frame.
CLIENT_SCREEN = Size(2000, 1200)
# The lines of the terminal in which keys are echoed.
LINES = Rect(0, 0, 1920, 160)
PATIENCE_S = 5.0
POLL_S = 0.0005
VIEW_SCALE = 4
# The echo is seen when what is shown, reduced fourfold, has come so much nearer to the desktop's.
STILL_WRONG = 0.35

EDGE = (*EDGECTL, "view", "--display", "window", "--insecure")
# The command of each client, and how it takes its server's address.
WINDOWS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "tigervnc": (("xtigervncviewer", *VIEWER), "127.0.0.1::{}"),
    "edge": (EDGE, "127.0.0.1:{}"),
    "edge-off": ((*EDGE, "--sharpen", "off"), "127.0.0.1:{}"),
    "edge-full-size": ((*EDGE, "--scale", "1"), "127.0.0.1:{}"),
}


@dataclass(frozen=True, slots=True)
class Echo:
    """Seconds from the key until the desktop showed its echo, the server sent something of it, the client showed it."""

    desktop_s: float
    sent_s: float
    client_s: float


class Seat:
    """A client's window (its pixels, and the X server that takes its keys) and the desktop behind it."""

    def __init__(self, native: Picture, screen: Picture, display: Display, window: Window, count: Count) -> None:
        self._native = native
        self._count = count
        place = window.translate_coords(display.screen().root, 0, 0)
        self._shown = screen[-place.y : -place.y + DESKTOP.height, -place.x : -place.x + DESKTOP.width]
        self._display = display

    def press(self, letter: str) -> Echo:
        """Press a key and wait for its echo; raises `TimeoutError`."""
        keycode = self._display.keysym_to_keycode(ord(letter))
        before = self._native[LINES.slices].copy()
        xtest.fake_input(self._display, X.KeyPress, keycode)
        xtest.fake_input(self._display, X.KeyRelease, keycode)
        began = time.monotonic()
        self._display.sync()
        desktop_s: float | None = None
        sent_s: float | None = None
        sent_before = self._count.down
        while (now := time.monotonic() - began) < PATIENCE_S:
            after = self._native[LINES.slices].copy()
            if desktop_s is not None and sent_s is None and self._count.down > sent_before:
                sent_s = now
            if not np.array_equal(before, after):
                desktop_s = now if desktop_s is None else desktop_s
                if self._shows(before, after):
                    return Echo(desktop_s, now if sent_s is None else sent_s, time.monotonic() - began)
            else:
                sent_before = self._count.down
            time.sleep(POLL_S)
        raise TimeoutError(f"{letter!r} was not echoed within {PATIENCE_S:.0f} s (on the desktop: {desktop_s})")

    def rest(self) -> None:
        """Wait until both pictures stand still."""
        wait_for_rest(self._native[LINES.slices])
        wait_for_rest(self._shown[LINES.slices])

    def _shows(self, before: Picture, after: Picture) -> bool:
        rows, columns = (np.flatnonzero((before != after).any(axis=axis)) // VIEW_SCALE for axis in (1, 0))
        part = (slice(*_span(rows)), slice(*_span(columns)))
        old, new, shown = (_reduced(picture[part]) for picture in (before, after, self._shown[LINES.slices]))
        return bool(np.abs(shown - new).mean() < STILL_WRONG * np.abs(old - new).mean())


def _span(blocks: NDArray[np.intp]) -> tuple[int, int]:
    return int(blocks[0]) * VIEW_SCALE, int(blocks[-1] + 1) * VIEW_SCALE


def _reduced(pixels: Picture) -> NDArray[np.float32]:
    """Reduce pixels (height, width), both multiples of four, to fourfold means of luma."""
    colours = np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4)
    gray = cv2.cvtColor(colours, cv2.COLOR_BGRA2GRAY)
    height, width = (length // VIEW_SCALE for length in gray.shape)
    return cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)


@contextmanager
def seat(name: str, link: LinkSettings) -> Iterator[Seat]:
    """Run a client's window, its link, its server and its desktop."""
    command, address = WINDOWS[name]
    require("xtigervncviewer", "tigervnc-viewer")
    with ExitStack() as stack:
        desktop = stack.enter_context(bare_desktop(DESKTOP))
        look = ("-title", "echo", "-geometry", "230x60+0+0", "-fa", "DejaVu Sans Mono", "-fs", "11")
        stack.enter_context(program(desktop, "echo", "xterm", "xterm", *look, "-e", "cat"))
        server = stack.enter_context(x11vnc(desktop.display, *SERVER))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-echo-")))
        count = stack.enter_context(linked(server, link, folder))
        screen = stack.enter_context(x_server(CLIENT_SCREEN, folder))
        stack.enter_context(window_manager(screen))
        environment = {"DISPLAY": screen, "HOME": str(folder)}
        running = process([*command, address.format(count.port)], env=environment, log=folder / "client.log")
        stack.enter_context(running)
        display = Display(screen)
        stack.callback(display.close)
        found: list[Window] = []

        def there() -> bool:
            found[:] = _windows_of_size(display.screen().root, DESKTOP)
            return bool(found)

        wait_until(there, f"the window of {name}")
        # Over the window, so that keys go there, and away from the lines that are watched.
        display.screen().root.warp_pointer(CLIENT_SCREEN.width // 2, CLIENT_SCREEN.height - 200)
        display.sync()
        one = Seat(desktop.pixels, xwd_pixels(folder / "Xvfb_screen0"), display, found[-1], count)
        one.rest()
        yield one


def _windows_of_size(parent: Window, size: Size) -> list[Window]:
    """Find the visible windows of a size, the innermost last."""
    found: list[Window] = []
    for child in parent.query_tree().children:
        form = child.get_geometry()
        if (form.width, form.height) == (size.width, size.height) and child.get_attributes().map_state == X.IsViewable:
            found.append(child)
        found += _windows_of_size(child, size)
    return found
