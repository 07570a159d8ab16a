"""Servers that are slow, silent, gone without a word, or deaf, against the real transport."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import pytest

from edge.errors import ConnectionClosed
from edge.geometry import Size
from edge.rfb import Bell, ClientCutText, EncodingNumber, Event, UpdateFinished
from edge.session import transport
from edge.session.transport import Endpoint, RfbTransport
from tests.rfb import encode
from tests.rfb.drive import open_settings
from tests.rfb.hostile.siege import rectangle

SIZE = Size(20, 10)
Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(act: Act) -> AsyncIterator[Endpoint]:
    """A server on the loopback that does to each client what `act` says."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await act(reader, writer)
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield Endpoint("127.0.0.1", listening.sockets[0].getsockname()[1])
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1) as found:
        yield found


@pytest.fixture
def impatient(monkeypatch):
    """Waiting that is over before a test is."""
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr(transport, "STALLED_S", 0.6)


async def opened(endpoint: Endpoint, executor: ThreadPoolExecutor, seen: list[Event] | None = None) -> RfbTransport:
    """A connection past ServerInit; what came in one piece with that is added to `seen`."""
    on_event = None if seen is None else seen.append
    found, _ = await RfbTransport.open(endpoint, open_settings(), executor, on_event)
    return found


async def to_the_end(found: RfbTransport) -> None:
    while True:
        await found.receive()


def says(data: bytes) -> Act:
    """Say `data`, and nothing more."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(60)

    return act


@pytest.mark.parametrize("length", [0, 5, 12, 14, 18, 30])
async def test_silence_before_the_session_ends_it(length, impatient, executor):
    async with server(says(encode.greeting(SIZE)[:length])) as endpoint:
        with pytest.raises(ConnectionClosed, match="no session after"):
            await opened(endpoint, executor)


async def test_a_byte_at_a_time_before_the_session_ends_it(impatient, executor):
    """Each byte is progress, and the session is none."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in encode.greeting(SIZE):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.1)

    async with server(drip) as endpoint:
        with pytest.raises(ConnectionClosed, match="no session after"):
            await opened(endpoint, executor)


async def test_a_byte_at_a_time_in_the_session_is_the_same_session(executor):
    messages = b"\2" + rectangle(20, 10, EncodingNumber.RAW, bytes(800)) + b"\2"

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode.greeting(SIZE))
        for byte in messages:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        await asyncio.sleep(60)

    seen: list[Event] = []
    async with server(drip) as endpoint, await opened(endpoint, executor, seen) as found:
        while seen.count(Bell()) < 2:
            seen += await found.receive()
        assert UpdateFinished(len(messages) - 2) in seen


@pytest.mark.parametrize("length", [1, 3, 10, 16, 100])
async def test_silence_in_the_middle_of_a_message_ends_the_session(length, impatient, executor):
    update = rectangle(20, 10, EncodingNumber.RAW, bytes(800))
    async with (
        server(says(encode.greeting(SIZE) + update[:length])) as endpoint,
        await opened(endpoint, executor) as found,
    ):
        with pytest.raises(ConnectionClosed, match="silent for 1 s in the middle of a message"):
            await to_the_end(found)


async def test_silence_between_messages_is_a_desktop_that_rests(impatient, executor):
    async with server(says(encode.greeting(SIZE))) as endpoint, await opened(endpoint, executor) as found:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await found.receive()


async def test_end_in_the_middle_of_a_message_says_so(executor):
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode.greeting(SIZE) + b"\0\0\0\1")
        writer.close()

    async with server(leave) as endpoint, await opened(endpoint, executor) as found:
        with pytest.raises(ConnectionClosed, match="in the middle of FRAMEBUFFER_UPDATE"):
            await to_the_end(found)


async def test_half_of_the_connection_closed_is_its_end(executor):
    """A client that waits for the other half, or reads on and on, is the hole of CVE-2020-14398."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode.greeting(SIZE))
        writer.write_eof()
        await asyncio.sleep(60)

    async with server(half) as endpoint, await opened(endpoint, executor) as found:
        with pytest.raises(ConnectionClosed, match="closed the connection"):
            await found.receive()


async def test_peer_that_vanishes_is_asked_for_by_the_kernel(executor):
    """Half-open: no word of its end will ever come, so TCP asks for it and gives up on what it does not acknowledge."""
    async with server(says(encode.greeting(SIZE))) as endpoint, await opened(endpoint, executor) as found:
        assert found._writer is not None
        tcp: socket.socket = found._writer.get_extra_info("socket")
        assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, count = (
            tcp.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + interval * count <= transport.SILENT_S
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == transport.SILENT_S * 1000


async def test_peer_that_reads_nothing_is_left(executor):
    """It asks and asks, or lets the user type, and never takes the answers."""
    async with server(says(encode.greeting(SIZE))) as endpoint, await opened(endpoint, executor) as found:
        with pytest.raises(ConnectionClosed, match="reads nothing"):
            found.send(*[ClientCutText("x" * (1 << 20))] * 100)


async def test_fences_are_not_answered_to_a_peer_that_reads_nothing(monkeypatch, executor):
    monkeypatch.setattr(transport, "UNREAD_BYTES", 1 << 20)
    fences = (b"\xf8\0\0\0\x80\0\0\0\x40" + bytes(64)) * 1000

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode.greeting(SIZE))
        while True:
            writer.write(fences)
            await writer.drain()

    async with server(ask) as endpoint, await opened(endpoint, executor) as found:
        with pytest.raises(ConnectionClosed, match="reads nothing"):
            await to_the_end(found)
