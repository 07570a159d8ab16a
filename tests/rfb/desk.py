"""Something to see on an X display: noise on the root window, patches, a terminal."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture, from_bgr, to_bgr
from tests.servers import process, require, screen_pixels, wait_until


def noise(size: Size, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 1 << 24, size.shape, dtype=np.uint32)


def page(size: Size) -> Picture:
    """Squares in some hundred colours, of which RRE can make something."""
    y, x = np.mgrid[: size.height, : size.width]
    slopes = (x // 50 * 15) << 16 | (y // 40 * 16) << 8 | 0x40
    return np.where((x // 100 + y // 80) % 3 == 0, 0xF0E040, slopes).astype(np.uint32)


def paint_root(display: str, picture: Picture, folder: Path) -> None:
    """Show `picture` on the root window of `display`."""
    path = folder / "root.png"
    cv2.imwrite(str(path), to_bgr(picture))
    program = require("display", "imagemagick")
    # It ends with status 1 when all went well.
    subprocess.run([program, "-display", display, "-window", "root", str(path)], check=False, timeout=60)


def import_root(display: str, size: Size) -> Picture:
    """What the X server itself says that it shows."""
    program = require("import", "imagemagick")
    command = [program, "-display", display, "-silent", "-window", "root", "-depth", "8", "bgr:-"]
    data = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return from_bgr(np.frombuffer(data, np.uint8).reshape(*size.shape, 3))


@contextmanager
def patch(display: str, picture: Picture, at: Rect, folder: Path) -> Iterator[None]:
    """Show `picture` in a window at `at`."""
    path = folder / "patch.png"
    cv2.imwrite(str(path), to_bgr(picture))
    program = require("display", "imagemagick")
    command = [program, "-display", display, "-immutable", "-borderwidth", "0", "-geometry", f"+{at.x}+{at.y}", path]
    with process(command):
        yield


@contextmanager
def terminal(display: str, geometry: str = "55x18+30+20") -> Iterator[None]:
    """Show a page of text in a terminal that does not blink, away from the pointer: Xvfb draws that into its screen."""
    command = ["-e", "sh", "-c", "ls -l /usr/lib /usr/bin | head -200; exec sleep 600"]
    program = require("xterm", "xterm")
    with process([program, "-display", display, "-geometry", geometry, "-bg", "ivory", "-uc", *command]):
        search = [require("xdotool", "xdotool"), "search", "--sync", "--onlyvisible", "--class", "xterm"]
        subprocess.run(search, env={**os.environ, "DISPLAY": display}, check=True, timeout=30, capture_output=True)
        yield


def move_terminal(display: str, x: int, y: int) -> None:
    """Move the terminal's window to (x, y)."""
    command = [require("xdotool", "xdotool"), "search", "--sync", "--class", "xterm", "windowmove", str(x), str(y)]
    subprocess.run(command, env={**os.environ, "DISPLAY": display}, check=True, timeout=30)


def resize(display: str, size: Size) -> None:
    """Give the X server's screen a new size."""
    subprocess.run(
        [require("xrandr", "x11-xserver-utils"), "-display", display, "-s", str(size)], check=True, timeout=30
    )


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    wait_until(path.exists, str(path))


def wait_shown(folder: Path, size: Size, at: Rect, expected: Picture) -> None:
    """Wait until an X server with its framebuffer in `folder` shows `expected` at `at`."""
    wait_until(lambda: np.array_equal(screen_pixels(folder, size)[at.slices], expected), f"a patch at {at}")
