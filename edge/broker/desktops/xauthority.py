"""The cookie file of an X server, written before the server's number is known.

Source: Xau's `XauReadAuth`: family, address, number, name, data, each with a big-endian length of two bytes.
"""

import struct

FAMILY_WILD = 0xFFFF
NAME = b"MIT-MAGIC-COOKIE-1"
COOKIE_BYTES = 16


def xauthority(cookie: bytes) -> bytes:
    """Return the file's content: one cookie of 16 bytes, good for any display of any host that has the file."""
    fields = (b"", b"", NAME, cookie)
    return struct.pack(">H", FAMILY_WILD) + b"".join(struct.pack(">H", len(field)) + field for field in fields)
