"""A session on disk: what the server said on each connection, when, and what it was asked for.

The file is `MAGIC`, the version in a byte, the scale in another, and records until one of kind END:

    kind (u8)  connection (u8)  microseconds since the beginning (u64)  length of what follows (u32)  that many bytes

all big-endian. OPENED holds width and height of the desktop (u16 each), the pixel format (16 bytes, as in RFB) and the
encodings that were offered (s32 each); RECEIVED the bytes of the server after ServerInit, without TLS or any seal; SENT
one of our messages that ask for pixels, and no other: neither keys nor pointer nor clipboard nor passwords are in it.
What the server shows and what it copies to its clipboard is.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from struct import Struct, pack, unpack
from types import TracebackType
from typing import BinaryIO, Self

from edge.errors import EdgeError, RecordingError
from edge.geometry import Size
from edge.rfb import ConnectionSettings, PixelFormat
from edge.rfb.client_messages import encode
from edge.rfb.commands import Command, FramebufferUpdateRequest, SetEncodings, SetScale
from edge.rfb.pixel_format import XRGB8888

MAGIC = b"edge recording\n"
VERSION = 1
CONNECTIONS = ("low", "full")
MAX_RECORD_BYTES = 16 * 1024 * 1024
"""A hundred times what is read at once: a longer record is damage, and must not be read into memory."""
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What a disk may be behind, a minute of a fast link, before the recording is given up and not the session."""
_HEAD = Struct(">BBQI")
_OPENED = Struct(">HH16s")


class RecordKind(IntEnum):
    """What a record holds."""

    OPENED = 1
    RECEIVED = 2
    SENT = 3
    END = 4


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `at_s` is seconds since the beginning, `connection` a name of `CONNECTIONS`."""

    kind: RecordKind
    connection: str
    at_s: float
    data: bytes

    def opened(self) -> tuple[Size, PixelFormat, tuple[int, ...]]:
        """Read what an OPENED record says; raises `RecordingError`."""
        try:
            width, height, pixel_format = _OPENED.unpack_from(self.data)
            encodings = unpack(f">{(len(self.data) - _OPENED.size) // 4}i", self.data[_OPENED.size :])
            return Size(width, height), PixelFormat.from_bytes(pixel_format), encodings
        except (ValueError, EdgeError, OSError) as wrong:
            raise RecordingError(f"a connection's beginning that says nothing: {wrong}") from wrong


class Recorder:
    """Writes a recording to `path` on a thread of its own; a context manager. May be called from any thread.

    Raises `RecordingError` at its end if the disk did not take everything; the session never waits for it.
    """

    def __init__(self, path: Path, scale: int, clock: Callable[[], float]) -> None:
        self._path = path
        self._scale = scale
        self._clock = clock
        self._began_at = clock()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._count = threading.Lock()
        self._failure = ""
        self._thread = threading.Thread(target=self._write, name="recorder")

    def __enter__(self) -> Self:
        """Begin the file; raises `RecordingError` if it cannot be made."""
        try:
            self._file: BinaryIO = self._path.open("wb")
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot write: {error.strerror or error}") from error
        self._put(MAGIC + pack(">BB", VERSION, self._scale))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._record(RecordKind.END, CONNECTIONS[0], b"")
        self._queue.put(None)
        self._thread.join()
        if self._failure and value is None:
            raise RecordingError(self._failure)

    def opened(self, connection: str, size: Size, settings: ConnectionSettings) -> None:
        """Note that a connection to a desktop of `size` was opened."""
        pixel_format = settings.pixel_format or XRGB8888
        encodings = pack(f">{len(settings.encodings)}i", *settings.encodings)
        data = _OPENED.pack(size.width, size.height, pixel_format.to_bytes()) + encodings
        self._record(RecordKind.OPENED, connection, data)

    def received(self, connection: str, data: bytes) -> None:
        """Note what the server said."""
        for start in range(0, len(data), MAX_RECORD_BYTES):
            self._record(RecordKind.RECEIVED, connection, bytes(data[start : start + MAX_RECORD_BYTES]))

    def sent(self, connection: str, command: Command) -> None:
        """Note what was asked for; other commands are passed over."""
        match command:
            case FramebufferUpdateRequest() | SetScale() | SetEncodings():
                self._record(RecordKind.SENT, connection, encode(command))
            case _:
                pass

    def _record(self, kind: RecordKind, connection: str, data: bytes) -> None:
        at_us = max(0, round((self._clock() - self._began_at) * 1e6))
        self._put(_HEAD.pack(kind, CONNECTIONS.index(connection), at_us, len(data)) + data)

    def _put(self, data: bytes) -> None:
        with self._count:
            self._waiting_bytes += len(data)
            if self._waiting_bytes > MAX_WAITING_BYTES:
                self._failure = self._failure or (
                    f"{self._path}: the recording was given up: the disk is {MAX_WAITING_BYTES >> 20} MiB behind"
                )
        if not self._failure:
            self._queue.put(data)

    def _write(self) -> None:
        try:
            with self._file:
                while (data := self._queue.get()) is not None:
                    with self._count:
                        self._waiting_bytes -= len(data)
                    self._file.write(data)
        except OSError as error:
            self._failure = f"{self._path}: the recording was given up: {error.strerror or error}"


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording in memory; `scale` is that of its low-resolution connection."""

    scale: int
    records: tuple[Record, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.records[-1].at_s if self.records else 0.0

    def of(self, connection: str) -> list[Record]:
        """Return the records of one connection, in order, without END."""
        return [record for record in self.records if record.connection == connection and record.kind != RecordKind.END]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file at `path`; raises `RecordingError` that says what is wrong with it, and where."""
        try:
            with path.open("rb") as file:
                scale = _read_beginning(file)
                return cls(scale, tuple(_read_records(file)))
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
        except RecordingError as error:
            raise RecordingError(f"{path}: {error}") from error


def _read_beginning(file: BinaryIO) -> int:
    beginning = file.read(len(MAGIC) + 2)
    if beginning[: len(MAGIC)] != MAGIC[: len(beginning)] or not beginning:
        raise RecordingError("not a recording of `edgectl view --record`")
    if len(beginning) < len(MAGIC) + 2:
        raise RecordingError(f"cut short after {len(beginning)} bytes")
    version, scale = beginning[-2:]
    if version != VERSION:
        raise RecordingError(f"a recording of version {version}; this program reads version {VERSION}")
    return scale


def _read_records(file: BinaryIO) -> Iterator[Record]:
    while True:
        at = file.tell()
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise RecordingError(f"cut short at byte {at}: the recording was not ended")
        kind, connection, at_us, length = _HEAD.unpack(head)
        if kind not in set(RecordKind) or connection >= len(CONNECTIONS) or length > MAX_RECORD_BYTES:
            raise RecordingError(
                f"byte {at}: damaged: a record of kind {kind}, connection {connection}, {length} bytes"
            )
        data = file.read(length)
        if len(data) < length:
            raise RecordingError(f"cut short at byte {at}: {len(data)} of {length} bytes of a record")
        record = Record(RecordKind(kind), CONNECTIONS[connection], at_us / 1e6, data)
        yield record
        if record.kind is RecordKind.END:
            return
