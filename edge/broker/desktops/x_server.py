"""Just enough of the X11 protocol to look at a desktop from outside: properties of windows, and what the screen shows.

Source: X11 protocol, chapters 8 and 9 and appendix B.
"""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edge.broker.desktops.xauthority import COOKIE_BYTES, NAME
from edge.errors import BrokerError
from edge.geometry import Size
from edge.pixels import Picture
from edge.trust.private_file import read_private

TIMEOUT_S = 5.0
SETUP_BYTES = 65536  # what the setup's length field allows is four times this; Xvfb's takes 2 kB
PROPERTY_BYTES = 4096  # a title that is longer is cut
INTERN_ATOM, GET_PROPERTY, GET_IMAGE = 16, 20, 73
REPLY_BYTES = 32
ZPIXMAP = 2
ERROR, REPLY = 0, 1


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a desktop's X server is, for who may read its cookie."""

    display: int
    authority: Path

    def open(self) -> "XServer":
        """Connect; raises `BrokerError`."""
        return XServer(self.display, read_private(self.authority)[-COOKIE_BYTES:])


class XServer:
    """A connection to an X server of this machine; blocking, and a context manager. Everything raises `BrokerError`."""

    def __init__(self, display: int, cookie: bytes) -> None:
        self._name = f"X server :{display}"
        self._atoms: dict[bytes, int] = {}
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(TIMEOUT_S)
            self._socket.connect(f"/tmp/.X11-unix/X{display}")  # noqa: S108  the X servers' fixed place
            self.root, self.size = self._connect(cookie)
        except (OSError, struct.error) as error:
            self._socket.close()
            raise BrokerError(f"{self._name}: no connection: {error}") from error
        except BrokerError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def property(self, name: bytes, window: int | None = None) -> bytes | None:
        """Read a property of `window`, the root window if None; None if it has no such property."""
        if not (atom := self._atom(name)):
            return None
        request = (0, 6, window or self.root, atom, 0, 0, PROPERTY_BYTES // 4)
        head, data = self._ask(struct.pack("<BBHIIIII", GET_PROPERTY, *request))
        (length,) = struct.unpack_from("<I", head, 16)
        form = head[1]
        return data[: length * form // 8] if form else None

    def active_title(self) -> str:
        """Return the title of the window that the window manager says is active, "" if none is or it has none."""
        active = self.property(b"_NET_ACTIVE_WINDOW")
        window = int.from_bytes(active or b"", "little")
        return (self.property(b"_NET_WM_NAME", window) or b"").decode(errors="replace") if window else ""

    def picture(self) -> Picture:
        """Read what the whole screen shows, without the pointer: uint32 (height, width) of 0x00RRGGBB."""
        area = (0, 0, self.size.width, self.size.height)
        _, data = self._ask(struct.pack("<BBHIhhHHI", GET_IMAGE, ZPIXMAP, 5, self.root, *area, 0xFFFFFFFF))
        if len(data) != self.size.area * 4:
            raise BrokerError(f"{self._name}: {len(data)} bytes of {self.size} pixels; expected four of each")
        return np.frombuffer(data, dtype="<u4").reshape(self.size.shape) & np.uint32(0xFFFFFF)

    def _connect(self, cookie: bytes) -> tuple[int, Size]:
        """Set the connection up and return the first screen's root window and size."""
        order = struct.pack("<BxHHHH2x", ord("l"), 11, 0, len(NAME), len(cookie))
        self._socket.sendall(order + _padded(NAME) + _padded(cookie))
        success, length = struct.unpack("<B5xH", self._read(8))
        if success != 1 or length * 4 > SETUP_BYTES:
            raise BrokerError(f"{self._name}: it refused the connection")
        setup = self._read(length * 4)
        (vendor_bytes,) = struct.unpack_from("<H", setup, 16)
        formats = setup[21]
        at = 32 + -(-vendor_bytes // 4) * 4 + 8 * formats
        root, width, height = struct.unpack_from("<I16xHH", setup, at)
        return int(root), Size(width, height)

    def _atom(self, name: bytes) -> int:
        """Find the number of a name; 0, which names nothing, as long as nobody has used it."""
        if name not in self._atoms:
            padded = _padded(name)
            head, _ = self._ask(struct.pack("<BBHHxx", INTERN_ATOM, 1, 2 + len(padded) // 4, len(name)) + padded)
            (atom,) = struct.unpack_from("<I", head, 8)
            if not atom:
                return 0
            self._atoms[name] = atom
        return self._atoms[name]

    def _ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request and return its reply, the fixed part and the rest."""
        try:
            self._socket.sendall(request)
            while True:
                head = self._read(REPLY_BYTES)
                if head[0] == ERROR:
                    raise BrokerError(f"{self._name}: request {request[0]} was refused with error {head[1]}")
                # Anything else is an event: MappingNotify comes to every client, asked for or not.
                if head[0] == REPLY:
                    (length,) = struct.unpack_from("<I", head, 4)
                    if length * 4 > max(PROPERTY_BYTES, self.size.area * 4):
                        raise BrokerError(f"{self._name}: a reply of {length * 4} bytes to request {request[0]}")
                    return head, self._read(length * 4)
        except (OSError, struct.error) as error:
            raise BrokerError(f"{self._name}: {error}") from error

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            if not (part := self._socket.recv(count - len(data))):
                raise OSError("it closed the connection")
            data += part
        return bytes(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
