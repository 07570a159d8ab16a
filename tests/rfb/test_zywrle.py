from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import DecodeError, Unsupported
from edge.geometry import Size
from edge.pixels import Picture
from edge.rfb import EncodingNumber, PixelFormat, SetEncodings, compress_level, jpeg_quality
from edge.rfb.decoders.zywrle import wavelet_level
from tests.rfb import encode
from tests.rfb.drive import connected, open_settings
from tests.rfb.encode_classic import tiles, zywrle_tile
from tests.rfb.wire import FORMATS, Wire

ZYWRLE = EncodingNumber.ZYWRLE
# A quality level for each level of wavelets.
QUALITIES = {1: 9, 2: 4, 3: 0}
BITS = {"xrgb": (8, 8, 8), "xrgb-big": (8, 8, 8), "rgb565": (5, 6, 5), "rgb565-big": (5, 6, 5), "rgb555": (5, 5, 5)}
NAMED = {**FORMATS, "rgb555": PixelFormat(16, 15, True, True, 31, 31, 31, 10, 5, 0)}


def decoded(data: bytes, size: Size, level: int = 1, name: str = "xrgb") -> Picture:
    offered = (ZYWRLE, jpeg_quality(QUALITIES[level]))
    connection = connected(size, open_settings(encodings=offered, pixel_format=NAMED[name]))
    return connection.receive_data(encode.update(encode.rectangle(size.rect, ZYWRLE, data)))[1].pixels


def numbers_as_cpixels(numbers: list[int], name: str) -> bytes:
    pixel_format = NAMED[name]
    size = 3 if pixel_format.bits_per_pixel == 32 else 2
    order = "big" if pixel_format.big_endian else "little"
    return b"".join(number.to_bytes(size, order) for number in numbers)


def encoded(picture: Picture, level: int, name: str = "xrgb") -> bytes:
    parts = [b"\0\0" + numbers_as_cpixels(zywrle_tile(tile, level, BITS[name]), name) for tile in tiles(picture, 64)]
    return encode.ZrleEncoder().wrap(b"".join(parts))


def waves(size: Size, channels: int) -> Picture:
    """A smooth picture, grey or in colours."""
    y, x = np.mgrid[: size.height, : size.width]
    planes = [(120 + 100 * np.sin(x / (9 + 3 * n) + y / (20 - 4 * n) + n)).astype(np.uint32) for n in range(channels)]
    red, green, blue = planes * 3 if channels == 1 else planes
    return red << 16 | green << 8 | blue


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize(
    "size", [Size(64, 64), Size(8, 8), Size(7, 7), Size(100, 70), Size(67, 3), Size(1, 1)], ids=str
)
def test_grey_is_exact_where_no_coefficient_was_dropped(size, level):
    expected = waves(size, 1)
    got = decoded(encoded(expected, level), size, level)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 2, 3]), st.integers(1, 20), st.integers(1, 20))
def test_any_grey_is_exact_where_no_coefficient_was_dropped(seed, level, width, height):
    size = Size(width, height)
    grey = np.random.default_rng(seed).integers(1, 256, size.shape).astype(np.uint32)
    assert np.array_equal(decoded(encoded(grey * 0x010101, level), size, level), grey * 0x010101)


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_colours_are_near_in_every_format_that_has_wavelets(name, level):
    size = Size(100, 70)
    picture = waves(size, 3)
    got = decoded(encoded(picture, level, name), size, level, name)
    difference = np.abs(got.view(np.uint8).astype(int) - picture.view(np.uint8))
    assert difference.max() <= (4 if BITS[name] == (8, 8, 8) else 40)


def test_tiles_that_are_not_raw_are_those_of_zrle():
    size = Size(100, 70)
    expected = encode.picture(size, 12)
    for tile in (encode.tile_packed, encode.tile_palette_rle, encode.tile_plain_rle):
        assert np.array_equal(decoded(encode.ZrleEncoder().encode(expected, tile), size), expected)


def test_coefficients_stand_in_a_tile_of_any_kind():
    size = Size(64, 64)
    flat = np.full(size.shape, 0x646464, dtype=np.uint32)
    numbers = np.array(zywrle_tile(flat, 1), dtype=np.uint32).reshape(size.shape)
    for tile in (encode.tile_packed, encode.tile_palette_rle, encode.tile_plain_rle, encode.tile_raw):
        data = encode.ZrleEncoder().wrap(b"\0" + tile(numbers))
        assert np.array_equal(decoded(data, size), flat)


def test_raw_tile_of_8_bits_has_no_wavelets():
    size, form = Size(20, 10), Wire(FORMATS["rgb332"])
    picture = encode.picture(size, 50)
    data = encode.ZrleEncoder().encode(picture, encode.tile_raw, form.cpixels)
    assert np.array_equal(decoded(data, size, 1, "rgb332"), form.shown(picture))


@pytest.mark.parametrize("name", ["rgbx", "rgb30", "map-16-big"])
def test_wavelets_in_a_format_that_has_none_are_refused(name):
    with pytest.raises(DecodeError, match="wavelets in a pixel format for which they are not defined"):
        decoded(encode.ZrleEncoder().wrap(bytes(9000)), Size(64, 64), 1, name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0", "ends 1 bytes before"),
        (b"\0\0" + bytes(3 * 4096 - 1), "ends 1 bytes before"),
        (b"\0\0" + bytes(3 * 4096 + 1), "1 bytes follow its last tile"),
        (b"\0\x11", "sub-encoding 17"),
    ],
)
def test_coefficients_that_do_not_fit_are_refused(data, words):
    with pytest.raises(DecodeError, match=words):
        decoded(encode.ZrleEncoder().wrap(data), Size(64, 64))


def test_length_beyond_the_area_is_refused_before_it_comes():
    with pytest.raises(DecodeError, match="more than its area can take"):
        decoded(pack(">I", 1 << 30), Size(64, 64))


@pytest.mark.parametrize(
    ("offered", "level"),
    [
        ((ZYWRLE,), 1),
        ((ZYWRLE, compress_level(9)), 1),
        *(((ZYWRLE, jpeg_quality(quality)), 3 if quality < 3 else 2 if quality < 6 else 1) for quality in range(10)),
    ],
)
def test_level_follows_from_the_quality_that_was_offered(offered, level):
    assert wavelet_level(offered) == level


def test_level_cannot_change_while_zywrle_is_offered():
    connection = connected(Size(8, 8), open_settings(encodings=(ZYWRLE, jpeg_quality(4))))
    connection.send(SetEncodings((ZYWRLE, jpeg_quality(5))))
    connection.send(SetEncodings((EncodingNumber.RAW, jpeg_quality(9))))
    with pytest.raises(Unsupported, match="ZYWRLE's wavelets follow from the quality level"):
        connection.send(SetEncodings((ZYWRLE, jpeg_quality(6))))
