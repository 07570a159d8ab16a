"""The two directions of one RFB connection as buffers, and the reads that parsers are made of.

A *parser* is a generator that yields None where it needs more bytes than there are, and an event where it has one.
It never sees how the bytes were cut.
"""

from collections import deque
from collections.abc import Callable, Generator
from struct import Struct
from typing import Any, Protocol, TypeVar

from edge.errors import ProtocolViolation
from edge.rfb.events import Event

T = TypeVar("T")
Parser = Generator[Event | None, None, T]

_U16, _U32, _S32 = Struct(">H"), Struct(">I"), Struct(">i")

# What one chunk of the server may make us answer, if that is more than one message: it asks for the clipboard with 12
# bytes, which may be 1 MiB.
_ANSWERS_BYTES = 4 << 20


class Layer(Protocol):
    """What lies between the bytes that parsers see and those on the wire."""

    def open(self, received: bytearray) -> bytes | None:
        """Take the first frame off `received` and return what is in it; None if it has not come whole."""

    def seal(self, message: bytes) -> bytes:
        """Return `message` as it goes over the wire."""


class Stream:
    """Bytes in, for parsers to read; whole messages out, for the shell to take.

    `context` names what is being read, for errors; it is empty between two messages. `offset` counts the bytes that
    parsers have taken since the connection began.

    Messages out are elements of a deque, of which `append` and `popleft` are atomic: one thread may `write` while
    another one writes or calls `take`, and no message is ever cut in two by another.
    """

    def __init__(self) -> None:
        self.context = ""
        self.offset = 0
        self._received = bytearray()
        self._sealed = bytearray()
        self._answered_bytes = 0
        self._outgoing: deque[bytes | Layer | None] = deque()
        self._opening: Layer | None = None
        self._sealing: Layer | None = None
        self.listener: Callable[[bytes], None] | None = None
        """Hears all that comes, as parsers will see it."""

    def feed(self, data: bytes) -> None:
        """Append what came from the server."""
        self._answered_bytes = 0
        if self._opening is None:
            self._accept(data)
        else:
            self._sealed += data

    def wrap(self, layer: Layer | None) -> None:
        """Have all that is read and written from here on go through `layer`; None ends that.

        Raises `ProtocolViolation` if a frame of the layer that ends has bytes that nobody read.
        """
        if self._opening is None:
            self._sealed, self._received = self._received, bytearray()
        elif self._received:
            raise ProtocolViolation(f"{len(self._received)} sealed bytes more than expected")
        if layer is None:
            self._sealed, self._received = bytearray(), self._sealed
        self._opening = layer
        self._outgoing.append(layer)

    @property
    def pending(self) -> int:
        """Number of bytes that came and were not read."""
        return len(self._received) + len(self._sealed)

    def write(self, message: bytes) -> None:
        """Queue one whole message for the server."""
        self._outgoing.append(message)

    def answer(self, message: bytes) -> None:
        """Queue what the server has asked for; raises `ProtocolViolation` where few bytes of it ask for very many."""
        if self._answered_bytes and self._answered_bytes + len(message) > _ANSWERS_BYTES:
            raise ProtocolViolation(f"it asks for more than {_ANSWERS_BYTES} bytes at once")
        self._answered_bytes += len(message)
        self.write(message)

    def take(self) -> bytes:
        """Remove and return all that is queued for the server."""
        messages = []
        while self._outgoing:
            message = self._outgoing.popleft()
            if isinstance(message, bytes):
                messages.append(message if self._sealing is None else self._sealing.seal(message))
            else:
                self._sealing = message
        return b"".join(messages)

    def read(self, size: int) -> Parser[bytearray]:
        """Read exactly `size` bytes, which belong to the caller. Check `size` against its limit first."""
        received = self._received
        while len(received) < size:
            if not self._open():
                yield None
        data = received[:size]
        del received[:size]  # advances the start of the buffer, moves nothing
        self.offset += size
        return data

    def peek(self, most: int) -> bytes:
        """Return what came and was not read, up to `most` bytes, and leave it there."""
        while len(self._received) < most and self._open():
            pass
        return bytes(self._received[:most])

    def skip(self, size: int) -> Parser[None]:
        """Read past `size` bytes without keeping them."""
        while size:
            if not self._received and not self._open():
                yield None
            step = min(size, len(self._received))
            del self._received[:step]
            self.offset += step
            size -= step

    def unpack(self, layout: Struct) -> Parser[tuple[Any, ...]]:
        """Read the fields of one `Struct`."""
        return layout.unpack((yield from self.read(layout.size)))

    def u8(self) -> Parser[int]:
        """Read an unsigned byte."""
        return (yield from self.read(1))[0]

    def u16(self) -> Parser[int]:
        """Read an unsigned 16 bit number."""
        return int((yield from self.unpack(_U16))[0])

    def u32(self) -> Parser[int]:
        """Read an unsigned 32 bit number."""
        return int((yield from self.unpack(_U32))[0])

    def _open(self) -> bool:
        """Open the next frame, if there is a layer and the frame is there."""
        message = None if self._opening is None else self._opening.open(self._sealed)
        if message is None:
            return False
        self._accept(message)
        return True

    def _accept(self, data: bytes) -> None:
        self._received += data
        if self.listener is not None:
            self.listener(data)
