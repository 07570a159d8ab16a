"""The clients that are measured: started against a port, their picture mapped into memory."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from edge.geometry import Size
from edge.pixels import Picture
from tests.bench.desktop import PARKED, xwd_pixels
from tests.servers import process, require, wait_until, window_manager, x_server

# As installed beside the interpreter, but of the tree that the benchmark is run in.
EDGECTL = (sys.executable, "-m", "edge.cli")
# The TigerVNC viewer, without its questions and its hint at a menu.
VIEWER = ("-RemoteResize=0", "-Shared=1", "-ReconnectOnError=0", "-AlertOnFatalError=0", "-MenuKey=")


@dataclass(frozen=True, slots=True)
class RunningClient:
    """A client at work: what it shows (height, width), its process, and where that says what is wrong."""

    pixels: Picture
    process: psutil.Process
    log: Path

    def check(self) -> None:
        """Raise `RuntimeError` if it has ended."""
        if not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError(f"the client ended: {self.log.read_text()[-2000:]}")

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used, its children included."""
        return sum(sum(p.cpu_times()[:2]) for p in self._processes())

    def memory_mb(self) -> float:
        """Resident memory now, in million bytes, its children included."""
        return sum(p.memory_info().rss for p in self._processes()) / 1e6

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


# Starts a client against a port of 127.0.0.1 for a desktop of a size, with a folder for its files.
Client = Callable[[int, Size, Path], AbstractContextManager[RunningClient]]


@contextmanager
def edgectl_view(port: int, size: Size, folder: Path, *, options: tuple[str, ...] = ()) -> Iterator[RunningClient]:
    """Run this project's client without a display; its figures go to `stats.json` in the folder."""
    framebuffer, log = folder / "framebuffer.bgrx", folder / "edgectl.log"
    files: list[str | Path] = ["--framebuffer", framebuffer, "--stats", folder / "stats.json"]
    command = [*EDGECTL, "view", f"127.0.0.1:{port}", "--display", "headless", "--insecure", *files, *options]

    def ready() -> bool:
        if running.poll() is not None:
            raise RuntimeError(f"edgectl view ended with status {running.returncode}: {log.read_text()[-2000:]}")
        return framebuffer.exists() and framebuffer.stat().st_size == size.area * 4

    with process(command, log=log) as running:
        wait_until(ready, "edgectl view shows a picture")
        pixels = np.memmap(framebuffer, dtype=np.uint32, mode="r", shape=size.shape)
        yield RunningClient(pixels, psutil.Process(running.pid), log)


@contextmanager
def tigervnc_viewer(port: int, size: Size, folder: Path, *, options: tuple[str, ...] = ()) -> Iterator[RunningClient]:
    """Run the TigerVNC viewer in full screen on an X server of its own, the pointer where the desktop's is."""
    program = require("xtigervncviewer", "tigervnc-viewer")
    with x_server(size, folder) as display, window_manager(display):
        env = {"DISPLAY": display, "HOME": str(folder)}
        command = [program, "-FullScreen=1", *VIEWER, *options, f"127.0.0.1::{port}"]
        log = folder / "viewer.log"
        with process(command, env=env, log=log) as running:
            move = ["xdotool", "mousemove", *map(str, PARKED)]
            subprocess.run(move, env={**os.environ, "DISPLAY": display}, check=True)
            yield RunningClient(xwd_pixels(folder / "Xvfb_screen0"), psutil.Process(running.pid), log)


ZRLE = ("-AutoSelect=0", "-PreferredEncoding=ZRLE", "-FullColor=1")
CLIENTS: Mapping[str, Client] = {
    "edge": edgectl_view,
    "edge-off": partial(edgectl_view, options=("--sharpen", "off")),
    "edge-all": partial(edgectl_view, options=("--sharpen", "all")),
    "tigervnc": tigervnc_viewer,
    "tigervnc-zrle": partial(tigervnc_viewer, options=ZRLE),
}
