import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.bench.link import Count, Lane, Link


@asynccontextmanager
async def echo_through(mbit: float = 0, rtt_ms: float = 0) -> AsyncIterator[Link]:
    """A link to a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        link = Link("127.0.0.1", server.sockets[0].getsockname()[1], mbit, rtt_ms)
        async with link.listening():
            yield link


async def round_trip(link: Link, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.count.port)
    writer.write(data)
    back = await reader.readexactly(len(data))
    writer.close()
    await writer.wait_closed()
    return back


@pytest.mark.parametrize(("mbit", "rtt_ms"), [(0, 0), (50, 4)])
async def test_everything_arrives_in_order_and_is_counted(mbit: float, rtt_ms: float) -> None:
    data = bytes(range(256)) * 1000
    async with echo_through(mbit, rtt_ms) as link:
        assert await round_trip(link, data) == data
        assert link.count == Count(up=len(data), down=len(data), connections=1, port=link.count.port)


async def test_a_lane_never_carries_more_than_its_rate() -> None:
    loop = asyncio.get_running_loop()
    lane = Lane(mbit=8, delay_s=0)
    began = loop.time()
    for carried in range(1, 31):
        await lane.carry(8192)
        # 8 Mbit/s are a million bytes a second; what is shorter than 5 ms is waited for with the next piece.
        assert (loop.time() - began + 0.005) * 1_000_000 >= carried * 8192


async def test_connections_share_a_lane() -> None:
    loop = asyncio.get_running_loop()
    lane = Lane(mbit=8, delay_s=0)
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(lane.carry(8192))
    assert (loop.time() - began) * 1_000_000 >= 20 * 8192 - 5000


async def test_the_way_there_and_back_takes_the_round_trip() -> None:
    loop = asyncio.get_running_loop()
    async with echo_through(rtt_ms=100) as link:
        began = loop.time()
        assert await round_trip(link, b"ping") == b"ping"
        assert loop.time() - began >= 0.1


async def test_a_connection_ends_when_nobody_serves_it() -> None:
    link = Link("127.0.0.1", 1, 0, 0)
    async with link.listening():
        reader, writer = await asyncio.open_connection("127.0.0.1", link.count.port)
        assert await reader.read() == b""
        writer.close()


async def test_a_client_that_breaks_off_closes_the_servers_side() -> None:
    closed = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(bytes(65_536))
                await writer.drain()
        except OSError:
            closed.set()
        finally:
            writer.close()

    async with await asyncio.start_server(flood, "127.0.0.1", 0) as server, asyncio.timeout(20):
        link = Link("127.0.0.1", server.sockets[0].getsockname()[1], 0, 10)
        async with link.listening():
            reader, writer = await asyncio.open_connection("127.0.0.1", link.count.port)
            await reader.read(1000)
            writer.transport.abort()
            await closed.wait()
