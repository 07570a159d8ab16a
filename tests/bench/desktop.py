"""A real desktop to measure on: Xvfb, openbox, and the programs that a trace uses."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture
from tests.servers import require, wait_until, window_manager, x_server

SCREEN = Size(1920, 1080)
# Where the pointer rests: on the page's margin, for the wheel; and what its picture may cover there.
PARKED = (1880, 1040)
POINTER_AREA = Rect(PARKED[0], PARKED[1], 1, 1).grown(32)


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
    """A running desktop; its pixels change as its screen does, and its programs have `folder` for their home."""

    display: str
    pixels: Picture
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are started with."""
        return {
            "DISPLAY": self.display,
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start xdotool on it, which ends when it has done all of `arguments`."""
        # It says when a window manager has not answered yet, and asks again.
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.Popen(["xdotool", *arguments], env=environment, stderr=subprocess.DEVNULL)

    def do(self, *arguments: str) -> None:
        """Run xdotool on it."""
        with self.start(*arguments) as running:
            if running.wait() != 0:
                raise RuntimeError(f"xdotool {' '.join(arguments)} ended with status {running.returncode}")

    def wait_for_window(self, title: str) -> None:
        """Wait until a window has `title` in its own."""
        command = [require("wmctrl", "wmctrl"), "-l"]
        environment = {**os.environ, "DISPLAY": self.display}

        def there() -> bool:
            listed = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            return title in listed.stdout

        wait_until(there, f"a window called {title!r}")


@contextmanager
def bare_desktop(size: Size = SCREEN) -> Iterator[Desktop]:
    """Start a desktop of `size` without programs, the pointer parked."""
    with ExitStack() as stack:
        # Programs that outlive their end for a moment still write to their home.
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-", ignore_cleanup_errors=True))
        )
        name = stack.enter_context(x_server(size, folder))
        stack.enter_context(window_manager(name))
        require("xdotool", "xdotool")
        desktop = Desktop(name, xwd_pixels(folder / "Xvfb_screen0"), folder)
        desktop.do("mousemove", *map(str, PARKED))
        yield desktop
