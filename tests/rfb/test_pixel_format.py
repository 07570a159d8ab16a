from dataclasses import replace
from struct import pack

import numpy as np
import pytest
from hypothesis import given

from edge.errors import DecodeError, ProtocolViolation
from edge.geometry import Size
from edge.rfb import XRGB8888, ColourMapChanged, Connection, EncodingNumber, PixelFormat, UpdateStarted
from edge.rfb.decoders.pixels import PixelCodec
from tests.rfb import encode
from tests.rfb.drive import connected, open_settings
from tests.rfb.wire import FORMATS, Wire, colour_map, true_colour_formats, wire

SIZE = Size(24, 10)
MAP = PixelFormat(8, 8, False, False)
RGB565 = FORMATS["rgb565"]


@given(true_colour_formats())
def test_format_is_read_back_from_its_bytes(pixel_format):
    assert PixelFormat.from_bytes(pixel_format.to_bytes()) == pixel_format


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bits_per_pixel": 24}, "24 bits per pixel, expected 8, 16 or 32"),
        ({"bits_per_pixel": 0}, "0 bits per pixel"),
        ({"depth": 0}, "depth 0"),
        ({"depth": 33}, "depth 33 in 32 bits per pixel"),
        ({"red_max": 0}, "red (maximum 0, shift 16) is not of 1 to 16 whole bits"),
        ({"green_max": 254}, "green (maximum 254, shift 8) is not of"),
        ({"blue_max": (1 << 17) - 1}, "blue (maximum 131071, shift 0) is not of"),
        ({"red_shift": 25}, "red (maximum 255, shift 25) does not fit 32 bits"),
        ({"red_shift": 255}, "red (maximum 255, shift 255) does not fit 32 bits"),
        ({"green_shift": 9}, "green (maximum 255, shift 9) shares bits"),
        ({"blue_shift": 16}, "blue (maximum 255, shift 16) shares bits"),
    ],
)
def test_format_that_describes_no_pixel_is_refused(changes, words):
    with pytest.raises(ValueError, match="a pixel format") as caught:
        replace(XRGB8888, **changes)
    assert words in str(caught.value)


def test_format_that_the_server_cannot_mean_is_a_violation():
    with pytest.raises(ProtocolViolation, match=r"blue .* shares bits"):
        PixelFormat.from_bytes(pack(">BBBBHHHBBB3x", 16, 16, 0, 1, 31, 63, 31, 11, 5, 1))


def test_format_with_a_colour_map_may_say_anything_of_its_colours():
    assert not PixelFormat.from_bytes(pack(">BBBBHHHBBB3x", 8, 8, 0, 0, 9, 9, 9, 200, 200, 200)).true_colour


