"""An appliance without a screen, somebody in front of it, and the installation that it belongs to."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from Xlib import X
from Xlib import display as xlib

from edge.broker.administration import Administration, initialise
from edge.broker.desktops.local import LocalProvider
from edge.broker.installation import configuration
from edge.broker.mosquitto import BusFiles
from edge.broker.paths import DataDirectory
from edge.broker.processes import Process
from edge.broker.service import Broker, running
from edge.config import BrokerConfig, DeviceSignInConfig, EdgedConfig, SessionConfig
from edge.display import screens
from edge.display.base import KeyInput, PointerInput
from edge.display.headless import HeadlessDisplay
from edge.display.page import Look
from edge.display.words import Language
from edge.geometry import Rect, Size
from edge.input.chords import Chord
from edge.input.keymap import Key
from edge.pixels import Picture
from edge.restore.backends import open_backend
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.session.appliance import Appliance, connection_settings
from edge.session.desktop import DesktopSettings
from edge.session.phases import Phase
from tests.servers import require

PATIENCE_S = 30.0
SIZE = Size(480, 320)
TERMINAL = ("xterm", "-geometry", "60x20+8+8", "-e", "sh", "-c", "seq -s ' ' 1000 1120; exec cat")
USER = "kim"
DEVICE = "desk-1"
NEVER_IDLE = SessionConfig(lock_minutes=0, sign_out_minutes=0)
LOOK = Look.of(Language.ENGLISH)
TAB, RETURN = 0xFF09, 0xFF0D

for program, package in (
    ("mosquitto", "mosquitto"),
    ("Xvfb", "xvfb"),
    ("x11vnc", "x11vnc"),
    ("xterm", "xterm"),
    ("xhost", "x11-xserver-utils"),
):
    require(program, package)


async def until(true: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():  # noqa: ASYNC110 - what is awaited happens in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {PATIENCE_S:.0f} s: {what}")


@dataclass
class Site:
    """A data directory with a user, a device that is expected, and codes that each count once."""

    config: BrokerConfig
    enrolment_file: Path
    totp_secret: str = field(repr=False)
    codes: Iterator[str] = field(repr=False)
    broker: Broker | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Broker]:
        """Run broker and bus in this process; the desktops outlive them."""
        async with running(self.config) as self.broker:
            yield self.broker

    def admin(self, what: Callable[[Administration], object]) -> object:
        with Administration.open(self.config, "admin:test") as opened:
            return what(opened)

    async def carried_out(self, what: Callable[[Administration], list[int]]) -> None:
        """Do what the command line does, and wait for the broker to have carried it out."""
        acts = await asyncio.to_thread(self.admin, what)
        assert await asyncio.to_thread(self.admin, lambda opened: opened.wait_done(acts, PATIENCE_S))

    def expect_again(self) -> None:
        """Write another enrolment file for the device."""
        self.admin(lambda opened: opened.add_device(DEVICE, self.enrolment_file))

    def add_device(self, name: str, enrolment_file: Path) -> "Site":
        """Expect another device; returns the installation as it sees it."""
        self.admin(lambda opened: opened.add_device(name, enrolment_file))
        return replace(self, enrolment_file=enrolment_file)

    def add_user(self, name: str) -> Iterator[str]:
        """Add another user with a desktop of the same name; returns codes that each count once."""

        def add(opened: Administration) -> Iterator[str]:
            user = opened.prepare_user(name)
            opened.add_user(user, first_code=None)
            return iter(user.recovery_codes)

        return self.admin(add)

    def acts(self) -> list[str]:
        """What the audit log says was done, in order."""
        return [line.act for line in self.admin(lambda opened: opened.read_audit())]

    def kill_bus(self) -> None:
        files = BusFiles(DataDirectory(self.config.data_dir).bus)
        os.kill(msgspec.json.decode(files.process.read_bytes(), type=tuple[Process, str])[0].pid, signal.SIGKILL)

    @property
    def desktop(self) -> "RemoteDesktop":
        return self.desktop_of(USER)

    def desktop_of(self, name: str) -> "RemoteDesktop":
        return RemoteDesktop(DataDirectory(self.config.data_dir).desktops / name)


@asynccontextmanager
async def site(directory: Path, *, size: Size = SIZE) -> AsyncIterator[Site]:
    """Prepare an installation; its desktops end with the block, its broker is for the test to run."""
    config = configuration(directory / "broker", size=size, program=TERMINAL)
    initialise(config, "test")
    with Administration.open(config, "test") as opened:
        enrolment_file = directory / "enrolment.json"
        opened.add_device(DEVICE, enrolment_file)
        user = opened.prepare_user(USER)
        opened.add_user(user, first_code=None)
    try:
        yield Site(config, enrolment_file, user.secret, iter(user.recovery_codes))
    finally:
        async with LocalProvider(DataDirectory(config.data_dir).desktops, config.desktops) as provider:
            await provider.stop_all()


@dataclass(frozen=True)
class RemoteDesktop:
    """A desktop of the local provider, seen from its own machine."""

    directory: Path

    @property
    def state(self) -> dict:
        return json.loads((self.directory / "state.json").read_text())

    def run(self, *command: str) -> None:
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    @contextmanager
    def copied(self, text: str) -> Iterator[None]:
        """Own the clipboard while the block runs."""
        command = ("xclip", "-quiet", "-selection", "clipboard")
        with subprocess.Popen(
            command, env=self._environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as owner:
            owner.stdin.write(text.encode())
            owner.stdin.close()
            try:
                yield
            finally:
                owner.kill()

    def cut_buffer(self) -> str:
        """What x11vnc was told of the clipboard; it puts it there, too."""
        command = ("xprop", "-root", "CUT_BUFFER0")
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True).stdout

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DISPLAY": f":{self.state['display']}",
            "XAUTHORITY": f"{self.directory}/Xauthority",
        }

    def kill_rfb_server(self) -> None:
        os.kill(self.state["rfb_server"]["pid"], signal.SIGKILL)

    @contextmanager
    def _opened(self) -> Iterator[xlib.Display]:
        self.run("xhost", "+local:")  # Xlib knows no cookie that is good for every display
        server = xlib.Display(f":{self.state['display']}")
        try:
            yield server
        finally:
            server.close()

    def pixels(self) -> Picture:
        """What the X server shows, without its cursor: (height, width) of 0x00RRGGBB."""
        with self._opened() as server:
            root = server.screen().root
            shape = root.get_geometry()
            image = root.get_image(0, 0, shape.width, shape.height, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(image.data, dtype=np.uint32).reshape(shape.height, shape.width) & np.uint32(0xFFFFFF)

    def any_key_down(self) -> bool:
        with self._opened() as server:
            return any(server.query_keymap())


@dataclass
class Seat:
    """An appliance and what its user does and sees."""

    appliance: Appliance
    display: HeadlessDisplay

    def press(self, *keysyms: int) -> None:
        self.display.inject(*(KeyInput(keysym, down) for keysym in keysyms for down in (True, False)))

    def chord(self, chord: Chord) -> None:
        """Press Ctrl, Alt and the chord's letter, and let go of them."""
        keys = (Key.CONTROL_L, Key.ALT_L, ord(chord.value))
        self.display.inject(*(KeyInput(key, True) for key in keys), *(KeyInput(key, False) for key in reversed(keys)))

    def point(self, key: str) -> None:
        """Touch what types `key` on the screen that is shown, and let go of it."""
        areas = self.appliance.own._shown.areas
        rect = next(area.rect for area in areas if area.key == key)
        x, y = rect.x + rect.width // 2, rect.y + rect.height // 2
        self.display.inject(PointerInput(x, y, 1), PointerInput(x, y, 0))

    async def pointed(self, *keys: str) -> None:
        """Touch one after the other, each on the screen that came of the last."""
        for key in keys:
            await until(lambda key=key: key in self.to_point_at(), f"{key} can be pointed at")
            self.point(key)
            await asyncio.sleep(0.05)

    def to_point_at(self) -> set[str]:
        return {area.key for area in self.appliance.own._shown.areas}

    def sign_in(self, code: str) -> None:
        """Type a code behind the name that the form keeps."""
        self.press(*map(ord, code), RETURN)

    async def at(self, phase: Phase) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.appliance.reached(phase)

    async def signed_in(self, code: str) -> None:
        await self.at(Phase.GREETER)
        self.sign_in(code)
        await self.at(Phase.DESKTOP)

    async def reads(self, message: str) -> None:
        """Wait until the sign-in screen, and nothing else, is shown with `message`."""

        def shown(picture: Picture) -> bool:
            appliance, size = self.appliance, Size(picture.shape[1], picture.shape[0])
            drawn = screens.sign_in(size, appliance.own.look, appliance.greeter.view).picture
            return message in appliance.message and np.array_equal(picture, drawn)

        await self.sees(shown, f"the sign-in screen says {message!r}")

    async def sees(self, wanted: Callable[[Picture], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.display.shows(wanted)
        except TimeoutError:
            pytest.fail(f"not within {PATIENCE_S:.0f} s: {what}; the message is {self.appliance.message!r}")

    async def sees_exactly(self, desktop: RemoteDesktop) -> None:
        """Wait until the display shows the native picture, the cursor's surroundings aside."""

        def same() -> bool:
            native, shown = desktop.pixels(), self.display.shown
            if shown is None or shown.shape != native.shape:
                return False
            x, y = self.appliance.stage._pointer or (-99, -99)
            around = Rect(x - 24, y - 24, 48, 48) & Size(native.shape[1], native.shape[0]).rect
            differs = shown != native
            differs[around.slices] = False
            return not differs.any()

        await until(same, "the desktop is shown exactly")


@asynccontextmanager
async def seat(
    here: Site,
    directory: Path,
    *,
    size: Size | None = None,
    now: Callable[[], float] = time.time,
    sign_in_timeout_s: float = 20.0,
    user: str = USER,
    remember_name: bool = False,
    session: SessionConfig = NEVER_IDLE,
) -> AsyncIterator[Seat]:
    """Sit down at an appliance that keeps its state in `directory`; what breaks it fails the test."""
    display = HeadlessDisplay(size)
    appliance = Appliance(
        display,
        LOOK,
        EdgedConfig(
            state_dir=directory,
            enrolment_file=here.enrolment_file,
            update_file=directory.with_name("update"),
            sign_in=DeviceSignInConfig(user=user, remember_name=remember_name, timeout_s=sign_in_timeout_s),
            session=session,
        ),
        Upscaler(open_backend("classical")),
        DesktopSettings(connection_settings(), SharpenPolicy.ALL),
        now=now,
        chance=lambda: 0.0,
    )
    task = asyncio.create_task(appliance.run())
    try:
        yield Seat(appliance, display)
        assert not task.done()
    finally:
        if task.done():
            task.result()
        task.cancel()
        await asyncio.wait({task})
