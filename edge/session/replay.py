"""A recording through the whole path again, in a time of its own: as fast as it goes or at some speed, always alike.

Time stands still while anything works, and jumps to the next thing to happen when nothing does, so the same recording
gives the same pictures at the same moments whatever else the machine does.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from struct import Struct
from typing import Any, TypeVar

from edge.errors import ConnectionClosed, RecordingError
from edge.geometry import Size
from edge.rfb import Connection, ConnectionSettings, SecurityPolicy
from edge.rfb.commands import Command
from edge.rfb.events import Connected, Event
from edge.rfb.pixel_format import XRGB8888
from edge.session.recording import Record, Recording, RecordKind
from edge.session.transport import Endpoint, RfbTransport

T = TypeVar("T")

NOWHERE = Endpoint("recording", 0)
_SERVER_INIT = Struct(">HH16sI")


class ReplayClock(selectors.DefaultSelector):
    """A selector that never waits for time to pass: it lets it, `speed` times as fast as it does, or at once for 0."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.now = 0.0
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; if nothing is, let up to `timeout` seconds of the replay pass."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        began = time.monotonic()
        ready = super().select(timeout / self._speed if self._speed else 0)
        if ready:
            self.now += min(timeout, (time.monotonic() - began) * self._speed)
        else:
            self.now += timeout
        return ready


class ReplayLoop(asyncio.SelectorEventLoop):
    """An event loop in the time of `clock`."""

    def __init__(self, clock: ReplayClock) -> None:
        super().__init__(clock)
        self._replay_clock = clock

    def time(self) -> float:
        """Seconds since the replay began."""
        return self._replay_clock.now


class AtOnce(Executor):
    """Does what it is given before it returns, so that nothing overtakes anything."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # noqa: ANN401  as its base
        """Call `fn`."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  raised where the result is asked for, as by any executor
            future.set_exception(error)
        return future


@contextmanager
def at_once() -> Iterator[Executor]:
    """Give an `AtOnce` in place of worker threads."""
    yield AtOnce()


def run_in_replay_time(main: Callable[[], Coroutine[Any, Any, T]], speed: float) -> T:
    """Run `main` at `speed` times its recorded speed, or for 0 as fast as the machine can."""
    with asyncio.Runner(loop_factory=lambda: ReplayLoop(ReplayClock(speed))) as runner:
        return runner.run(main())


class ReplayedTransport(RfbTransport):
    """A connection that says what was recorded when it was recorded, whatever it is asked for."""

    def __init__(self, connection: Connection, executor: Executor, records: list[Record], began_at: float) -> None:
        super().__init__(connection, NOWHERE, executor)
        self._records = records
        self._began_at = began_at

    async def receive(self) -> list[Event]:
        """Wait until the next recorded bytes came, and return what they said."""
        while self._records and self._records[0].kind is RecordKind.SENT:
            self.bytes_out += len(self._records.pop(0).data)
        if not self._records:
            await asyncio.get_running_loop().create_future()  # silent until the replay ends
        if self._records[0].kind is not RecordKind.RECEIVED:
            raise ConnectionClosed("the recorded session connected again here")
        record = self._records.pop(0)
        await asyncio.sleep(max(0.0, self._began_at + record.at_s - asyncio.get_running_loop().time()))
        self.bytes_in += len(record.data)
        return self.connection.receive_data(record.data)

    def send(self, *commands: Command) -> None:
        """Let the connection know what was said; the recording knows the answers."""
        for command in commands:
            self.connection.send(command)
        self.connection.data_to_send()

    async def close(self) -> None:
        """Nothing is open."""


class ReplayConnecting:
    """Opens the connections of `recording`, in the order of each name: a `Connect` for `DesktopSession`."""

    def __init__(self, recording: Recording) -> None:
        self._records = {name: recording.of(name) for name in ("low", "full")}
        self._began_at = asyncio.get_running_loop().time()

    async def __call__(
        self, name: str, settings: ConnectionSettings, executor: Executor
    ) -> tuple[RfbTransport, Connected]:
        """Wait until the connection was opened, and open it."""
        records = self._records[name]
        while records and records[0].kind is not RecordKind.OPENED:
            del records[0]
        if not records:
            raise ConnectionClosed(f"no further connection {name!r} was recorded")
        opened = records.pop(0)
        await asyncio.sleep(max(0.0, self._began_at + opened.at_s - asyncio.get_running_loop().time()))
        size, pixel_format, encodings = opened.opened()
        settings = replace(
            settings,
            security=SecurityPolicy.insecure(),
            transport_secure=False,
            pixel_format=pixel_format,
            encodings=encodings,
        )
        connection = Connection(settings)
        connected = next((event for event in _begun(connection, size) if isinstance(event, Connected)), None)
        if connected is None:
            raise RecordingError(f"connection {name!r} cannot be begun again")
        return ReplayedTransport(connection, executor, records, self._began_at), connected


def _begun(connection: Connection, size: Size) -> list[Event]:
    """Say to `connection` what a server without security says until ServerInit."""
    version, security, result = b"RFB 003.008\n", b"\x01\x01", b"\0\0\0\0"
    init = _SERVER_INIT.pack(size.width, size.height, XRGB8888.to_bytes(), 0)
    return connection.receive_data(version + security + result + init)
