"""The demo itself: an installation, a desktop, an appliance and its user, from enrolment to the last picture."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from edge.broker.desktops.x_server import Screen
from edge.broker.installation import Installation, installation
from edge.cli.demo import pages, viewer
from edge.cli.demo.figures import StepFigures
from edge.cli.demo.visit import POINTER, Visitor, steps
from edge.config import EdgedConfig
from edge.display.base import PointerInput
from edge.display.headless import HeadlessDisplay
from edge.display.page import Look
from edge.display.window import WindowDisplay
from edge.errors import EdgeError
from edge.geometry import Size
from edge.pixels import Picture
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.session.appliance import Appliance, connection_settings
from edge.session.desktop import DesktopSettings
from edge.session.statistics import Report
from edge.session.tasks import first_of

SIZE = Size(1920, 1080)


@dataclass(frozen=True, slots=True)
class Visit:
    """What is left of a visit: figures, and pictures (height, width) of the end and of the sign-in screen."""

    report: Report
    steps: tuple[StepFigures, ...]
    typed: str
    native: Picture
    shown: Picture
    sign_in: Picture


class Demo:
    """One run of it in `folder`, on `display`; `say` tells what has just happened. A `short` one skips some steps."""

    def __init__(
        self,
        folder: Path,
        display: HeadlessDisplay | WindowDisplay,
        upscaler: Upscaler,
        say: Callable[[str], None],
        *,
        short: bool = False,
    ) -> None:
        self._folder, self._display, self._upscaler = folder, display, upscaler
        self._say, self._short = say, short

    async def run(self) -> Visit:
        """Do all of it; everything that it started has ended when it returns, however. Raises `EdgeError`."""
        async with AsyncExitStack() as stack:
            address = await stack.enter_async_context(_pages(self._folder / "pages"))
            bringing_up = installation(self._folder / "installation", size=SIZE, start_page=address)
            installed = await stack.enter_async_context(bringing_up)
            self._say("broker up: certificate authority, database, Mosquitto, enrolment; a device and a user added")
            provider = installed.broker.provider
            await provider.start(installed.desktop)
            screen = provider.screen(installed.desktop)
            browser = stack.enter_context(await asyncio.to_thread(screen.open))
            await stack.enter_async_context(self._display)
            appliance = self._appliance(installed)
            visitor = Visitor(self._display.inject, appliance, browser)
            await visitor.open_page(pages.TITLES[pages.ARTICLE])
            self._say(f"desktop up: X server of {SIZE}, window manager, Chromium, x11vnc")
            visits: list[Visit] = []

            async def visit() -> None:
                visits.append(await self._visit(installed, screen, appliance, visitor))

            await first_of(appliance.run, visit)
            if not visits:
                raise EdgeError(
                    "the window was closed before the demo was over; run it again, or with --display headless"
                )
            return visits[0]

    def _appliance(self, installed: Installation) -> Appliance:
        settings = DesktopSettings(connection_settings(), SharpenPolicy.TEXT)
        config = EdgedConfig(state_dir=self._folder / "device", enrolment_file=installed.enrolment_file)
        return Appliance(self._display, Look.of(), config, self._upscaler, settings)

    async def _visit(self, installed: Installation, screen: Screen, appliance: Appliance, visitor: Visitor) -> Visit:
        await visitor.fill_in(installed.user, await installed.fresh_code())
        self._say(f"enrolled {installed.device} by its one-time token: it made its key, the broker signed it")
        sign_in = _shown(appliance)
        await visitor.sign_in()
        self._say(f"signed in as {installed.user}: a typed name and TOTP code, over MQTT with mutual TLS; got a ticket")
        session = await visitor.desktop()
        restored = f"restored by {self._upscaler.backend.name}"
        self._say(f"connected to x11vnc over mutual TLS, at a quarter of the size; first picture drawn, {restored}")
        self._display.inject(PointerInput(*POINTER, 0))
        async with self._viewer(screen, visitor):
            done = [await visitor.connected(session)]
            self._say_step(done[-1])
            for step in steps(short=self._short):
                done.append(await visitor.take(step, session))
                self._say_step(done[-1])
            typed = await visitor.read_back()
            self._say(f"the browser got what was typed: {typed}; resting until all text is exact")
            done.append(await visitor.rest(session))
            report = session.report()
        with await asyncio.to_thread(screen.open) as server:
            native = await asyncio.to_thread(server.picture)
        return Visit(report, tuple(done), typed, native, _shown(appliance), sign_in)

    @asynccontextmanager
    async def _viewer(self, screen: Screen, visitor: Visitor) -> AsyncIterator[None]:
        """Let a TigerVNC viewer watch meanwhile, if there is one."""
        if not viewer.is_installed():
            self._say(f"no TigerVNC viewer to compare with; for one: apt-get install {viewer.PACKAGE}")
            yield
            return
        async with viewer.viewer(screen, SIZE, self._folder / "viewer") as visitor.counted:
            self._say("TigerVNC viewer connected beside it: same desktop, a second x11vnc, its bytes counted")
            yield

    def _say_step(self, step: StepFigures) -> None:
        sharp = "text not yet sharp" if step.text_sharp_s is None else f"text sharp in {step.text_sharp_s:.1f} s"
        beside = "" if step.viewer_bytes is None else f" (viewer {step.viewer_bytes / 1000:,.0f} kB)"
        self._say(f"  {step.name}: {sharp}, {step.bytes / 1000:,.0f} kB{beside}")


def _shown(appliance: Appliance) -> Picture:
    picture = appliance.stage.picture
    if picture is None:
        raise EdgeError("the appliance has drawn nothing")
    return picture.copy()


@asynccontextmanager
async def _pages(folder: Path) -> AsyncIterator[str]:
    """Write the pages and serve them on the loopback, so that the browser shows an address and no path.

    Yields the first one's address.
    """
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread(pages.write_pages, folder)
    application = web.Application()
    application.router.add_static("/", folder)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/{pages.ARTICLE}"
    finally:
        await runner.cleanup()
