"""Rectangles, sub-rectangles, runs, palettes and cursors that do not fit."""

import zlib
from struct import pack

import pytest

from edge.geometry import Size
from edge.rfb import EncodingNumber as E
from edge.rfb import Limits
from edge.rfb.decoders import new_decoders
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.pixel_format import XRGB8888
from tests.rfb.hostile.siege import rectangle, refused, session, sessions

DRAWING = [E(number) for number, decoder in new_decoders(Limits(), PixelCodec(XRGB8888)).items() if decoder.draws]
#: 2000x1 has fewer pixels than the desktop; the others reach past it on one side, or wrap 16 bits.
OUTSIDE = [
    (2000, 1, 0, 0),
    (1, 2000, 0, 0),
    (1, 1, 1920, 0),
    (1, 1, 0, 1080),
    (2, 2, 1919, 1079),
    (65535, 65535, 65535, 65535),
    (65535, 1, 1, 0),
    (1, 65535, 0, 1),
]
PIXEL = b"\1\2\3\0"


HARMLESS = {"", "DecodeError", "ProtocolViolation"}


def deflated(data: bytes) -> bytes:
    out = zlib.compress(data)
    return pack(">I", len(out)) + out


def names(encoding: E) -> str:
    return encoding.name


@pytest.mark.parametrize("encoding", DRAWING, ids=names)
def test_rectangle_outside_the_framebuffer_is_refused(encoding):
    attacks = [rectangle(width, height, encoding, bytes(100), (x, y)) for width, height, x, y in OUTSIDE]
    for outcome in sessions(attacks):
        refused("not inside the framebuffer", outcome)


@pytest.mark.parametrize("encoding", DRAWING, ids=names)
def test_rectangle_of_no_pixels_is_no_harm(encoding):
    attacks = [rectangle(width, height, encoding, bytes(100)) for width, height in [(0, 0), (0, 1080), (1920, 0)]]
    for outcome in sessions(attacks):
        assert outcome.kind in HARMLESS


@pytest.mark.parametrize("encoding", DRAWING, ids=names)
def test_rectangle_of_any_filling_is_no_harm(encoding):
    attacks = [rectangle(64, 64, encoding, filling * 70000) for filling in (b"\0", b"\xff", b"\x80", b"\x7f\0")]
    for outcome in sessions(attacks, Size(64, 64)):
        assert outcome.kind in HARMLESS


@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, 1), (65535, 65535), (1919, 1079)])
def test_copy_from_outside_is_refused(x, y):
    refused("outside the framebuffer", session(rectangle(1920, 1080, E.COPY_RECT, pack(">HH", x, y))))


@pytest.mark.parametrize("count", [0xFFFFFFFF, 0x40000000, 0x15555556, 65])
@pytest.mark.parametrize("encoding", [E.RRE, E.CORRE], ids=names)
def test_sub_rectangles_more_than_pixels_are_refused(encoding, count):
    """Of 12 bytes each, 0x15555556 of them are 8 bytes if the product wraps."""
    refused("sub-rectangles", session(rectangle(8, 8, encoding, pack(">I", count) + bytes(1000))))


@pytest.mark.parametrize("encoding", [E.RRE, E.CORRE], ids=names)
def test_sub_rectangle_outside_its_rectangle_is_refused(encoding):
    places = [
        (8, 0, 1, 1),
        (0, 8, 1, 1),
        (7, 7, 2, 1),
        (7, 7, 1, 2),
        (255, 255, 255, 255),
        (0, 0, 9, 8),
        (1, 1, 255, 1),
    ]
    layout = ">HHHH" if encoding is E.RRE else ">BBBB"
    begin = pack(">I", 1) + PIXEL + PIXEL
    for outcome in sessions(rectangle(8, 8, encoding, begin + pack(layout, *place)) for place in places):
        assert outcome.kind == "DecodeError"


@pytest.mark.parametrize("numbers", [0xFFFF, 0x8000])
def test_rre_sub_rectangle_whose_end_wraps_is_refused(numbers):
    data = pack(">I", 1) + PIXEL + PIXEL + pack(">HHHH", numbers, numbers, numbers, numbers)
    assert session(rectangle(1920, 1080, E.RRE, data)).kind == "DecodeError"


@pytest.mark.parametrize("place", [b"\x70\x1f", b"\x07\xf1", b"\xff\xff", b"\x78\x00\x87\x00"])
def test_hextile_sub_rectangle_past_its_tile_is_refused(place):
    """A tile of 8x8, where 16x16 would have had room."""
    tiles = [b"\x0e" + PIXEL + PIXEL + b"\1" + place, b"\x1a" + PIXEL + b"\1" + PIXEL + place]
    for outcome in sessions(rectangle(8, 8, E.HEXTILE, tile + bytes(100)) for tile in tiles):
        assert outcome.kind == "DecodeError"


