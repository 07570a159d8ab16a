"""Captures of what a server says: updates of the whole framebuffer, one by one, and all that came before them."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from edge.geometry import Size
from edge.rfb import (
    Connected,
    Connection,
    ConnectionSettings,
    DesktopResized,
    EncodingNumber,
    Event,
    FramebufferUpdateRequest,
    SecurityPolicy,
    SetScale,
    UpdateFinished,
)

PATIENCE_S = 60
_ALWAYS = (EncodingNumber.DESKTOP_SIZE, EncodingNumber.LAST_RECT, EncodingNumber.SUPPORTED_MESSAGES)


@dataclass(frozen=True, slots=True)
class Capture:
    """The bytes of one connection: `head` up to the first update that counts, then one string for each update."""

    settings: ConnectionSettings
    size: Size
    head: bytes
    updates: tuple[bytes, ...]

    @property
    def megapixels(self) -> float:
        """Pixels of one update, in millions."""
        return self.size.area / 1e6

    @property
    def update_bytes(self) -> int:
        """Mean length of an update."""
        return sum(map(len, self.updates)) // len(self.updates)


def received(connection: Connection, data: bytes) -> list[Event]:
    """Let a connection take `data`, with all that comes of it."""
    events = connection.receive_data(data)
    while connection.more:
        events += connection.receive_more()
    return events


class _Recorder:
    """A client that keeps what it receives. Whole messages arrive at their end: the server waits for each request."""

    def __init__(self, port: int, settings: ConnectionSettings) -> None:
        self.connection = Connection(settings)
        self.wire = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    def close(self) -> None:
        self._socket.close()

    def until(self, kind: type[Event]) -> None:
        """Receive until an event of `kind` has come and nothing that came is left to be read."""
        while True:
            data = self._socket.recv(1 << 18)
            self.wire += data
            events = received(self.connection, data)
            self._socket.sendall(self.connection.data_to_send())
            if any(isinstance(event, kind) for event in events):
                return

    def update(self, *, incremental: bool = False) -> None:
        self.connection.send(FramebufferUpdateRequest(self.connection.size.rect, incremental=incremental))
        self._socket.sendall(self.connection.data_to_send())
        self.until(UpdateFinished)

    def scale(self, divisor: int) -> None:
        self.connection.send(SetScale(divisor))
        self.connection.send(FramebufferUpdateRequest(self.connection.size.rect, incremental=True))
        self._socket.sendall(self.connection.data_to_send())
        self.until(DesktopResized)


def record(port: int, encodings: tuple[int, ...], pages: Callable[[int], None], count: int, scale: int = 1) -> Capture:
    """Capture `count` updates of the whole framebuffer, reduced `scale` times, from the server at `port`.

    `pages` is called with the number of each update before it is asked for, to show something else.
    """
    settings = ConnectionSettings(security=SecurityPolicy.insecure(), encodings=(*encodings, *_ALWAYS))
    recorder = _Recorder(port, settings)
    try:
        recorder.until(Connected)
        recorder.update()
        if scale > 1:
            recorder.scale(scale)
        recorder.update()
        head, updates = bytes(recorder.wire), []
        for number in range(count):
            pages(number)
            recorder.wire.clear()
            recorder.update()
            updates.append(bytes(recorder.wire))
        return Capture(settings, recorder.connection.size, head, tuple(updates))
    finally:
        recorder.close()
