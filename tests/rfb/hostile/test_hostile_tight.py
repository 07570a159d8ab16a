"""Tight, TightPNG and JPEG rectangles whose data is of another size than they say."""

import struct
import zlib
from struct import pack

import cv2
import numpy as np
import pytest

from edge.geometry import Size
from edge.rfb import EncodingNumber as E
from tests.rfb import encode
from tests.rfb.hostile.siege import DESKTOP, rectangle, refused, session, sessions

TIGHT = E.TIGHT


def compressed(data: bytes) -> bytes:
    out = zlib.compress(data)
    return encode.compact(len(out)) + out


def jpeg(size: Size) -> bytes:
    ok, data = cv2.imencode(".jpg", np.full((*size.shape, 3), 77, np.uint8))
    assert ok
    return data.tobytes()


def png(size: Size) -> bytes:
    ok, data = cv2.imencode(".png", np.full((*size.shape, 3), 77, np.uint8))
    assert ok
    return data.tobytes()


def frame_header(width: int, height: int) -> bytes:
    return b"\xff\xc0\0\x11\x08" + pack(">HH", height, width) + b"\3\1\x22\0\2\x11\1\3\x11\1"


FILTERS = {"copy": b"\0", "copy-explicit": b"\x40\0", "gradient": b"\x40\2"}


@pytest.mark.parametrize("control", FILTERS.values(), ids=FILTERS)
def test_rows_other_than_announced_are_refused(control):
    whole = 64 * 64 * 3
    lengths = [0, whole - 192, whole - 1, whole + 1, whole + 192, 100 * whole]
    for outcome in sessions(rectangle(64, 64, TIGHT, control + compressed(bytes(length))) for length in lengths):
        refused("inflates to", outcome)


@pytest.mark.parametrize(("width", "height"), [(2049, 3), (4096, 2), (16384, 2), (2048, 3)])
def test_gradient_on_any_width_is_decoded(width, height):
    data = b"\x40\2" + compressed(bytes(3 * width * height))
    outcome = session(rectangle(width, height, TIGHT, data), size=Size(width, height))
    assert (outcome.error, outcome.events) == ("", 4)


def test_palette_of_impossible_size_is_refused():
    attacks = [b"\x40\1\0" + bytes(100), b"\x40\1\xff" + bytes(3 * 256) + compressed(bytes(10))]
    for outcome in sessions(rectangle(64, 64, TIGHT, attack) for attack in attacks):
        assert outcome.kind == "DecodeError"


def test_index_past_the_palette_is_refused():
    data = b"\x40\1\2" + bytes(9) + compressed(b"\xff" * 4096)
    refused("palette of 3", session(rectangle(64, 64, TIGHT, data)))


def test_control_and_filter_that_are_not_defined_are_refused():
    controls = [b"\xa0", b"\xb0", b"\xc0", b"\xf0", b"\x40\3", b"\x40\xff", b"\x70\xee"]
    for outcome in sessions(rectangle(64, 64, TIGHT, control + bytes(1000)) for control in controls):
        refused("not defined", outcome)


def test_length_of_4_mib_for_a_small_rectangle_is_refused():
    for control in (b"\0", b"\x90", b"\x40\2"):
        refused("more than its area can take", session(rectangle(8, 8, TIGHT, control + b"\xff\xff\xff")))


@pytest.mark.parametrize("size", [Size(63, 64), Size(64, 65), Size(1, 1), Size(2000, 2), Size(4096, 1)], ids=str)
def test_jpeg_of_another_size_is_refused(size):
    data = jpeg(size)
    refused(f"JPEG is of {size}", session(rectangle(64, 64, TIGHT, b"\x90" + encode.compact(len(data)) + data)))


@pytest.mark.parametrize(
    "hiding",
    [
        # Markers without a length: who takes the next two bytes for one skips the header that libjpeg reads.
        b"\xff\x01",
        b"\xff\xd0",
        b"\xff\xd7",
        b"\xff\x00",
        b"\xff\x02",
        # A length that reaches back, or not past itself.
        b"\xff\xe0\0\0",
        b"\xff\xfe\0\1",
    ],
)
def test_jpeg_that_two_parsers_would_read_differently_is_refused(hiding):
    """The header that is checked has the rectangle's size, the one that is decoded first 3 GiB."""
    small = jpeg(Size(64, 64))
    at = small.index(b"\xff\xc0")
    tables, scan = small[2:at], small[at + 19 :]
    data = b"\xff\xd8" + hiding + frame_header(32767, 32767) + tables + scan
    taken_for_length = int.from_bytes(b"\xff\xc0", "big")
    data = data.ljust(4 + taken_for_length, b"\0") + small[2:]
    refused("no frame header", session(rectangle(256, 256, TIGHT, b"\x90" + encode.compact(len(data)) + data)))


def test_jpeg_with_two_frames_is_refused():
    data = jpeg(Size(64, 64))
    at = data.index(b"\xff\xc0")
    data = data[:at] + frame_header(64, 64) + frame_header(32767, 32767) + data[at:]
    outcome = session(rectangle(64, 64, TIGHT, b"\x90" + encode.compact(len(data)) + data))
    assert outcome.kind == "DecodeError"


def chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def png_attacks() -> dict[str, bytes]:
    whole = png(Size(64, 64))
    start, header, rest = whole[:8], whole[8:33], whole[33:]
    huge = chunk(b"IHDR", struct.pack(">IIBBBBB", 0x7FFFFFFF, 0x7FFFFFFF, 8, 2, 0, 0, 0))
    large = chunk(b"IHDR", struct.pack(">IIBBBBB", 16384, 16384, 16, 6, 0, 0, 0))
    return {
        "other size": png(Size(64, 65)),
        "huge": start + huge + rest,
        "large": start + large + rest,
        "second header": start + header + large + rest,
        "header first hidden": start + chunk(b"tEXt", b"a\0b") + large + header + rest,
        "bomb in a profile": start + header + chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(64 << 20), 9)) + rest,
        "no end": whole[:-12],
        "no data": start + header,
    }


@pytest.mark.parametrize("attack", png_attacks().values(), ids=png_attacks())
def test_png_that_is_not_the_rectangle_is_no_harm(attack):
    data = b"\xa0" + encode.compact(len(attack)) + attack
    outcome = session(rectangle(64, 64, E.TIGHT_PNG, data), encodings=(E.TIGHT_PNG,))
    assert outcome.kind in {"", "DecodeError"}


def test_fill_of_the_whole_desktop_is_not_the_hundredth():
    """The picture is made for each: many of them are in `test_hostile_floods.py`."""
    assert session(rectangle(DESKTOP.width, DESKTOP.height, TIGHT, b"\x80abc")).events == 4
