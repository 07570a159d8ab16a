"""The TigerVNC viewer beside the demo: the same X display, stock x11vnc, and something between them that counts."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from edge.broker import processes
from edge.broker.desktops import commands
from edge.broker.desktops.x_server import Screen
from edge.broker.desktops.xauthority import COOKIE_BYTES, xauthority
from edge.broker.processes import Process
from edge.cli.demo.link import Counted, counting
from edge.errors import EdgeError
from edge.geometry import Size
from edge.trust.private_file import write_private

PROGRAM, PACKAGE = "xtigervncviewer", "tigervnc-viewer"
START_S = 20.0
POLL_S = 0.1


def is_installed() -> bool:
    """Whether there is a viewer to compare with."""
    return processes.is_installed(PROGRAM)


@asynccontextmanager
async def viewer(screen: Screen, size: Size, folder: Path) -> AsyncIterator[Counted]:
    """Watch `screen` with a TigerVNC viewer in full screen, on an X server of its own, while the block runs.

    Begins when the first picture is on its way. Raises `EdgeError` if it does not come within `START_S`.
    """
    await asyncio.to_thread(folder.mkdir, mode=0o700)
    counted = Counted()
    port = _free_port()
    async with _running(_x11vnc(screen, port), folder, {}), counting(port, counted) as counted_port:
        await _listening(port)
        async with _x_display(size, folder) as environment:
            watch = [*_viewer(), f"127.0.0.1::{counted_port}"]
            async with _running(["openbox"], folder, environment), _running(watch, folder, environment):
                await _first_bytes(counted, folder)
                yield counted


def _x11vnc(screen: Screen, port: int) -> list[str]:
    """Run x11vnc as its manual does, for one loopback port; nothing tunes what it sends."""
    where = ["-display", f":{screen.display}", "-auth", str(screen.authority), "-localhost", "-rfbport", str(port)]
    return ["x11vnc", "-norc", *where, "-forever", "-shared", "-quiet", "-noipv6", "-nopw"]


def _viewer() -> list[str]:
    """Run the viewer with its defaults for everything that it receives; it only looks on."""
    apart = ["-ViewOnly=1", "-AcceptClipboard=0", "-SendClipboard=0", "-RemoteResize=0", "-AlertOnFatalError=0"]
    return [PROGRAM, "-FullScreen=1", "-Shared=1", "-ReconnectOnError=0", *apart]


@asynccontextmanager
async def _running(
    command: list[str], folder: Path, environment: dict[str, str], fd_3: int | None = None
) -> AsyncIterator[Process]:
    """Run a program in a session of its own, so that Ctrl-C ends it only through this."""
    whole = {"PATH": processes.search_path(), "HOME": str(folder), "LANG": "C.UTF-8", **environment}
    log = folder / f"{command[0]}.log"
    process = processes.spawn(command, environment=whole, directory=folder, log=log, fd_3=fd_3)
    try:
        yield process
    finally:
        await processes.end(process)


@asynccontextmanager
async def _x_display(size: Size, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Run an X server that only its cookie opens; yields the environment of its programs."""
    authority = folder / "Xauthority"
    write_private(authority, xauthority(secrets.token_bytes(COOKIE_BYTES)))
    reader, writer = os.pipe()
    with os.fdopen(reader) as number:
        try:
            async with _running(commands.xvfb(size, authority), folder, {}, fd_3=writer):
                os.close(writer)
                writer = -1
                display = (await asyncio.to_thread(number.readline)).strip()
                if not display:
                    raise EdgeError(f"Xvfb did not start: {_last_words(folder / 'Xvfb.log')}")
                yield {"DISPLAY": f":{display}", "XAUTHORITY": str(authority)}
        finally:
            if writer >= 0:
                os.close(writer)


async def _listening(port: int) -> None:
    async with asyncio.timeout(START_S):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(POLL_S)


async def _first_bytes(counted: Counted, folder: Path) -> None:
    try:
        async with asyncio.timeout(START_S):
            await counted.picture_came.wait()
    except TimeoutError:
        said = _last_words(folder / f"{PROGRAM}.log")
        raise EdgeError(f"the TigerVNC viewer got no picture within {START_S:.0f} s; it said: {said}") from None


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
