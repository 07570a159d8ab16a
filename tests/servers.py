"""Real servers for tests, each a context manager that ends what it started."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

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
