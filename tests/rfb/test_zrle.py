from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Size
from edge.rfb import EncodingNumber
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, rectangle_failure

ZRLE = EncodingNumber.ZRLE
SIZES = [Size(1, 1), Size(64, 64), Size(65, 63), Size(130, 70), Size(7, 200)]


def failed(tiles: bytes) -> str:
    error = rectangle_failure(ZRLE, encode.ZrleEncoder().wrap(tiles))
    assert isinstance(error, DecodeError)
    return str(error)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("tile", "colours"),
    [
        (encode.tile_raw, 4000),
        (encode.tile_plain_rle, 4000),
        (encode.tile_plain_rle, 3),
        *((encode.tile_packed, colours) for colours in (2, 3, 4, 5, 16)),
        *((encode.tile_palette_rle, colours) for colours in (2, 3, 127)),
    ],
)
@pytest.mark.parametrize("run", [1, 5, 900])
def test_tiles_are_the_picture_in_every_sub_encoding(size, tile, colours, run):
    expected = encode.picture(size, min(colours, size.area), run=run)
    got = decode_rectangle(ZRLE, encode.ZrleEncoder().encode(expected, tile), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


@pytest.mark.parametrize("colour", [0, 0xFF0080, 0xFFFFFF])
@pytest.mark.parametrize("tile", [encode.tile_solid, encode.tile_plain_rle, encode.tile_palette_rle])
def test_tile_of_one_colour_when_its_run_is_as_long_as_it(tile, colour):
    size = Size(100, 64)
    expected = np.full(size.shape, colour, dtype=np.uint32)
    assert np.array_equal(decode_rectangle(ZRLE, encode.ZrleEncoder().encode(expected, tile), size), expected)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=40), st.sampled_from([2, 127]))
def test_runs_of_any_length_in_both_forms(lengths, colours):
    flat = np.repeat(np.arange(len(lengths)) % colours, lengths)[:4096]
    tile = np.resize(flat.astype(np.uint32) * 7919, (64, 64))
    for form in (encode.tile_plain_rle, encode.tile_palette_rle):
        got = decode_rectangle(ZRLE, encode.ZrleEncoder().encode(tile, form), Size(64, 64))
        assert np.array_equal(got, tile)


def test_zlib_stream_goes_on_from_rectangle_to_rectangle():
    size = Size(90, 80)
    connection, encoder = connected(size), encode.ZrleEncoder()
    for seed in range(3):
        expected = encode.picture(size, 9, seed)
        data = encoder.encode(expected, encode.tile_packed)
        events = connection.receive_data(encode.update(encode.rectangle(size.rect, ZRLE, data)))
        assert np.array_equal(events[1].pixels, expected)


@pytest.mark.parametrize("sub_encoding", [17, 127, 129])
def test_undefined_sub_encoding_is_named(sub_encoding):
    assert f"sub-encoding {sub_encoding}" in failed(bytes([sub_encoding]) + bytes(2000))


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        (b"", "ends 1 bytes before"),
        (b"\0" + bytes(3 * 4096 - 5), "ends 5 bytes before"),
        (b"\1\0\0\0\0", "1 bytes follow"),
        (b"\x80" + b"\0\0\0\xff" * 17, "ends"),
        (b"\x80" + b"\0\0\0" + b"\xff" * 17 + b"\0", "past the end"),
        (b"\x80" + b"\0\0\0" + b"\xff" * 15 + b"\xfe" + b"\0\0\0\xfe" * 2, "past the end"),
        (b"\x80" + b"\0\0\0\0" * 4095, "ends"),
        (b"\x82" + bytes(6) + b"\0" * 4095, "middle of a tile's runs"),
        (b"\x82" + bytes(6) + b"\x80" + b"\xff" * 16, "middle of a tile's runs"),
        (b"\x82" + bytes(6) + b"\x80" + b"\xff" * 16 + b"\x10", "past the end"),
        (b"\x82" + bytes(6) + b"\2" * 4096, "colour 2 of a palette of 2"),
        (b"\3" + bytes(9) + b"\xff" * 1024, "colour 3 of a palette of 3"),
    ],
)
def test_tile_that_does_not_fit_is_refused(tiles, words):
    assert words in failed(tiles)


def test_run_whose_length_ends_in_zero_at_the_last_pixel():
    # 4096 = 1 + 16 * 255 + 15; and 1 + 16 * 255 + 0 for the first of two runs
    tiles = b"\x82" + bytes(3) + b"\1\2\3" + b"\x80" + b"\xff" * 16 + b"\0" + b"\x81\x0e"
    got = decode_rectangle(ZRLE, encode.ZrleEncoder().wrap(tiles), Size(64, 64))
    assert got.ravel()[:4081].max() == 0
    assert got.ravel()[4081:].tolist() == [0x030201] * 15
    tiles = b"\x82" + bytes(6) + b"\0" * 15 + b"\x80" + b"\xff" * 16 + b"\0"
    assert decode_rectangle(ZRLE, encode.ZrleEncoder().wrap(tiles), Size(64, 64)).max() == 0


def test_length_beyond_the_area_is_refused_before_it_comes():
    error = rectangle_failure(ZRLE, pack(">I", 1 << 30))
    assert isinstance(error, DecodeError)
    assert "1073741824 bytes, more than its area can take" in str(error)


def test_zlib_bomb_is_stopped_at_the_area():
    error = rectangle_failure(ZRLE, encode.ZrleEncoder().wrap(bytes(2 << 20)))
    assert "inflates to more than" in str(error)


def test_damaged_zlib_data_is_an_error_with_place():
    error = rectangle_failure(ZRLE, pack(">I", 4) + b"nope")
    assert isinstance(error, DecodeError)
    assert "FRAMEBUFFER_UPDATE, rectangle 1 of 1 (ZRLE (16), 64x64+0+0), byte 70" in str(error)


def test_end_of_stream_inside_the_rectangle_names_it():
    error = rectangle_failure(ZRLE, pack(">I", 100) + b"\x78")
    assert isinstance(error, ConnectionClosed)
    assert "in the middle of FRAMEBUFFER_UPDATE, rectangle 1 of 1 (ZRLE (16), 64x64+0+0)" in str(error)
