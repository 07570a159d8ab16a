"""A shaped TCP link: forwards connections to a server with a rate and a delay, and counts bytes.

Each direction has a rate of its own that all connections share, and adds half of the round trip. Run as a program, so
that its costs are not on the account of whoever measures: `python -m tests.bench.link --target HOST:PORT --log FILE`.
"""

import argparse
import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

# What is read, sent and accounted for at once: at 4 Mbit/s, 16 ms.
PIECE_BYTES = 8192
# A real link's queue, not a loopback's megabytes.
KERNEL_BUFFER_BYTES = 32_768
PIECES_UNDERWAY = 64
# The event loop's sleeps are too coarse to wait for less; what is not waited for is owed by the next piece.
SHORTEST_WAIT_S = 0.005
LOG_INTERVAL_S = 0.2

# Pieces with the time when they are due, until None.
Underway = asyncio.Queue[tuple[float, bytes] | None]


@dataclass(slots=True)
class Count:
    """What went through: bytes from clients to the server (up) and back (down)."""

    up: int = 0
    down: int = 0
    connections: int = 0
    port: int = 0


class Lane:
    """One direction of the link."""

    def __init__(self, mbit: float, delay_s: float) -> None:
        """Let `mbit` million bits a second pass, 0 for any number, and deliver them `delay_s` later."""
        self._bytes_per_s = mbit * 125_000
        self.delay_s = delay_s
        self._free_at = 0.0

    async def carry(self, length: int) -> None:
        """Wait until `length` bytes have been sent, after all that was sent before by any connection."""
        if not self._bytes_per_s:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + length / self._bytes_per_s
        if self._free_at - now > SHORTEST_WAIT_S:
            await asyncio.sleep(self._free_at - now)


class Link:
    """Forwards what connects to `port` to a server; `count` grows with what goes through."""

    def __init__(self, host: str, port: int, mbit: float, rtt_ms: float) -> None:
        self._target = (host, port)
        self._up, self._down = (Lane(mbit, rtt_ms / 2000) for _ in range(2))
        self.count = Count()
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Accept connections on 127.0.0.1, on a port that the kernel picks; at the end, break off all of them."""
        try:
            async with await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE_BYTES) as server:
                self.count.port = server.sockets[0].getsockname()[1]
                yield
        finally:
            for writer in self._writers:
                writer.transport.abort()
            await self._idle.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target, limit=PIECE_BYTES)
        except OSError:
            writer.close()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        self._idle.clear()
        for end in ends:
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forward(reader, far_writer, self._up, "up"))
            group.create_task(self._forward(far_reader, writer, self._down, "down"))
        self._writers -= ends
        if not self._writers:
            self._idle.set()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: Lane, direction: str
    ) -> None:
        underway: Underway = asyncio.Queue(PIECES_UNDERWAY)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(deliver(underway, writer))
                while data := await reader.read(PIECE_BYTES):
                    await lane.carry(len(data))
                    setattr(self.count, direction, getattr(self.count, direction) + len(data))
                    await underway.put((loop.time() + lane.delay_s, data))
                await underway.put(None)
        except* OSError:
            pass  # one end broke off: closing the other is all there is to do
        finally:
            writer.close()


async def deliver(underway: Underway, writer: asyncio.StreamWriter) -> None:
    """Write each piece when it is due; None ends it."""
    loop = asyncio.get_running_loop()
    while (piece := await underway.get()) is not None:
        due, data = piece
        await asyncio.sleep(max(0.0, due - loop.time()))
        writer.write(data)
        await writer.drain()


async def run(link: Link, log: Path) -> None:
    """Forward until SIGTERM, and write the count to `log` five times a second."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with link.listening():
        while not ended.is_set():
            write_count(link.count, log)
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOG_INTERVAL_S)
    write_count(link.count, log)


def write_count(count: Count, log: Path) -> None:
    """Replace `log` at once, so that no reader sees half of it."""
    new = log.with_suffix(".new")
    new.write_text(json.dumps(asdict(count)))
    new.replace(log)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.link", description="Forward TCP over a slow link.")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--mbit", type=float, default=0, help="rate in each direction, million bits a second; 0: any")
    parser.add_argument("--rtt-ms", type=float, default=0, help="round trip that the link adds")
    parser.add_argument("--log", type=Path, required=True, help="JSON file: port, connections, bytes up and down")
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    asyncio.run(run(Link(host, int(port), options.mbit, options.rtt_ms), options.log))


if __name__ == "__main__":
    main()
