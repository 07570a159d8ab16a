"""A shaped TCP link: forwards connections to a server with a rate and a delay, and counts bytes.

Each direction has a rate of its own that all connections share, and adds half of the round trip. Run as a program, so
that its costs are not on the account of whoever measures: `python -m tests.bench.link --target HOST:PORT --count FILE`.
"""

import argparse
import asyncio
import mmap
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from tests.servers import process, wait_until

# What is read, sent and accounted for at once: at 4 Mbit/s, 16 ms.
PIECE_BYTES = 8192
# A real link's queue, not a loopback's megabytes.
KERNEL_BUFFER_BYTES = 32_768
PIECES_UNDERWAY = 64
# The event loop's sleeps are too coarse to wait for less; what is not waited for is owed by the next piece.
SHORTEST_WAIT_S = 0.005
# Connections that are counted apart; whatever else connects is counted with the last.
COUNTED_APART = 8

# Pieces with the time when they are due, until None.
Underway = asyncio.Queue[tuple[float, bytes] | None]


class Count:
    """What went through a link: bytes, in 64-bit words of the machine's order that another process can map.

    The words are: port, connections so far, bytes from clients to the server, and bytes back for each connection.
    """

    PORT, CONNECTIONS, UP, DOWN = range(4)
    SIZE_BYTES = 8 * (DOWN + COUNTED_APART)

    def __init__(self, buffer: bytearray | mmap.mmap | None = None) -> None:
        self._words = memoryview(bytearray(self.SIZE_BYTES) if buffer is None else buffer).cast("Q")

    @classmethod
    def mapped(cls, path: Path) -> Self:
        """Map the file at `path`, which is made if it is not there."""
        with path.open("a+b") as file:
            file.truncate(cls.SIZE_BYTES)
            return cls(mmap.mmap(file.fileno(), cls.SIZE_BYTES))

    @property
    def port(self) -> int:
        """Where the link listens; 0 before it does."""
        return self._words[self.PORT]

    @property
    def connections(self) -> int:
        """How many clients have connected."""
        return self._words[self.CONNECTIONS]

    @property
    def up(self) -> int:
        """Bytes from clients to the server."""
        return self._words[self.UP]

    @property
    def down(self) -> int:
        """Bytes from the server to clients."""
        return sum(self._words[self.DOWN :])

    def down_by(self, connection: int) -> int:
        """Bytes from the server over one connection, counted from 0 in the order in which they were made."""
        return self._words[self.DOWN + min(connection, COUNTED_APART - 1)]

    def listens(self, port: int) -> None:
        """Note the port, which tells whoever has mapped this that the link is there."""
        self._words[self.PORT] = port

    def connected(self) -> int:
        """Note a connection; returns its number."""
        self._words[self.CONNECTIONS] += 1
        return self.connections - 1

    def went_up(self, length: int) -> None:
        """Note bytes from a client."""
        self._words[self.UP] += length

    def went_down(self, length: int, connection: int) -> None:
        """Note bytes from the server."""
        self._words[self.DOWN + min(connection, COUNTED_APART - 1)] += length


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
    """Forwards what connects to `count.port` to a server; `count` grows with what goes through."""

    def __init__(self, host: str, port: int, mbit: float, rtt_ms: float, count: Count | None = None) -> None:
        self._target = (host, port)
        self._up, self._down = (Lane(mbit, rtt_ms / 2000) for _ in range(2))
        self.count = count or Count()
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Accept connections on 127.0.0.1, on a port that the kernel picks; at the end, break off all of them."""
        try:
            async with await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE_BYTES) as server:
                self.count.listens(server.sockets[0].getsockname()[1])
                yield
        finally:
            for writer in self._writers:
                writer.transport.abort()
            await self._idle.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.count.connected()
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
            group.create_task(self._forward(reader, far_writer, self._up, self.count.went_up))
            group.create_task(
                self._forward(far_reader, writer, self._down, partial(self.count.went_down, connection=number))
            )
        self._writers -= ends
        if not self._writers:
            self._idle.set()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: Lane, note: Callable[[int], None]
    ) -> None:
        underway: Underway = asyncio.Queue(PIECES_UNDERWAY)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(deliver(underway, writer))
                while data := await reader.read(PIECE_BYTES):
                    await lane.carry(len(data))
                    note(len(data))
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


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The link between client and server: million bits a second in each direction (0: any), and its round trip."""

    mbit: float = 0.0
    rtt_ms: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "4/40" (Mbit/s and milliseconds) or "unlimited"; raises `ValueError`."""
        if text == "unlimited":
            return cls()
        mbit, separator, rtt_ms = text.partition("/")
        if not separator:
            raise ValueError(f"{text!r} is not MBIT/MS, for example 4/40, or unlimited")
        return cls(float(mbit), float(rtt_ms))

    def __str__(self) -> str:
        rate = f"{self.mbit:g} Mbit/s" if self.mbit else "unlimited"
        return f"{rate}, {self.rtt_ms:g} ms" if self.rtt_ms else rate


@contextmanager
def linked(port: int, settings: LinkSettings, folder: Path) -> Iterator[Count]:
    """Run a link to a port of 127.0.0.1 as a program; yields its count, which grows by itself."""
    path = folder / "link.count"
    shape = ["--mbit", str(settings.mbit), "--rtt-ms", str(settings.rtt_ms)]
    command = [sys.executable, "-m", "tests.bench.link", "--target", f"127.0.0.1:{port}", "--count", str(path), *shape]
    count = Count.mapped(path)
    with process(command, log=folder / "link.log"):
        wait_until(lambda: count.port > 0, "the link listens")
        yield count


async def run(link: Link) -> None:
    """Forward until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with link.listening():
        await ended.wait()


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.link", description="Forward TCP over a slow link.")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--mbit", type=float, default=0, help="rate in each direction, million bits a second; 0: any")
    parser.add_argument("--rtt-ms", type=float, default=0, help="round trip that the link adds")
    parser.add_argument("--count", type=Path, required=True, help="file to map: port, connections, bytes up and down")
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    asyncio.run(run(Link(host, int(port), options.mbit, options.rtt_ms, Count.mapped(options.count))))


if __name__ == "__main__":
    main()
