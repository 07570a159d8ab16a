import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bench.link import COUNTED_APART, Count, Lane, Link, LinkSettings, linked


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
        assert (link.count.up, link.count.down, link.count.connections) == (len(data), len(data), 1)


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


async def test_each_connection_is_counted_apart_and_from_another_process(tmp_path: Path) -> None:
    async with echo_through() as link:
        with linked(link.count.port, LinkSettings(), tmp_path) as count:
            for length in (1000, 20):
                reader, writer = await asyncio.open_connection("127.0.0.1", count.port)
                writer.write(bytes(length))
                await reader.readexactly(length)
                writer.close()
            assert (count.connections, count.up, count.down) == (2, 1020, 1020)
            assert [count.down_by(connection) for connection in range(3)] == [1000, 20, 0]


def test_connections_beyond_the_last_are_counted_with_it() -> None:
    count = Count()
    count.went_down(5, COUNTED_APART - 1)
    count.went_down(6, COUNTED_APART + 3)
    assert count.down_by(COUNTED_APART) == count.down == 11


@pytest.mark.parametrize(
    ("text", "settings", "written"),
    [
        ("4/40", LinkSettings(4, 40), "4 Mbit/s, 40 ms"),
        ("0.5/150", LinkSettings(0.5, 150), "0.5 Mbit/s, 150 ms"),
        ("0/80", LinkSettings(0, 80), "unlimited, 80 ms"),
        ("unlimited", LinkSettings(), "unlimited"),
    ],
)
def test_a_link_is_written_as_it_is_read(text: str, settings: LinkSettings, written: str) -> None:
    assert LinkSettings.parse(text) == settings
    assert str(settings) == written


@pytest.mark.parametrize("text", ["4", "fast", "4/", "/40"])
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"MBIT/MS|could not convert"):
        LinkSettings.parse(text)
