import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from edge.control.messages import Telemetry, decode, encode
from edge.display.headless import HeadlessDisplay
from edge.errors import AuthenticationFailed, ConnectionClosed, RfbError, Unsupported, UpscalerError
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import rgb565
from edge.restore.backends import open_backend
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings, SecurityPolicy
from edge.session import telemetry
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.stage import Stage
from edge.session.statistics import Traffic
from edge.session.tasks import first_of
from edge.session.transport import Endpoint
from tests.servers import process, screen_pixels, wait_until, window_manager, x11vnc, x_server, xvnc
from tests.session.conftest import SIZE, Desktop

INSECURE = ConnectionSettings(security=SecurityPolicy.insecure())
CORNER = Rect(SIZE.width - 32, SIZE.height - 32, 32, 32)
"""Where the X server's own cursor is parked."""


def upscaler_for(scale: int) -> Upscaler | CubicUpscaler | None:
    return {4: lambda: Upscaler(open_backend("classical")), 2: lambda: CubicUpscaler(2), 1: lambda: None}[scale]()


@asynccontextmanager
async def showing(
    port: int,
    *,
    scale: int = 4,
    sharpen: SharpenPolicy = SharpenPolicy.ALL,
    connection: ConnectionSettings = INSECURE,
    upscaler: Upscaler | None = None,
    **settings: object,
) -> AsyncIterator[DesktopSession]:
    """Show the desktop at `port` without a screen; what breaks it fails the test."""
    display = HeadlessDisplay()
    session = DesktopSession(
        Endpoint("127.0.0.1", port),
        DesktopSettings(connection, sharpen, **settings),
        upscaler or upscaler_for(scale),
        Stage(display),
    )
    task = asyncio.create_task(first_of(session.run, lambda: session.stage.run(session.note_shown)))
    try:
        shown = asyncio.create_task(session.shown.wait())
        await asyncio.wait({task, shown}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        shown.cancel()
        if task.done():
            task.result()
        assert session.shown.is_set()
        yield session
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(true, what: str, patience_s: float = 20) -> None:
    try:
        async with asyncio.timeout(patience_s):
            while not true():  # noqa: ASYNC110 - what is awaited happens in another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {patience_s} s: {what}")


def same(session: DesktopSession, desktop: Desktop) -> bool:
    """Whether the composed picture is the native one, the parked cursor aside."""
    ours, native = session.stage.picture.copy(), desktop.pixels()
    ours[CORNER.slices] = native[CORNER.slices] = 0
    return bool(np.array_equal(ours, native))


def mean_is_right(session: DesktopSession, desktop: Desktop) -> bool:
    """Whether the composed picture reduces to what the native one does, the parked cursor aside."""
    reduction = Reduction(SIZE, 4)
    ours = reduction.reduce(session.stage.picture, reduction.low.rect)
    native = reduction.reduce(desktop.pixels(), reduction.low.rect)
    corner = reduction.to_low(CORNER)
    ours[corner.slices] = native[corner.slices] = 0
    return bool(np.array_equal(ours, native))


@pytest.fixture
def soon_confirmed(monkeypatch):
    monkeypatch.setattr("edge.restore.sharpen.CONFIRM_S", 0.5)


@pytest.mark.parametrize("scale", [4, 2, 1])
async def test_resting_desktop_ends_exact_at_every_scale(desktop, scale, soon_confirmed):
    async with showing(desktop.port, scale=scale) as session:
        await until(lambda: same(session, desktop), "the picture is the native one")
        await until(lambda: session.report().fraction_exact == 1, "all is known to be exact")
        assert session.report().scale == scale
        assert set(session.report().connections) == ({"full"} if scale == 1 else {"low", "full"})


async def test_change_that_evidence_cannot_tell_is_shown_in_the_end(desktop, soon_confirmed):
    assert rgb565(np.uint32([[0xF9F9F9]])) == rgb565(np.uint32([[0xFAFAFA]]))
    async with showing(desktop.port) as session:
        for grey in ("#f9f9f9", "#fafafa"):
            desktop.run("xsetroot", "-solid", grey)
            await until(lambda: same(session, desktop), f"the root is {grey}")


class Failing(ClassicalBackend):
    """Fails at the third call."""

    name = "rknn"

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.closed = False

    def residual(self, lr):
        self.calls += 1
        if self.calls >= 3:
            raise UpscalerError("the NPU has not answered for 2 s" + 600 * ".")
        return super().residual(lr)

    def close(self):
        self.closed = True


async def test_backend_that_fails_is_replaced_and_the_session_goes_on(desktop):
    failing = Failing()
    upscaler = Upscaler(failing, successors=[ClassicalBackend()])
    async with showing(desktop.port, sharpen=SharpenPolicy.OFF, upscaler=upscaler) as session:
        assert session.report().backend == "rknn"
        assert telemetry.figures(session).session.backend_failure is None
        async with asyncio.timeout(20):
            while not failing.closed:
                await asyncio.to_thread(desktop.run, "xdotool", "type", "--delay", "20", "restored ")
        await until(lambda: mean_is_right(session, desktop), "no frame is lost")
        report = session.report()
        assert report.backend == "classical"
        assert len(report.backend_failures) == 1
        assert report.backend_failures[0].startswith("rknn: the NPU has not answered for 2 s")
        said = decode(encode(telemetry.figures(session)), Telemetry)
        assert said.session.backend == "classical"
        assert said.session.backend_failure.startswith("rknn: the NPU has not answered")


async def test_text_policy_makes_text_exact(desktop):
    async with showing(desktop.port, sharpen=SharpenPolicy.TEXT) as session:
        await until(lambda: session.report().fraction_text_exact == 1, "text is exact")
        await until(lambda: same(session, desktop), "what is exact is shown")


async def test_without_sharpening_the_mean_is_right_and_nothing_is_fetched(desktop):
    async with showing(desktop.port, sharpen=SharpenPolicy.OFF) as session:
        await until(lambda: mean_is_right(session, desktop), "each restored block has the mean of the native one")
        await until(lambda: "full" in session.report().connections, "input has a connection")
        report = session.report()
        assert report.fraction_exact == 0
        assert report.tiles.sharpened == 0
        assert report.connections["full"].bytes_in < 4096


async def test_evidence_is_the_reduction_of_what_the_server_shows(desktop):
    async with showing(desktop.port, sharpen=SharpenPolicy.OFF) as session:
        reduction = Reduction(SIZE, 4)
        corner = reduction.to_low(CORNER)

        def equal() -> bool:
            ours, native = (
                session._desktop._framebuffer.picture.copy(),
                reduction.reduce(desktop.pixels(), reduction.low.rect),
            )
            ours[corner.slices] = native[corner.slices] = 0
            return bool(np.array_equal(ours, native))

        await until(equal, "what came at a quarter is what the native picture is reduced to")


@pytest.mark.parametrize("policy", [SharpenPolicy.OFF, SharpenPolicy.TEXT])
async def test_dragged_window_ends_right_though_x11vnc_moves_nothing_at_low_resolution(desktop, policy):
    with window_manager(desktop.display):
        wait_until(lambda: "0x" in desktop.run("xprop", "-root", "_NET_CLIENT_LIST"), "a window is managed")
        async with showing(desktop.port, sharpen=policy) as session:
            reduction = Reduction(SIZE, 4)
            corner = reduction.to_low(CORNER)

            def right() -> bool:
                ours = session._desktop._framebuffer.picture.copy()
                native = reduction.reduce(desktop.pixels(), reduction.low.rect)
                ours[corner.slices] = native[corner.slices] = 0
                return bool(np.array_equal(ours, native))

            await until(right, "the first picture")
            await until(lambda: "full" in session.report().connections, "the second connection")
            await asyncio.sleep(1)  # a drag seen by one connection alone is not told to the other
            before = desktop.pixels().copy()
            move = ("mousemove_relative", "--", "5", "7", "sleep", "0.04")
            drag = ["xdotool", "mousemove", "300", "8", "mousedown", "1", "sleep", "0.2", *(move * 12), "mouseup", "1"]
            await asyncio.to_thread(desktop.run, *drag, "mousemove", str(SIZE.width - 1), str(SIZE.height - 1))
            assert not np.array_equal(desktop.pixels(), before)
            await until(right, "what was dragged")


async def test_typed_text_is_seen_hangul_included(desktop):
    async with showing(desktop.port) as session:
        await until(lambda: same(session, desktop), "exact before typing")
        before = desktop.pixels()
        session.pointer(300, 300, 0)
        for character in "edge 한글":
            keysym = ord(character) if ord(character) < 256 else 0x1000000 + ord(character)
            session.key(keysym, down=True)
            session.key(keysym, down=False)
        session.key(0xFF0D, down=True)
        session.key(0xFF0D, down=False)
        # The terminal's `cat` repeats the line: both copies are on the screen.
        await until(lambda: (desktop.pixels() != before).sum() > 500, "the desktop has got the text")
        await until(lambda: session.report().fraction_text_exact == 1, "what was typed is exact")


async def test_the_last_change_of_all_is_made_exact_too(desktop):
    async with showing(desktop.port) as session:
        await until(lambda: same(session, desktop), "exact before")
        for number in range(2):
            before = desktop.pixels()
            desktop.run("xdotool", "mousemove", "300", "300", "type", f"{number} at once\n")
            desktop.run("xdotool", "mousemove", str(SIZE.width - 1), str(SIZE.height - 1))
            await until(lambda before=before: (desktop.pixels() != before).sum() > 100, "the desktop has changed")
            await until(lambda: same(session, desktop), "exact again, with nothing after it")


async def test_a_kept_session_costs_next_to_nothing_when_the_desktop_rests(desktop, soon_confirmed):
    async with showing(desktop.port) as session:
        await until(lambda: session.report().fraction_exact == 1, "exact")
        await asyncio.sleep(0.5)
        before = session.report()
        await asyncio.sleep(3)
        after = session.report()
        spent = sum(after.connections[name].bytes_in - before.connections[name].bytes_in for name in ("low", "full"))
        assert spent * 8 / 3 < 2000


async def test_desktop_is_shown_again_when_it_is_resized(screen, soon_confirmed):
    display, folder = screen
    with x11vnc(display, "-nopw") as port:
        desktop = Desktop(display, port, folder)
        async with showing(port) as session:
            await until(lambda: session.report().fraction_exact == 1, "exact before")
            desktop.run("xrandr", "--newmode", "small", "30", "640", "650", "660", "700", "480", "490", "500", "510")
            desktop.run("xrandr", "--addmode", "screen", "small")
            desktop.run("xrandr", "--output", "screen", "--mode", "small")
            await until(lambda: session.report().desktop == (640, 480), "the new size is known")
            await until(lambda: session.stage.size == Size(640, 480), "the new size is shown")
            await until(lambda: session.report().fraction_exact == 1, "exact again")


async def test_server_without_set_scale_is_shown_at_full_size():
    with xvnc(SIZE) as (_, port):
        async with showing(port) as session:
            assert session.report().scale == 1
            assert set(session.report().connections) == {"full"}


async def test_sizes_that_are_no_multiple_of_the_scale_end_exact(tmp_path, soon_confirmed):
    size = Size(683, 411)
    with (
        x_server(size, tmp_path) as display,
        process(["xterm", "-display", display, "-e", "ls -la /usr/bin; exec cat"]),
    ):
        wait_until(lambda: len(np.unique(screen_pixels(tmp_path, size))) > 1, "the terminal is there")
        with x11vnc(display, "-nopw") as port:
            async with showing(port) as session:
                await until(lambda: session.report().fraction_exact == 1, "all is exact")
                assert session.stage.size == size

                def differing() -> int:
                    return int((session.stage.picture != screen_pixels(tmp_path, size)).sum())

                # The X server's own cursor, in the middle of its screen, is the only thing not in ours.
                await until(lambda: differing() < 400, "what is exact is shown")


async def test_session_ends_with_an_error_when_the_server_is_killed(screen):
    with x11vnc(screen[0], "-nopw") as port:
        session = DesktopSession(
            Endpoint("127.0.0.1", port), DesktopSettings(INSECURE), upscaler_for(4), Stage(HeadlessDisplay())
        )
        running = asyncio.create_task(session.run())
        await until(lambda: session.report().updates > 1, "the desktop comes")
    with pytest.raises(ConnectionClosed, match=f"127.0.0.1:{port}"):
        await running
    with pytest.raises(ConnectionClosed, match="cannot connect"):
        await session.run()


async def test_bare_server_is_refused_unless_allowed(desktop):
    with pytest.raises((Unsupported, AuthenticationFailed)) as refused:
        async with showing(desktop.port, connection=ConnectionSettings()):
            pass
    assert "127.0.0.1" in str(refused.value)


async def test_server_that_closes_in_the_middle_of_a_rectangle_is_named():
    async def half_a_rectangle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RFB 003.008\n")
        await reader.readexactly(12)
        writer.write(b"\x01\x01")
        await reader.readexactly(1)
        writer.write(b"\x00\x00\x00\x00")
        await reader.readexactly(1)
        writer.write(
            b"\x00\x40\x00\x40" + b"\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00" + b"\0\0\0\4test"
        )
        await reader.read(64)
        writer.write(b"\x00\x00\x00\x01" + b"\0\0\0\0\0\x40\0\x40" + b"\0\0\0\0" + b"12345")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(half_a_rectangle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RfbError, match=r"127.0.0.1:\d+.*middle of.*ectangle"):
            async with showing(port):
                pass


async def test_connection_counts_once_when_the_figures_are_asked_for_while_it_closes():
    closing = asyncio.Event()

    class Slow:
        bytes_in, bytes_out = 1000, 10

        async def close(self) -> None:
            closing.set()
            await asyncio.Event().wait()

    session = DesktopSession(Endpoint("127.0.0.1", 1), DesktopSettings(), None, Stage(HeadlessDisplay()))
    session._open["full"] = Slow()
    task = asyncio.create_task(session._close())
    await closing.wait()
    assert session.report().connections["full"] == Traffic(1000, 10)
    task.cancel()
