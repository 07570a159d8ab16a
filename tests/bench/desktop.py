"""A real desktop to measure on: Xvfb, openbox and Chromium with the benchmark's pages, offered by x11vnc."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture
from tests.bench.pages import write_pages
from tests.servers import process, require, wait_until, window_manager, x_server

SCREEN = Size(1920, 1080)
# Where the pointer rests: on the page's margin, for the wheel; and what its picture may cover there.
PARKED = (1880, 1040)
POINTER_AREA = Rect(PARKED[0], PARKED[1], 1, 1).grown(32)
CHROMIUM = (  # noqa: SIM905 - a command line is read best as one
    "--no-first-run --no-default-browser-check --disable-sync --disable-background-networking --disable-gpu "
    "--disable-component-update --disable-default-apps --password-store=basic --force-device-scale-factor=1 "
    "--start-maximized --window-position=0,0 --window-size=1920,1080 --test-type "
    "--disable-features=Translate,MediaRouter"
).split()


def xwd_pixels(path: Path) -> Picture:
    """Map the pixels of an XWD file, as Xvfb keeps with -fbdir: a view (height, width) that changes with the screen.

    Source: X11's XWDFile.h: a header of big-endian 32-bit words (0: its length, 4: width, 5: height, 11: bits a
    pixel, 12: bytes a line, 19: number of colours), colours of 12 bytes, pixels.
    """
    header = np.memmap(path, dtype=">u4", mode="r", shape=(25,))
    width, height, bits, line_bytes = (int(header[word]) for word in (4, 5, 11, 12))
    if bits != 32:
        raise ValueError(f"{path} has {bits} bits a pixel; 32 are needed")
    offset = int(header[0]) + int(header[19]) * 12
    return np.memmap(path, dtype=np.uint32, mode="r", offset=offset, shape=(height, line_bytes // 4))[:, :width]


@dataclass(frozen=True, slots=True)
class Desktop:
    """A running desktop; its pixels change as its screen does."""

    display: str
    pixels: Picture

    def do(self, *arguments: str) -> None:
        """Run xdotool on it."""
        subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self.display}, check=True)

    def windows(self) -> str:
        """List the titles of its windows."""
        command = [require("wmctrl", "wmctrl"), "-l"]
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True).stdout


@contextmanager
def browser_desktop(size: Size = SCREEN) -> Iterator[Desktop]:
    """Start a desktop of `size` with the first page open and the pointer parked."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-")))
        pages = write_pages(folder)
        name = stack.enter_context(x_server(size, folder))
        env = {"DISPLAY": name, "HOME": str(folder), "LANG": "C.UTF-8", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        stack.enter_context(window_manager(name))
        require("xdotool", "xdotool")
        # Chromium's sandbox refuses to run as root, which containers and build machines usually are.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        profile = f"--user-data-dir={folder / 'profile'}"
        command = [require("chromium", "chromium"), *CHROMIUM, *sandbox, profile, pages["0"].as_uri()]
        stack.enter_context(process(command, env=env))
        desktop = Desktop(name, xwd_pixels(folder / "Xvfb_screen0"))
        wait_until(lambda: "start.html" in desktop.windows(), "Chromium's window")
        desktop.do("mousemove", *map(str, PARKED))
        try:
            yield desktop
        finally:
            # Chromium's children outlive it for a moment and write to its profile.
            stack.callback(shutil.rmtree, folder / "profile", ignore_errors=True)