@pytest.mark.parametrize(
    ("pixel_format", "cpixel", "tpixel"),
    [
        (XRGB8888, slice(0, 3), True),
        (replace(XRGB8888, big_endian=True), slice(1, 4), True),
        (FORMATS["rgbx"], slice(1, 4), True),
        (FORMATS["rgbx-big"], slice(0, 3), True),
        (replace(XRGB8888, depth=32), slice(0, 4), False),
        (replace(XRGB8888, depth=16), slice(0, 3), False),
        (replace(XRGB8888, red_max=127), slice(0, 3), False),
        (replace(XRGB8888, red_shift=24), slice(0, 4), True),
        (PixelFormat(32, 16, False, True, 31, 63, 31, 19, 13, 8), slice(0, 3), False),
        (PixelFormat(32, 8, False, False), slice(0, 4), False),
        (RGB565, slice(0, 2), False),
        (MAP, slice(0, 1), False),
    ],
)
def test_cpixel_and_tpixel_are_three_bytes_where_the_specification_says(pixel_format, cpixel, tpixel):
    assert (pixel_format.cpixel_slice, pixel_format.has_tpixel) == (cpixel, tpixel)
    codec = PixelCodec(pixel_format)
    assert codec.cpixel_bytes == cpixel.stop - cpixel.start
    assert codec.tpixel_bytes == (3 if tpixel else pixel_format.bits_per_pixel // 8)


@given(true_colour_formats())
def test_codec_reads_every_kind_of_pixel_in_every_format(pixel_format):
    form = Wire(pixel_format)
    codec = PixelCodec(pixel_format)
    picture = encode.picture(Size(7, 3), 9)
    expected = form.shown(picture)
    assert np.array_equal(codec.from_pixels(bytearray(form.pixels(picture)), (3, 7)), expected)
    assert np.array_equal(codec.from_cpixels(form.cpixels(picture)), expected.ravel())
    assert np.array_equal(codec.from_tpixels(form.tpixels(picture)), expected.ravel())
    assert np.array_equal(codec.from_levels(codec.to_levels(form.tpixels(picture))), expected.ravel())
    spaced = b"".join(form.pixel(int(colour)) + b"\xa5\x5a" for colour in picture.ravel())
    assert np.array_equal(codec.from_spaced_pixels(spaced, 2), expected.ravel())
    maxima = {channel.maximum for channel in pixel_format.channels}
    step = max(255 // maximum for maximum in maxima) // 2 + 1
    off = np.abs(expected.view(np.uint8).astype(int) - picture.view(np.uint8))
    assert off.max() <= (0 if min(maxima) >= 255 else step)


def test_set_pixel_format_asks_for_what_the_settings_say():
    connection = Connection(open_settings(pixel_format=RGB565))
    connection.receive_data(encode.greeting(SIZE))
    assert pack(">Bxxx", 0) + RGB565.to_bytes() in connection.data_to_send()


@pytest.mark.parametrize("name", ["rgb565-big", "rgbx", "bgr233"])
def test_format_of_the_server_is_kept_when_none_is_asked_for(name):
    form = wire(FORMATS[name])
    connection = Connection(open_settings(pixel_format=None))
    init = pack(">HH", SIZE.width, SIZE.height) + form.pixel_format.to_bytes() + pack(">I", 0)
    connection.receive_data(b"RFB 003.008\n\1\1" + pack(">I", 0) + init)
    # The version, the choice of None, ClientInit, and then SetEncodings.
    assert connection.data_to_send()[14:15] == b"\2"
    picture = form.picture(SIZE, 30)
    data = encode.update(encode.rectangle(SIZE.rect, EncodingNumber.RAW, form.pixels(picture)))
    assert np.array_equal(connection.receive_data(data)[1].pixels, form.shown(picture))


def test_colour_map_counts_from_the_next_message_on():
    connection = connected(SIZE, open_settings(pixel_format=MAP))
    raw = encode.update(encode.rectangle(SIZE.rect, EncodingNumber.RAW, bytes(SIZE.area - 1) + b"\7"))
    _, before, _ = connection.receive_data(raw)
    assert not before.pixels.any()
    entries = pack(">BxHH", 1, 6, 2) + pack(">HHHHHH", 0x1234, 0x5678, 0x9ABC, 0xFFFF, 0, 0x00FF)
    assert connection.receive_data(entries) == [ColourMapChanged(6, 2)]
    _, after, _ = connection.receive_data(raw)
    assert after.pixels[-1, -1] == 0xFF0000
    assert after.pixels[0, 0] == 0
    connection.receive_data(encode.colour_map(7, [0x12569A]))
    assert connection.receive_data(raw)[1].pixels[-1, -1] == 0x12569A


def test_colour_map_is_of_no_effect_on_true_colour():
    connection = connected(SIZE)
    assert connection.receive_data(encode.colour_map(0, range(300))) == []
    assert connection.receive_data(encode.update())[0] == UpdateStarted(0)


@pytest.mark.parametrize(("first", "count", "bits"), [(255, 2, 8), (256, 1, 8), (65535, 2, 16), (65535, 2, 32)])
def test_colour_map_beyond_its_pixels_is_a_violation(first, count, bits):
    connection = connected(SIZE, open_settings(pixel_format=PixelFormat(bits, 8, False, False)))
    with pytest.raises(ProtocolViolation, match=f"SET_COLOUR_MAP_ENTRIES.*{count} colours from number {first} on"):
        connection.receive_data(encode.colour_map(first, range(count)))


def test_pixel_beyond_the_colour_map_is_an_error():
    connection = connected(SIZE, open_settings(pixel_format=PixelFormat(32, 8, True, False)))
    raw = encode.rectangle(SIZE.rect, EncodingNumber.RAW, b"\0\1\0\0" * SIZE.area)
    with pytest.raises(DecodeError, match="colour 65536 of a palette of 65536"):
        connection.receive_data(encode.update(raw))


def test_colour_map_has_as_many_colours_as_its_pixels_have_values():
    form = wire(MAP)
    codec = PixelCodec(MAP)
    colours = np.array([list(colour.to_bytes(3, "big")) for colour in colour_map(8)], dtype=np.uint16) * 257
    assert codec.set_colours(0, colours)
    assert codec.from_cpixels(bytes(range(256))).tolist() == list(form.colours)
