import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Rect, Size
from edge.rfb import Bell, EncodingNumber
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, rectangle_failure
from tests.rfb.encode_classic import hextile, hextile_place
from tests.rfb.wire import FORMATS, Wire

HEXTILE = EncodingNumber.HEXTILE
WIRE = Wire(FORMATS["xrgb"])
RED, BLUE, GREY = (WIRE.pixel(colour) for colour in (0xFF0000, 0x0000FF, 0x808080))
TILE = Rect(0, 0, 16, 16)


def failed(data: bytes, rect: Rect = TILE) -> str:
    error = rectangle_failure(HEXTILE, data, rect)
    assert isinstance(error, DecodeError)
    return str(error)


@pytest.mark.parametrize("size", [Size(1, 1), Size(16, 16), Size(17, 15), Size(131, 70), Size(7, 200)], ids=str)
@pytest.mark.parametrize("colours", [1, 2, 3, 40, 4000])
@pytest.mark.parametrize("run", [2, 40])
def test_picture_is_its_tiles_of_every_kind(size, colours, run):
    expected = encode.picture(size, min(colours, size.area), run=run)
    got = decode_rectangle(HEXTILE, hextile(expected, WIRE), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


def test_background_and_foreground_last_until_another_one_comes():
    place = b"\1" + hextile_place(3, 2, 4, 5)
    data = b"\x0e" + RED + BLUE + place + b"\x08" + place + b"\x00" + b"\x0c" + GREY + place
    got = decode_rectangle(HEXTILE, data, Size(64, 16))
    expected = np.full((16, 64), 0xFF0000, dtype=np.uint32)
    expected[2:7, 3:7] = expected[2:7, 19:23] = 0x0000FF
    expected[2:7, 51:55] = 0x808080
    assert np.array_equal(got, expected)


def test_background_and_foreground_last_over_a_raw_tile():
    place = b"\1" + hextile_place(0, 0, 1, 1)
    raw = encode.raw(encode.picture(Size(16, 16), 200))
    got = decode_rectangle(HEXTILE, b"\x0e" + RED + BLUE + place + b"\1" + raw + b"\x08" + place, Size(48, 16))
    assert (got[0, 32], got[1, 32]) == (0x0000FF, 0xFF0000)


def test_raw_tile_has_no_other_part_whatever_its_flags_say():
    raw = encode.raw(encode.picture(Size(16, 16), 200))
    got = decode_rectangle(HEXTILE, b"\x1f" + raw, Size(16, 16))
    assert np.array_equal(got, encode.picture(Size(16, 16), 200))


@settings(deadline=None)
@given(st.data())
def test_coloured_sub_rectangles_are_painted_in_their_order(data):
    expected = np.full((16, 16), 0x808080, dtype=np.uint32)
    subrects = b""
    count = data.draw(st.integers(0, 8))
    left = 4 * 256
    for _ in range(count):
        x, y = data.draw(st.integers(0, 15)), data.draw(st.integers(0, 15))
        width, height = data.draw(st.integers(1, 16 - x)), data.draw(st.integers(1, 16 - y))
        if (left := left - width * height) < 0:
            return
        colour = data.draw(st.integers(0, 0xFFFFFF))
        expected[y : y + height, x : x + width] = colour
        subrects += WIRE.pixel(colour) + hextile_place(x, y, width, height)
    got = decode_rectangle(HEXTILE, b"\x1a" + GREY + bytes([count]) + subrects, Size(16, 16))
    assert np.array_equal(got, expected)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x20", "tile flags 0x20, of which 0x20 are not defined"),
        (b"\xff", "tile flags 0xff, of which 0xe0 are not defined"),
        (b"\x00", "first tile that is not raw specifies no background"),
        (b"\x0a" + RED + b"\1" + hextile_place(0, 0, 1, 1), "specifies no foreground"),
        (b"\x0e" + RED + BLUE + b"\1" + hextile_place(1, 0, 16, 1), "sub-rectangle 16x1+1+0 is not inside its tile"),
        (b"\x0e" + RED + BLUE + b"\1" + hextile_place(0, 15, 1, 2), "sub-rectangle 1x2+0+15 is not inside its tile"),
        (b"\x1a" + RED + b"\1" + BLUE + b"\xff\xff", "sub-rectangle 16x16+15+15 is not inside its tile"),
        (b"\x0e" + RED + BLUE + b"\xff" + hextile_place(0, 0, 16, 16) * 255, "more than 4 times its area"),
    ],
)
def test_tile_that_cannot_be_is_refused(data, words):
    assert words in failed(data)


def test_sub_rectangle_outside_a_tile_at_the_edge_is_refused():
    rect = Rect(0, 0, 20, 20)
    head = b"\x02" + RED
    tile = b"\x0c" + BLUE + b"\1" + hextile_place(0, 0, 5, 1)
    assert "5x1+0+0 is not inside its tile" in failed(head + tile + b"\0\0", rect)
    tile = b"\x0c" + BLUE + b"\1" + hextile_place(0, 0, 1, 5)
    assert "1x5+0+0 is not inside its tile" in failed(head + b"\0" + tile + b"\0", rect)


def test_what_follows_the_last_tile_is_the_next_message():
    data = encode.update(encode.rectangle(TILE, HEXTILE, b"\2" + RED))
    assert connected(TILE.size).receive_data(data + b"\2")[-1] == Bell()


def test_end_of_stream_inside_the_rectangle_names_it():
    data = hextile(encode.picture(Size(30, 20), 9), WIRE)
    for end in (0, 1, 6, len(data) - 1):
        error = failure(encode.update(encode.rectangle(Rect(1, 2, 30, 20), HEXTILE, data[:end])))
        assert isinstance(error, ConnectionClosed)
        assert "rectangle 1 of 1 (HEXTILE (5), 30x20+1+2)" in str(error)