def test_hextile_flags_beyond_the_known_are_no_harm():
    outcome = session(rectangle(16, 16, E.HEXTILE, b"\xe0" + bytes(4000)))
    assert outcome.kind in {"", "DecodeError", "ProtocolViolation"}


TILES = [
    (b"\x80\1\2\3" + b"\xff" * 16 + b"\x11", "past the end"),
    (b"\x80\1\2\3" + b"\xff" * 4000, "past the end"),
    (b"\x82" + b"\1\2\3" * 2 + b"\x80" + b"\xff" * 16 + b"\x11", "past the end"),
    (b"\x81\1\2\3" + bytes(100), "sub-encoding 129"),
    (b"\x11" + bytes(100), "sub-encoding 17"),
    (b"\x7f" + bytes(100), "sub-encoding 127"),
    (b"\3" + bytes(9) + b"\xff" * 1024, "palette of 3"),
    (b"\x83" + bytes(9) + b"\3" * 4096, "palette of 3"),
    (b"\xff" + bytes(127 * 3) + b"\x7f" * 4096, "palette of 127"),
    (b"\0" + bytes(100), "ends"),
    (b"", "ends"),
    (b"\1\0\0\0" + b"\1\0\0\0", "follow"),
]


def test_zrle_tile_that_does_not_fit_is_refused():
    outcomes = sessions(rectangle(64, 64, E.ZRLE, deflated(tile)) for tile, _ in TILES)
    for outcome, (_, saying) in zip(outcomes, TILES, strict=True):
        refused(saying, outcome)


@pytest.mark.parametrize(
    "tile",
    [
        b"\x80\1\2\3" + b"\xff" * 2 + b"\x11",
        b"\x82" + b"\1\2\3" * 2 + b"\x80" + b"\xff" * 4000,
        b"\x7f" + bytes(100),
        b"\x81" + bytes(100),
        b"\x11" + bytes(100),
        b"\3" + bytes(9) + b"\xff" * 64,
        b"\x83" + bytes(9) + b"\3" * 256,
    ],
)
def test_trle_tile_that_does_not_fit_is_refused(tile):
    """127 and 129 use the palette of the tile before, of which there is none."""
    assert session(rectangle(16, 16, E.TRLE, tile)).kind == "DecodeError"


@pytest.mark.parametrize("more", [-1, 1, 1920 * 4])
def test_zlib_of_other_length_is_refused(more):
    assert session(rectangle(64, 64, E.ZLIB, deflated(bytes(64 * 64 * 4 + more)))).kind == "DecodeError"


@pytest.mark.parametrize("encoding", [E.ZLIB, E.ZRLE, E.ZYWRLE], ids=names)
def test_compressed_data_of_4_gib_is_refused(encoding):
    refused("4294967295", session(rectangle(64, 64, encoding, b"\xff" * 4 + bytes(1000))))


CURSORS = [E.CURSOR, E.XCURSOR, E.CURSOR_WITH_ALPHA, E.VMWARE_CURSOR]


@pytest.mark.parametrize("encoding", CURSORS, ids=names)
def test_cursor_that_is_too_large_is_refused(encoding):
    sizes = [(65535, 65535), (32768, 32768), (65535, 1), (1, 65535), (513, 512)]
    for outcome in sessions(rectangle(width, height, encoding, bytes(1000)) for width, height in sizes):
        refused("a cursor of", outcome)


@pytest.mark.parametrize("encoding", CURSORS, ids=names)
def test_cursor_whose_hot_spot_is_outside_is_no_harm(encoding):
    outcome = session(rectangle(3, 3, encoding, bytes(200), (65535, 65535)))
    assert outcome.kind in {"", "ProtocolViolation"}


def test_cursor_with_alpha_in_a_cursor_is_refused():
    inner = [E.CURSOR_WITH_ALPHA, E.COPY_RECT, E.DESKTOP_SIZE, E.CURSOR]
    for outcome in sessions(rectangle(3, 3, E.CURSOR_WITH_ALPHA, pack(">i", each) + bytes(100)) for each in inner):
        assert outcome.kind == "ProtocolViolation"


@pytest.mark.parametrize("encoding", [E.DESKTOP_SIZE, E.EXTENDED_DESKTOP_SIZE], ids=names)
def test_desktop_of_65535_is_refused(encoding):
    refused("a framebuffer of 65535x65535", session(rectangle(65535, 65535, encoding, bytes(4))))


def test_rectangle_after_a_smaller_desktop_is_held_to_it():
    smaller = rectangle(100, 100, E.DESKTOP_SIZE)
    refused("not inside the framebuffer of 100x100", session(smaller + rectangle(101, 1, E.RAW, bytes(404))))


def test_supported_messages_of_another_length_is_refused():
    refused("expected 64", session(rectangle(65535, 65535, E.SUPPORTED_MESSAGES, bytes(1000))))
