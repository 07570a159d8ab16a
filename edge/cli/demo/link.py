"""A TCP relay on the loopback that counts what comes back from the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 65_536
PICTURE_BYTES = 10_000
"""More than any greeting: a picture is on its way."""


class Counted:
    """Bytes from the server so far, and when (by the event loop's clock) the last of them came."""

    def __init__(self) -> None:
        self.received_bytes = 0
        self.last_at = 0.0
        self.picture_came = asyncio.Event()

    def take(self, data: bytes) -> None:
        """Count `data`."""
        self.received_bytes += len(data)
        self.last_at = asyncio.get_running_loop().time()
        if self.received_bytes > PICTURE_BYTES:
            self.picture_came.set()


@asynccontextmanager
async def counting(target: int, counted: Counted) -> AsyncIterator[int]:
    """Forward connections to the port `target` of the loopback while the block runs; yields the port to connect to."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # one end broke off: closing the other is all there is to do
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
            try:
                await asyncio.gather(_forward(reader, far_writer, None), _forward(far_reader, writer, counted))
            finally:
                far_writer.transport.abort()
        writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer), name="count a connection")
        serving.add(task)
        task.add_done_callback(serving.discard)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            tasks = tuple(serving)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: Counted | None) -> None:
    while data := await reader.read(CHUNK_BYTES):
        if counted is not None:
            counted.take(data)
        writer.write(data)
        await writer.drain()
    writer.close()
