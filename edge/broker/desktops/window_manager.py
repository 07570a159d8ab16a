"""Waiting until a window manager is there: what is mapped before is neither focused nor maximised.

Source: X11 protocol, chapter 8 and appendix B; EWMH, _NET_SUPPORTING_WM_CHECK.
"""

import socket
import struct
import time

from edge.broker.desktops.xauthority import NAME

SUPPORTING_WM_CHECK = b"_NET_SUPPORTING_WM_CHECK"
TIMEOUT_S = 5.0
POLL_S = 0.02
SETUP_BYTES = 65536  # what the setup's length field allows is four times this; Xvfb's takes 2 kB

INTERN_ATOM, GET_PROPERTY = 16, 20


def wait_for_window_manager(display: int, cookie: bytes) -> bool:
    """Block until the display's root window names its window manager; False if none does within some seconds."""
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(TIMEOUT_S)
            server.connect(f"/tmp/.X11-unix/X{display}")  # noqa: S108  the X servers' fixed place
            root = _connect(server, cookie)
            while time.monotonic() < deadline:
                if _is_named(server, root):
                    return True
                time.sleep(POLL_S)
    except (OSError, struct.error):
        return False
    return False


def _connect(server: socket.socket, cookie: bytes) -> int:
    """Set the connection up and return the first screen's root window."""
    server.sendall(struct.pack("<BxHHHH2x", ord("l"), 11, 0, len(NAME), len(cookie)) + _padded(NAME) + _padded(cookie))
    success, length = struct.unpack("<B5xH", _read(server, 8))
    if success != 1 or length * 4 > SETUP_BYTES:
        raise OSError("the X server refused the connection")
    setup = _read(server, length * 4)
    (vendor_bytes,) = struct.unpack_from("<H", setup, 16)
    formats = setup[21]
    (root,) = struct.unpack_from("<I", setup, 32 + -(-vendor_bytes // 4) * 4 + 8 * formats)
    return int(root)


def _is_named(server: socket.socket, root: int) -> bool:
    name = _padded(SUPPORTING_WM_CHECK)
    server.sendall(struct.pack("<BBHHxx", INTERN_ATOM, 1, 2 + len(name) // 4, len(SUPPORTING_WM_CHECK)) + name)
    (atom,) = struct.unpack_from("<I", _read(server, 32), 8)
    if not atom:
        return False
    server.sendall(struct.pack("<BBHIIIII", GET_PROPERTY, 0, 6, root, atom, 0, 0, 1))
    reply = _read(server, 32)
    _read(server, struct.unpack_from("<I", reply, 4)[0] * 4)
    return reply[1] == 32


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _read(server: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not (part := server.recv(count - len(data))):
            raise OSError("the X server closed the connection")
        data += part
    return bytes(data)
