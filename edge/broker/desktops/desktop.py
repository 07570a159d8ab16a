"""One desktop of this machine: an X server, a window manager, a program and x11vnc, kept from sign-in to sign-in."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from pathlib import Path

import msgspec

from edge.broker import processes
from edge.broker.desktops import commands
from edge.broker.desktops.base import DesktopState, Endpoint
from edge.broker.desktops.probe import probe
from edge.broker.desktops.trust import DesktopTrust
from edge.broker.desktops.window_manager import wait_for_window_manager
from edge.broker.desktops.x_server import Screen
from edge.broker.desktops.xauthority import COOKIE_BYTES, xauthority
from edge.broker.processes import Process
from edge.config import DesktopsConfig
from edge.control.messages import TlsMode
from edge.errors import BrokerError, TrustError
from edge.geometry import Size
from edge.trust.private_file import read_private, write_private

PACKAGES = {"Xvfb": "xvfb", "x11vnc": "x11vnc", "openbox": "openbox", "chromium": "chromium"}
READY_POLL_S = 0.1

_log = logging.getLogger(__name__)


class Running(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a broker that was started again needs to find a desktop: on disk before anybody is told of it."""

    width: int
    height: int
    display: int
    port: int
    x_server: Process
    window_manager: Process | None = None
    program: Process | None = None
    rfb_server: Process | None = None

    def parts(self) -> dict[str, Process]:
        """Its processes by their part, the X server last."""
        parts = {
            "rfb-server": self.rfb_server,
            "program": self.program,
            "window-manager": self.window_manager,
            "x-server": self.x_server,
        }
        return {name: process for name, process in parts.items() if process is not None}


