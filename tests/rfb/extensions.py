"""What servers say in the extensions of RFB, as bytes."""

import zlib
from struct import pack

from edge.geometry import Rect, Size
from edge.rfb import EncodingNumber, FenceFlag
from tests.rfb import encode

TEXT, CAPS, REQUEST, PEEK, NOTIFY, PROVIDE = 1, 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 28
ALL_CAPS = CAPS | REQUEST | PEEK | NOTIFY | PROVIDE | TEXT
END_OF_CONTINUOUS_UPDATES = b"\x96"


def announcement(encoding: int) -> bytes:
    """An update of one rectangle without data."""
    return encode.update(encode.rectangle(Rect(0, 0, 0, 0), encoding))


def fence(payload: bytes, flags: int = FenceFlag.REQUEST) -> bytes:
    return pack(">BxxxIB", 248, flags, len(payload)) + payload


def clipboard(flags: int, data: bytes = b"") -> bytes:
    return pack(">BxxxiI", 3, -4 - len(data), flags) + data


def caps(text_bytes: int = 0, flags: int = ALL_CAPS) -> bytes:
    return clipboard(flags, pack(">I", text_bytes))


def provide(text: bytes, flags: int = PROVIDE | TEXT, size: int | None = None) -> bytes:
    return clipboard(flags, zlib.compress(pack(">I", len(text) if size is None else size) + text))


def audio(operation: int, data: bytes | None = None) -> bytes:
    return pack(">BBH", 255, 1, operation) + (b"" if data is None else pack(">I", len(data)) + data)


def pseudo(encoding: int, rect: Rect, data: bytes = b"") -> bytes:
    return encode.update(encode.rectangle(rect, encoding, data))


def messages() -> list[bytes]:
    """One message for each thing that a server can say beyond RFC 6143; in this order they are a session."""
    numbers, nowhere, shape = EncodingNumber, Rect(0, 0, 0, 0), Rect(1, 2, 9, 3)
    pixels = encode.raw(encode.picture(Size(9, 3), 5))
    return [
        fence(b"12345678"),
        fence(b"", 1),
        END_OF_CONTINUOUS_UPDATES,
        END_OF_CONTINUOUS_UPDATES,
        caps(),
        clipboard(NOTIFY | TEXT),
        clipboard(PEEK),
        provide("한글\r\n\0".encode()),
        *map(announcement, (numbers.QEMU_EXTENDED_KEY_EVENT, numbers.QEMU_AUDIO, numbers.EXTENDED_MOUSE_BUTTONS)),
        audio(1),
        audio(2, bytes(400)),
        audio(0),
        pseudo(numbers.XCURSOR, shape, bytes(6 + 12)),
        pseudo(numbers.CURSOR_WITH_ALPHA, shape, pack(">i", numbers.RAW) + pixels),
        pseudo(numbers.VMWARE_CURSOR, shape, b"\0\0" + pixels + pixels),
        pseudo(numbers.VMWARE_CURSOR, shape, b"\1\0" + pixels),
        pseudo(numbers.VMWARE_CURSOR_STATE, nowhere, b"\0\1"),
        pseudo(numbers.VMWARE_CURSOR_POSITION, Rect(3, 4, 0, 0)),
        pseudo(numbers.POINTER_POS, Rect(3, 4, 0, 0)),
        pseudo(numbers.QEMU_POINTER_MOTION_CHANGE, Rect(0, 0, 64, 48)),
        pseudo(numbers.DESKTOP_NAME, nowhere, pack(">I", 6) + "büro!".encode()),
        pseudo(numbers.LED_STATE, nowhere, b"\4"),
        pseudo(numbers.VMWARE_LED_STATE, nowhere, pack(">I", 6)),
    ]
