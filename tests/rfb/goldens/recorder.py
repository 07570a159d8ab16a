"""A client that understands nothing of pictures: it agrees, asks, and keeps what comes.

What a decoder believes can so leave no trace in a golden.
"""

import socket
import time
from struct import pack, unpack

from edge.geometry import Rect, Size
from edge.rfb.client_messages import encode
from edge.rfb.commands import FramebufferUpdateRequest, PointerEvent, SetEncodings, SetScale
from tests.rfb.goldens.golden import Settings

# The server has said all that there is to say when it has been silent for so long, asked again and again.
_SILENCE_S = 1.0
_ASK_EVERY_S = 0.1
_PATIENCE_S = 20.0
_SECURITY_NONE = 1


class Recorder:
    """One connection without security to a server on the loopback; `stream` is what the server said so far."""

    def __init__(self, port: int, settings: Settings) -> None:
        self.stream = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._read(12)
        self._socket.sendall(b"RFB 003.008\n")
        if _SECURITY_NONE not in self._read(self._read(1)[0]):
            raise RuntimeError("the server wants security")
        self._socket.sendall(bytes([_SECURITY_NONE]))
        if self._read(4) != bytes(4):
            raise RuntimeError("the server refuses")
        self._socket.sendall(b"\1")
        *_, length = unpack(">HH16sI", self._read(24))
        self._read(length)
        if settings.pixel_format is not None:
            self._socket.sendall(pack(">Bxxx", 0) + bytes.fromhex(settings.pixel_format))
        self._socket.sendall(encode(SetEncodings(settings.encodings)))
        self._scale = settings.scale

    def ask(self, size: Size, *, incremental: bool) -> None:
        """Ask for the whole desktop of `size`, which is its full one."""
        rect = Rect(0, 0, size.width // self._scale, size.height // self._scale)
        self._socket.sendall(encode(FramebufferUpdateRequest(rect, incremental)))

    def begin(self, size: Size) -> None:
        """Ask for everything, scaled if that was agreed, and hear it out."""
        self.ask(size, incremental=False)
        if self._scale != 1:
            self.settle(size)
            self._socket.sendall(encode(SetScale(self._scale)))
            self.settle(size)
            self.ask(size, incremental=False)
        self.settle(size)

    def settle(self, size: Size) -> None:
        """Keep asking for what has changed and keep what comes, until nothing comes any more."""
        began = heard = time.monotonic()
        asked = 0.0
        # Of a pointer that others move Xvnc draws the shape into the picture.
        self._socket.sendall(encode(PointerEvent(size.width // self._scale - 1, 0, 0)))
        self._socket.settimeout(_ASK_EVERY_S / 2)
        while (now := time.monotonic()) - heard < _SILENCE_S:
            if now - began > _PATIENCE_S:
                raise TimeoutError(f"the server has gone on for {_PATIENCE_S:.0f} s")
            if now - asked > _ASK_EVERY_S:
                self.ask(size, incremental=True)
                asked = now
            try:
                data = self._socket.recv(1 << 18)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError("the server has closed the connection")
            self.stream += data
            heard = time.monotonic()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            data += self._socket.recv(count - len(data)) or self._gone()
        self.stream += data
        return bytes(data)

    @staticmethod
    def _gone() -> bytes:
        raise ConnectionError("the server has closed the connection")