class LocalDesktop:
    """One desktop in its directory. Calls from outside are serialised by its provider."""

    def __init__(self, directory: Path, name: str, config: DesktopsConfig) -> None:
        self._directory, self.name, self._config = directory, name, config
        self.trust = DesktopTrust(directory, name)
        self._state_file = directory / "state.json"
        self._running = self._load()
        self._probed: Process | None = None

    async def start(self) -> Endpoint:
        """Start what does not run; returns when the RFB server greets. Raises `BrokerError`."""
        self._require_programs()
        if self._running is None or not processes.alive(self._running.x_server):
            await self._start_x_server()
        assert self._running is not None  # noqa: S101  the line above
        await self._start_programs(self._running)
        await self.serve()
        running = self._running
        size = Size(running.width, running.height)
        authority = await asyncio.to_thread(self.trust.authority)
        host, name = self._config.host, self.trust.server_name
        return Endpoint(host, running.port, TlsMode.DIRECT, name, authority.pem, size)

    async def serve(self) -> None:
        """Start the RFB server if it does not run, and probe it unless that was done; raises `BrokerError`."""
        running = self._running
        if running is None:
            return
        if running.rfb_server is None or not processes.alive(running.rfb_server):
            await asyncio.to_thread(self.trust.issue_server, self._config.host)
            command = commands.x11vnc(
                running.display,
                self._authority_file,
                self._config.listen,
                running.port,
                self.trust.server_file,
                self.trust.ca_file,
            )
            running.rfb_server = self._spawn(command, "x11vnc", running.display)
            self._save()
        if self._probed != running.rfb_server:
            await self._await_greeting(running)
            self._probed = running.rfb_server

    async def bar(self) -> None:
        """Put a new CA in place of the old one and drop all connections; the desktop goes on."""
        await asyncio.to_thread(self.trust.renew)
        if self._running is not None and self._running.rfb_server is not None:
            await processes.end(self._running.rfb_server)

    async def stop(self) -> None:
        """End it: first who looks at the X server, then the X server."""
        if self._running is None:
            return
        parts = self._running.parts()
        async with asyncio.TaskGroup() as tasks:
            for part, process in parts.items():
                if part != "x-server":
                    tasks.create_task(processes.end(process), name=f"end {part}")
        await processes.end(parts["x-server"])
        self._running = None
        self._state_file.unlink(missing_ok=True)

    async def rfb_server_ended(self) -> None:
        """Wait until the RFB server, or the whole desktop, needs to be looked after."""
        if self._running is not None and self._running.rfb_server is not None:
            await processes.wait(self._running.rfb_server)

    def state(self) -> DesktopState:
        """Say what of it runs."""
        if self._running is None:
            return DesktopState(self.name, running=False, port=None, processes={})
        parts = {part: processes.alive(process) for part, process in self._running.parts().items()}
        return DesktopState(self.name, running=parts["x-server"], port=self._running.port, processes=parts)

    @property
    def is_up(self) -> bool:
        """Whether its X server runs."""
        return self._running is not None and processes.alive(self._running.x_server)

    @property
    def screen(self) -> Screen:
        """Where its X server is. Raises `BrokerError` if it does not run."""
        if self._running is None or not self.is_up:
            raise BrokerError(f"desktop {self.name}: it does not run, so it has no screen")
        return Screen(self._running.display, self._authority_file)

    async def _start_x_server(self) -> None:
        await self.stop()
        (self._directory / "home").mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._directory / "run").mkdir(mode=0o700, exist_ok=True)
        write_private(self._authority_file, xauthority(secrets.token_bytes(COOKIE_BYTES)))
        size = Size(self._config.width, self._config.height)
        reader, writer = os.pipe()
        try:
            try:
                x_server = self._spawn(commands.xvfb(size, self._authority_file), "xvfb", None, fd_3=writer)
            finally:
                os.close(writer)
            display = await self._display_number(reader, x_server)
        finally:
            os.close(reader)
        port = _free_port(self._config.listen)
        self._running = Running(width=size.width, height=size.height, display=display, port=port, x_server=x_server)
        self._save()
        _log.info("desktop %s: started, display :%d, port %d", self.name, display, port)

    async def _display_number(self, reader: int, x_server: Process) -> int:
        loop = asyncio.get_running_loop()
        answer, complete = bytearray(), asyncio.Event()

        def read() -> None:
            # up to the end of the line, which comes on its own: Xvfb dies if nobody reads it
            if not (part := os.read(reader, 16)) or part.endswith(b"\n"):
                complete.set()
            answer.extend(part)

        loop.add_reader(reader, read)
        try:
            async with asyncio.timeout(self._config.start_timeout_s):
                await complete.wait()
            return int(answer)
        except (TimeoutError, ValueError) as error:
            await processes.end(x_server)
            raise BrokerError(f"desktop {self.name}: Xvfb did not start: {self._last_words('xvfb')}") from error
        finally:
            loop.remove_reader(reader)

    async def _start_programs(self, running: Running) -> None:
        if running.window_manager is None or not processes.alive(running.window_manager):
            manager = list(self._config.window_manager)
            if manager:
                running.window_manager = self._spawn(manager, "window-manager", running.display)
                if not await asyncio.to_thread(wait_for_window_manager, Screen(running.display, self._authority_file)):
                    _log.warning("desktop %s: %s does not say that it is there", self.name, manager[0])
        if running.program is None or not processes.alive(running.program):
            size = Size(running.width, running.height)
            command = commands.program(self._config, size, self._directory / "home")
            running.program = self._spawn(command, "program", running.display)
        self._save()

    async def _await_greeting(self, running: Running) -> None:
        context = await self.trust.probe_context()
        problem: str | None = "not tried"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.start_timeout_s):
                while problem and running.rfb_server is not None and processes.alive(running.rfb_server):
                    problem = await probe(self._config.near_host, running.port, self.trust.server_name, context)
                    if problem:
                        await asyncio.sleep(READY_POLL_S)
        if problem:
            if running.rfb_server is not None:
                await processes.end(running.rfb_server)
            running.port = _free_port(self._config.listen)  # it may be the port that is at fault
            self._save()
            raise BrokerError(
                f"desktop {self.name}: x11vnc does not serve: {problem}; it said: {self._last_words('x11vnc')}"
            )

    def _spawn(self, command: list[str], log: str, display: int | None, fd_3: int | None = None) -> Process:
        home = self._directory / "home"
        environment = {
            "PATH": processes.search_path(),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self._directory / "run"),
            "XAUTHORITY": str(self._authority_file),
        }
        if display is not None:
            environment["DISPLAY"] = f":{display}"
        log_file = self._directory / f"{log}.log"
        return processes.spawn(command, environment=environment, directory=home, log=log_file, fd_3=fd_3)

    def _require_programs(self) -> None:
        size = Size(self._config.width, self._config.height)
        wanted = ["Xvfb", "x11vnc", commands.program(self._config, size, self._directory)[0]]
        for name in [*wanted, *self._config.window_manager[:1]]:
            if not processes.is_installed(name):
                package = PACKAGES.get(name, f"the package of {name}")
                raise BrokerError(f"desktop {self.name}: {name} is not installed; run: apt-get install {package}")

    def _last_words(self, log: str) -> str:
        try:
            lines = (self._directory / f"{log}.log").read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return "nothing"
        return " | ".join(line for line in lines[-4:] if line) or "nothing"

    @property
    def _authority_file(self) -> Path:
        return self._directory / "Xauthority"

    def _load(self) -> Running | None:
        if not self._state_file.exists():
            return None
        try:
            return msgspec.json.decode(read_private(self._state_file), type=Running)
        except (msgspec.DecodeError, TrustError) as error:
            _log.warning("%s: %s; the desktop is taken to be down", self._state_file, error)
            return None

    def _save(self) -> None:
        write_private(self._state_file, msgspec.json.encode(self._running))


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])
