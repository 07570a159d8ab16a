"""A viewer that shows a real server to tests: asyncio around a `Connection`, and a framebuffer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, assert_never

import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture, blank
from edge.rfb import (
    AudioBegun,
    AudioEnded,
    AudioReceived,
    Bell,
    ClipboardNotified,
    ColourMapChanged,
    Command,
    Connected,
    Connection,
    ConnectionSettings,
    ContinuousUpdatesEnded,
    CursorChanged,
    CursorShown,
    CutTextReceived,
    DesktopNameChanged,
    DesktopResized,
    Event,
    ExtensionAnnounced,
    FenceReplied,
    FramebufferUpdateRequest,
    LedStateChanged,
    PointerModeChanged,
    PointerMoved,
    RectangleCopied,
    RectangleDecoded,
    SupportedMessages,
    TlsRequired,
    UpdateFinished,
    UpdateStarted,
)

PATIENCE_S = 30
E = TypeVar("E")


class Viewer:
    """`picture` is what the server has sent so far; `events` is everything that it said, pixels included."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connection: Connection,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.picture: Picture = blank(Size(0, 0))
        self._resized = False
        self._reader, self._writer, self._tls = reader, writer, tls

    async def send(self, *commands: Command) -> None:
        for command in commands:
            self.connection.send(command)
        await self._flush()

    async def request(self, *, incremental: bool) -> None:
        await self.send(FramebufferUpdateRequest(self.connection.size.rect, incremental=incremental))

    async def until(self, true: Callable[[], bool]) -> None:
        """Receive until `true`; raises what the connection raises, and TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self._receive()

    async def receive(self, kind: type[Event]) -> Event:
        """Receive until an event of `kind` comes, and return it."""
        seen = len(self.events)
        await self.until(lambda: any(isinstance(event, kind) for event in self.events[seen:]))
        return next(event for event in self.events[seen:] if isinstance(event, kind))

    async def refresh(self) -> Picture:
        """Ask for the whole framebuffer and receive it."""
        self.picture = blank(self.connection.size, 0xFFFFFFFF)
        await self.request(incremental=False)
        await self.until(lambda: bool(self.picture.size) and not (self.picture == 0xFFFFFFFF).any())
        return self.picture

    async def shows(self, expected: Callable[[], Picture], part: Rect | None = None) -> None:
        """Follow the server until `part` of its picture is the expected one."""
        slices = (part or self.connection.size.rect).slices

        def same() -> bool:
            return np.array_equal(self.picture[slices], expected())

        await self.follow(same)

    async def follow(self, true: Callable[[], bool]) -> None:
        """Ask for what changes until `true`."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await self.request(incremental=True)
                # What is expected may come to be so without the server having anything to say.
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self.receive(UpdateFinished)

    async def find(self, kind: type[E], accept: Callable[[E], bool] = lambda event: True) -> E:
        """Ask for what changes until an event of `kind` is there that is accepted; return the first."""

        def found() -> list[E]:
            return [event for event in self.events if isinstance(event, kind) and accept(event)]

        await self.follow(lambda: bool(found()))
        return found()[0]

    async def _flush(self) -> None:
        self._writer.write(self.connection.data_to_send())
        await self._writer.drain()

    async def _receive(self) -> None:
        for event in self.connection.receive_data(await self._reader.read(1 << 18)):
            self.events.append(event)
            await self._show(event)
        await self._flush()

    async def _show(self, event: Event) -> None:
        match event:
            case TlsRequired():
                await self._flush()
                assert self._tls is not None
                await self._writer.start_tls(self._tls, server_hostname="127.0.0.1")
                self.connection.tls_established()
            case Connected(size) | DesktopResized(size):
                self.picture = blank(size, 0xFFFFFFFF)
                self._resized = isinstance(event, DesktopResized)
            case UpdateFinished() if self._resized:
                # An update that resizes brings no pixels. Asked for in full, ExtendedDesktopSize would come again.
                self._resized = False
                await self.request(incremental=True)
            case RectangleDecoded(rect, pixels):
                self.picture[rect.slices] = pixels
            case RectangleCopied(rect, x, y):
                source = self.picture[y : y + rect.height, x : x + rect.width]
                self.picture[rect.slices] = source.copy()
            case ColourMapChanged():
                await self.request(incremental=False)
            case (
                UpdateStarted()
                | UpdateFinished()
                | CursorChanged()
                | CursorShown()
                | PointerMoved()
                | PointerModeChanged()
                | LedStateChanged()
                | DesktopNameChanged()
                | SupportedMessages()
                | ExtensionAnnounced()
                | Bell()
                | CutTextReceived()
                | ClipboardNotified()
                | FenceReplied()
                | ContinuousUpdatesEnded()
                | AudioBegun()
                | AudioReceived()
                | AudioEnded()
            ):
                pass
            case _:
                assert_never(event)


async def _connected(port: int, tls: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect; x11vnc -ssl resets what comes while it still has a connection to take."""
    while True:
        with suppress(ConnectionResetError):
            return await asyncio.open_connection("127.0.0.1", port, ssl=tls)


@asynccontextmanager
async def viewer(
    port: int, settings: ConnectionSettings, *, tls: ssl.SSLContext | None = None, tls_first: bool = False
) -> AsyncIterator[Viewer]:
    """Connect to 127.0.0.1; `tls` is used when the server asks for it, or from the first byte."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await _connected(port, tls if tls_first else None)
    try:
        found = Viewer(reader, writer, Connection(settings), tls)
        await found.receive(Connected)
        yield found
    finally:
        writer.close()
