"""From an endpoint to a desktop on the stage: connect, find out what the server can do, carry pixels and input."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from edge.errors import ConnectionClosed, EdgeError, ProtocolViolation
from edge.geometry import Rect, Size
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings, PixelFormat
from edge.rfb.commands import Command, FramebufferUpdateRequest, KeyEvent, PointerEvent
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import Connected, CursorChanged, DesktopResized, Event, SupportedMessages, UpdateFinished
from edge.rfb.tuning import LinkPolicy
from edge.session.plain import PlainDesktop
from edge.session.scaled import ScaledDesktop
from edge.session.stage import Stage
from edge.session.statistics import Counters, Report, Traffic, milliseconds, resident_bytes
from edge.session.transport import DesktopChanged, Endpoint, RfbTransport

SET_SCALE = 8
LONGEST_ROUND_TRIP_S = 0.3
"""The first answer of a busy server takes longer than the link."""
FIRST_ANSWER_S = 15.0
"""A server that sends nothing for so long after its greeting hangs."""
RESIZE_PAUSE_S = 0.2
"""A desktop that is being resized is not connected to again for each step."""
MIN_SIDE_PX = 16
"""A desktop smaller than this is shown as it is."""
RGB565 = PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0)
"""What evidence travels in: half of the bytes of 24 bits, and the network restores as much from it."""

Connect = Callable[[str, ConnectionSettings, Executor], Awaitable[tuple[RfbTransport, Connected]]]
"""Opens the connection of a name, "low" or "full"."""


def _new_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=3, thread_name_prefix="pixels")


@dataclass(frozen=True, slots=True)
class DesktopSettings:
    """How a desktop is to be shown."""

    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    sharpen: SharpenPolicy = SharpenPolicy.TEXT
    cap_kbit: int | None = None
    """What sharpening may take of the link; None leaves that to the link."""
    shows_mark: bool = False
    """Whether a mark stands by the pointer while the text under it is not exact, and Control+Alt+E shows a map."""
    link: LinkPolicy = field(default_factory=LinkPolicy)
    """How a desktop at full size is fitted to the link."""


class DesktopSession:
    """Shows the desktop at `endpoint` on `stage`; `run` once per connection, input at any time.

    `upscaler` decides the scale; None asks for full size. A server without SetScale is shown at full size too.
    `connect` and `threads` take the place of TCP and of worker threads.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: DesktopSettings,
        upscaler: Upscaler | CubicUpscaler | None,
        stage: Stage,
        clock: Callable[[], float] = time.monotonic,
        connect: Connect | None = None,
        threads: Callable[[], AbstractContextManager[Executor]] = _new_threads,
    ) -> None:
        self.stage = stage
        self.counters = Counters()
        self.shown = asyncio.Event()
        """Set once a picture of this desktop is on the display."""
        self._endpoint = endpoint
        self._settings = settings
        self._upscaler = upscaler
        self._clock = clock
        self._connect = connect or self._connect_over_tcp
        self._threads = threads
        self._began_at = clock()
        self._desktop: ScaledDesktop | PlainDesktop | None = None
        self._connected = False
        self._open: dict[str, RfbTransport] = {}
        self._held_keys: set[int] = set()
        self._held_buttons = False
        self._map_shown = False
        self._at = (0, 0)
        self._native = Size(0, 0)
        self._round_trip_s = 0.0

    async def run(self) -> None:
        """Connect and carry pixels until the connection breaks: always ends by an `EdgeError`, mostly an `RfbError`.

        A desktop that changes its size is connected to again at once. What was held down when a connection was lost
        is let go of at the next, for the server may not have noticed.
        """
        with self._threads() as executor:
            while True:
                try:
                    await self._connect_and_carry(executor)
                except DesktopChanged:
                    await asyncio.sleep(RESIZE_PAUSE_S)
                except asyncio.CancelledError:
                    self.release()
                    raise
                finally:
                    await self._close()

    @property
    def round_trip_s(self) -> float:
        """How long the link takes there and back, as measured when it was connected to; 0 before."""
        return self._round_trip_s

    def key(self, keysym: int, *, down: bool) -> None:
        """Pass a key on to the desktop."""
        if self._send(KeyEvent(keysym, down)):
            (self._held_keys.add if down else self._held_keys.discard)(keysym)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Pass a position in native pixels, and the buttons held, on to the desktop."""
        x, y = max(0, min(x, self._native.width - 1)), max(0, min(y, self._native.height - 1))
        self.stage.move_pointer(x, y)
        if self._desktop is not None:
            self._desktop.point_at(x, y)
        if self._send(PointerEvent(x, y, buttons)):
            self._at, self._held_buttons = (x, y), buttons != 0

    def toggle_map(self) -> None:
        """Show over the picture what of it is exact, or no longer."""
        self._show_map(shown=not self._map_shown)

    def _show_map(self, *, shown: bool) -> None:
        self._map_shown = shown
        if isinstance(self._desktop, ScaledDesktop):
            self._desktop.show_map(shown=shown)

    def release(self) -> None:
        """Let go of every key and button held, so that none stays down at the desktop."""
        for keysym in tuple(self._held_keys):
            self.key(keysym, down=False)
        if self._held_buttons:
            self.pointer(*self._at, 0)

    def note_shown(self) -> None:
        """Note that the display has shown something: a whole picture of this desktop, perhaps for the first time."""
        if self.shown.is_set() or self._desktop is None or not self._connected or self.stage.on_screen:
            return
        if self._desktop.complete:
            self.shown.set()
            if self.counters.first_picture_s is None:
                self.counters.first_picture_s = round(self._clock() - self._began_at, 3)

    def wipe(self) -> None:
        """Overwrite every picture that it holds, and let go of it; the session is over."""
        if self._desktop is not None:
            self._desktop.wipe()
        self._desktop = None

    def report(self) -> Report:
        """Sum up what it has cost and shown until now."""
        traffic = dict(self.counters.traffic)
        for name, transport in self._open.items():
            before = traffic.get(name, Traffic(0, 0))
            traffic[name] = Traffic(before.bytes_in + transport.bytes_in, before.bytes_out + transport.bytes_out)
        now, peak = resident_bytes()
        desktop = self._desktop if isinstance(self._desktop, ScaledDesktop) else None
        upscaler = self._upscaler if desktop is not None else None
        return Report(
            seconds=round(self._clock() - self._began_at, 3),
            scale=upscaler.scale if upscaler is not None else 1,
            backend=upscaler.backend.name
            if isinstance(upscaler, Upscaler)
            else "none"
            if upscaler is None
            else "bicubic",
            backend_failures=tuple(map(str, upscaler.failures)) if isinstance(upscaler, Upscaler) else (),
            desktop=(self._native.width, self._native.height),
            connections=traffic,
            updates=self.counters.updates,
            tiles=self.counters.tiles(),
            network_ms=milliseconds(list(upscaler.calls_ms)) if upscaler is not None else None,
            first_picture_s=self.counters.first_picture_s,
            fraction_exact=round(self._desktop.fraction_exact, 4) if self._desktop is not None else 0.0,
            fraction_likely=round(desktop.fraction_likely, 4) if desktop is not None else 0.0,
            fraction_restored=round(desktop.fraction_restored, 4) if desktop is not None else 0.0,
            fraction_text_exact=round(self._desktop.fraction_text_exact, 4) if self._desktop is not None else 0.0,
            fraction_text_sharp=round(self._desktop.fraction_text_sharp, 4) if self._desktop is not None else 0.0,
            resident_bytes=now,
            peak_resident_bytes=peak,
        )

    async def _connect_and_carry(self, executor: Executor) -> None:
        desktop = await self._scaled(executor) or await self._plain(executor)
        self._desktop, self._connected = desktop, True
        self._show_map(shown=self._map_shown)
        self.release()
        try:
            await desktop.run()
        except BaseExceptionGroup as errors:
            # Not "except*": Debian 12's Python 3.11.2 wraps what is raised in it into a group again.
            expected, unexpected = errors.split(EdgeError)
            if expected is None or unexpected is not None:
                raise
            raise _first(expected) from errors

    async def _scaled(self, executor: Executor) -> ScaledDesktop | None:
        """Connect at low resolution; None where that is not wanted, or not to be had."""
        if self._upscaler is None:
            return None
        low = await self._open_one("low", executor)
        if not await self._can_scale(low):
            self._open = {"full": low}  # what the question has cost
            await self._close()
            return None

        async def open_full() -> RfbTransport:
            return await self._open_one("full", executor)

        return ScaledDesktop(
            low,
            open_full,
            self._native,
            _for_low_resolution(self._settings.connection.encodings),
            self._upscaler,
            self._settings.sharpen,
            self._settings.cap_kbit,
            self.stage,
            self.counters,
            executor,
            self._round_trip_s,
            self._clock,
            shows_mark=self._settings.shows_mark,
        )

    async def _plain(self, executor: Executor) -> PlainDesktop:
        full = await self._open_one("full", executor)
        encodings, link = self._settings.connection.encodings, self._settings.link
        return PlainDesktop(full, self._native, encodings, link, self.stage, self.counters)

    async def _open_one(self, name: str, executor: Executor) -> RfbTransport:
        connection = self._settings.connection
        if name == "low":
            connection = replace(connection, encodings=_for_low_resolution(connection.encodings), pixel_format=RGB565)
        else:
            connection = replace(connection, encodings=_without_copies(connection.encodings))
        transport, connected = await self._connect(name, connection, executor)
        self._open[name] = transport
        if self._open.keys() == {"low", "full"} and connected.size != self._native:
            raise DesktopChanged(f"the desktop's size changed from {self._native} to {connected.size}")
        self._native = connected.size
        return transport

    async def _connect_over_tcp(
        self, _name: str, connection: ConnectionSettings, executor: Executor
    ) -> tuple[RfbTransport, Connected]:
        return await RfbTransport.open(self._endpoint, connection, executor)

    async def _can_scale(self, transport: RfbTransport) -> bool:
        """Ask for one pixel: LibVNCServer's answer lists the messages that it handles. Others just answer."""
        if min(self._native.width, self._native.height) < MIN_SIDE_PX:
            return False
        transport.send(FramebufferUpdateRequest(Rect(0, 0, 1, 1), incremental=False))
        asked_at = self._clock()
        listed = answered = False
        while not answered:
            for event in await self._first_answer(transport):
                match event:
                    case SupportedMessages(client_to_server=messages):
                        listed = SET_SCALE in messages
                    case CursorChanged():
                        self.stage.set_cursor(event)
                    case DesktopResized(size=size):
                        self._native = size
                    case UpdateFinished():
                        self._round_trip_s = min(LONGEST_ROUND_TRIP_S, self._clock() - asked_at)
                        answered = True
                    case _:
                        pass
        return listed and min(self._native.width, self._native.height) >= MIN_SIDE_PX

    async def _first_answer(self, transport: RfbTransport) -> list[Event]:
        try:
            async with asyncio.timeout(FIRST_ANSWER_S):
                return await transport.receive()
        except TimeoutError:
            raise ConnectionClosed(
                f"{self._endpoint}: a session began, but no pixel came within {FIRST_ANSWER_S:.0f} s"
            ) from None

    def _send(self, command: Command) -> bool:
        if self._desktop is None or not self._connected:
            return False
        self._desktop.send_input(command)
        return True

    async def _close(self) -> None:
        self._connected = False
        while self._open:
            # Whoever asks meanwhile what it has cost counts each connection once.
            name, transport = self._open.popitem()
            self.counters.add_traffic(name, transport.bytes_in, transport.bytes_out)
            await transport.close()


def _for_low_resolution(encodings: tuple[int, ...]) -> tuple[int, ...]:
    """Put Tight first, which needs a quarter less than ZRLE for small pictures of text, and leave out CopyRect.

    LibVNCServer truncates the offsets of CopyRect while it scales. Without a quality level its Tight loses nothing.
    """
    return tuple(sorted(_without_copies(encodings), key=lambda number: number != EncodingNumber.TIGHT))


def _without_copies(encodings: tuple[int, ...]) -> tuple[int, ...]:
    """Leave out CopyRect, for a connection on which not every pixel is asked for: it has nothing to copy from."""
    return tuple(number for number in encodings if number != EncodingNumber.COPY_RECT)


def _first(errors: BaseExceptionGroup[EdgeError]) -> EdgeError:
    """Pick the error to report of several tasks that failed together: a resize, or what came first."""
    leaves: list[EdgeError] = []
    pending: list[BaseException] = [errors]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending[:0] = error.exceptions
        elif isinstance(error, EdgeError):
            leaves.append(error)
    if not leaves:
        raise ProtocolViolation("a connection ended without saying why") from errors
    return next((error for error in leaves if isinstance(error, DesktopChanged)), leaves[0])
