"""Real servers for tests, each a context manager that ends what it started."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Size

PATIENCE_S = 30.0


class MissingProgramError(Exception):
    """A test needs a program that is not installed; the text names its Debian package."""


def require(program: str, package: str) -> str:
    """Find `program` in PATH; `package` is where Debian has it."""
    if (path := shutil.which(program)) is None:
        raise MissingProgramError(f"{program} is not installed: apt-get install {package}")
    return path


@contextmanager
def process(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path | None = None, **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` until the block ends: SIGTERM, then SIGKILL. Its output goes to `log` or nowhere."""
    with (log or Path(os.devnull)).open("ab") as output:
        running = subprocess.Popen(
            [str(word) for word in command],
            env=None if env is None else {**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options,  # type: ignore[call-overload]
        )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
            try:
                running.wait(5)
            except subprocess.TimeoutExpired:
                running.kill()
        running.wait()


def wait_until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Poll `true`; fail with `what` when it has not become so in `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience_s:.0f} s")
        time.sleep(0.02)


@contextmanager
def x_server(size: Size, framebuffer_dir: Path | None = None, *options: str) -> Iterator[str]:
    """Run Xvfb with a free display number; yields the name for DISPLAY.

    With `framebuffer_dir`, the screen is mapped to `Xvfb_screen0` in that folder: an XWD file that changes as it does.
    """
    program = require("Xvfb", "xvfb")
    receive, send = os.pipe()
    folder = [] if framebuffer_dir is None else ["-fbdir", str(framebuffer_dir)]
    screen = ["-screen", "0", f"{size}x24", "-dpi", "96", "-nolisten", "tcp", "-noreset"]
    with os.fdopen(receive) as reader:
        try:
            running = process([program, "-displayfd", str(send), *screen, *folder, *options], pass_fds=(send,))
            server = running.__enter__()
        finally:
            os.close(send)
        try:
            number = reader.readline().strip()  # empty if it died
            if not number:
                raise RuntimeError(f"Xvfb ended with status {server.wait()} before it had a display")
            yield f":{number}"
        finally:
            running.__exit__(None, None, None)


def free_port() -> int:
    """Take a TCP port on the loopback from the kernel, for a server that cannot take one itself."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def listening(port: int) -> bool:
    """Whether something accepts connections on `port` of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def x11vnc(display: str, *options: str | Path, port: int | None = None) -> Iterator[int]:
    """Run x11vnc for `display` with its stock settings and `options`; yields its port."""
    program = require("x11vnc", "x11vnc")
    port = port or free_port()
    stock = ["-forever", "-shared", "-localhost", "-quiet", "-noipv6", "-rfbport", str(port)]
    with process([program, "-display", display, *stock, *options]):
        wait_until(lambda: listening(port), "x11vnc listens")
        yield port


@contextmanager
def xvnc(size: Size, *options: str) -> Iterator[tuple[str, int]]:
    """Run TigerVNC's Xvnc, an X server that is its own RFB server, without a password; yields DISPLAY and port."""
    program = require("Xvnc", "tigervnc-standalone-server")
    port = free_port()
    receive, send = os.pipe()
    stock = ["-geometry", str(size), "-depth", "24", "-rfbport", str(port), "-localhost", "-SecurityTypes", "None"]
    with (
        os.fdopen(receive) as reader,
        process([program, "-displayfd", str(send), *stock, *options], pass_fds=(send,)) as server,
    ):
        os.close(send)
        number = reader.readline().strip()
        if not number:
            raise RuntimeError(f"Xvnc ended with status {server.wait()} before it had a display")
        wait_until(lambda: listening(port), "Xvnc listens")
        yield f":{number}", port


@contextmanager
def qemu(disk: Path, *options: str) -> Iterator[int]:
    """Run QEMU's VNC display for a PC that boots `disk` and sounds by its speaker; yields the port."""
    program = require("qemu-system-x86_64", "qemu-system-x86")
    port = free_port()
    board = ["-machine", "pc,pcspk-audiodev=sound", "-m", "32", "-nodefaults", "-audiodev", "none,id=sound"]
    drive = ["-drive", f"file={disk},format=raw,if=ide"]
    vnc = ["-display", "none", "-monitor", "none", "-vnc", f"127.0.0.1:{port - 5900},audiodev=sound"]
    with process([program, *board, *drive, *vnc, *(options or ("-vga", "std"))]):
        wait_until(lambda: listening(port), "QEMU listens")
        yield port


def screen_pixels(folder: Path, size: Size) -> NDArray[np.uint32]:
    """Copy what an `x_server` of `size` with its framebuffer in `folder` shows now; (height, width) of 0x00RRGGBB.

    Source: XWDFile.h: the header's length is its first word, the number of colours its twentieth.
    """
    data = (folder / "Xvfb_screen0").read_bytes()
    header, colours = int.from_bytes(data[:4], "big"), int.from_bytes(data[76:80], "big")
    pixels = np.frombuffer(data, dtype=np.uint32, count=size.area, offset=header + 12 * colours)
    return pixels.reshape(size.shape) & np.uint32(0xFFFFFF)


@contextmanager
def window_manager(display: str) -> Iterator[None]:
    """Run openbox on `display` and wait until it manages windows."""
    look = [require("xprop", "x11-utils"), "-display", display, "-root", "_NET_SUPPORTING_WM_CHECK"]

    def manages() -> bool:
        return b"window id" in subprocess.run(look, capture_output=True, check=False).stdout

    with process([require("openbox", "openbox")], env={"DISPLAY": display}):
        wait_until(manages, "a window manager")
        yield
