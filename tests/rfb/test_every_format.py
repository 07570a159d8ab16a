"""Every encoding of pixels in every pixel format, against encoders that know the specification and nothing else."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb import CursorChanged, EncodingNumber
from tests.rfb import encode, encode_classic
from tests.rfb.drive import connected, open_settings
from tests.rfb.encode_classic import ZlibEncoder
from tests.rfb.wire import FORMATS, Wire, true_colour_formats, wire

NUMBERS = EncodingNumber
SIZE = Size(37, 21)


def tight_gradient(pixels: Picture, form: Wire) -> bytes:
    """The gradient filter over levels: differences from the clamped sum of left and above, less above left."""
    height, width = pixels.shape
    channels = form.pixel_format.channels
    levels = np.zeros((height + 1, width + 1, 3), dtype=int)
    values = np.array([form.value(int(colour)) for colour in pixels.ravel()], dtype=np.int64).reshape(pixels.shape)
    for plane, (_, maximum, shift) in enumerate(channels):
        levels[1:, 1:, plane] = values >> shift & maximum
    maxima = np.array([channel.maximum for channel in channels])
    foretold = np.clip(levels[1:, :-1] + levels[:-1, 1:] - levels[:-1, :-1], 0, maxima)
    differences = (levels[1:, 1:] - foretold) & maxima
    if form.tpixel(0) == bytes(3):
        data = differences.astype(np.uint8).tobytes()
    else:
        packed = sum(differences[:, :, plane] << channel.shift for plane, channel in enumerate(channels))
        order = ">" if form.pixel_format.big_endian else "<"
        data = packed.astype(f"{order}u{form.pixel_format.bits_per_pixel // 8}").tobytes()
    deflated = zlib.compress(data)
    return b"\x40\2" + (data if len(data) < 12 else encode.compact(len(deflated)) + deflated)


def tight(name: str):
    return lambda pixels, form: getattr(encode.TightEncoder(form.tpixels), name)(pixels)


def zrle(tile):
    return lambda pixels, form: encode.ZrleEncoder().encode(pixels, tile, form.cpixels)


def trle(tile):
    return lambda pixels, form: encode_classic.trle(pixels, tile, form)


# The encoding, how many colours its pictures have, and the encoder.
ENCODERS = {
    "raw": (NUMBERS.RAW, 300, lambda pixels, form: form.pixels(pixels)),
    "rre": (NUMBERS.RRE, 20, encode_classic.rre),
    "corre": (NUMBERS.CORRE, 20, encode_classic.corre),
    "hextile": (NUMBERS.HEXTILE, 30, encode_classic.hextile),
    "hextile-few": (NUMBERS.HEXTILE, 2, encode_classic.hextile),
    "zlib": (NUMBERS.ZLIB, 300, lambda pixels, form: ZlibEncoder().encode(pixels, form)),
    "tight-copy": (NUMBERS.TIGHT, 300, tight("copy")),
    "tight-palette": (NUMBERS.TIGHT, 30, tight("palette")),
    "tight-two-colours": (NUMBERS.TIGHT, 2, tight("palette")),
    "tight-fill": (NUMBERS.TIGHT, 1, lambda pixels, form: b"\x80" + form.tpixel(int(pixels[0, 0]))),
    **{
        f"{name}-{tile.__name__}": (number, colours, maker(tile))
        for name, number, maker in [("zrle", NUMBERS.ZRLE, zrle), ("trle", NUMBERS.TRLE, trle)]
        for tile, colours in [
            (encode.tile_raw, 300),
            (encode.tile_solid, 1),
            (encode.tile_packed, 2),
            (encode.tile_packed, 11),
            (encode.tile_plain_rle, 300),
            (encode.tile_palette_rle, 60),
        ]
    },
}


def decoded(number: int, data: bytes, form: Wire, size: Size) -> Picture:
    connection = connected(size, open_settings(pixel_format=form.pixel_format))
    if form.colours:
        connection.receive_data(encode.colour_map(0, form.colours))
    events = connection.receive_data(encode.update(encode.rectangle(size.rect, number, data)))
    return events[1].pixels


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("name", FORMATS)
def test_picture_is_what_the_format_leaves_of_it(name, encoder):
    form = wire(FORMATS[name])
    number, colours, encoding = ENCODERS[encoder]
    picture = form.picture(SIZE, colours)
    got = decoded(number, encoding(picture, form), form, SIZE)
    assert np.array_equal(got, form.shown(picture))
    assert got.flags.writeable
    assert got.flags.c_contiguous


@settings(max_examples=150, deadline=None)
@given(
    true_colour_formats(), st.sampled_from(sorted(ENCODERS)), st.integers(1, 40), st.integers(1, 20), st.integers(0, 9)
)
def test_any_picture_in_any_format_is_what_the_format_leaves_of_it(pixel_format, encoder, width, height, seed):
    form, size = Wire(pixel_format), Size(width, height)
    number, colours, encoding = ENCODERS[encoder]
    picture = encode.picture(size, min(colours, size.area), seed)
    assert np.array_equal(decoded(number, encoding(picture, form), form, size), form.shown(picture))


@settings(max_examples=60, deadline=None)
@given(true_colour_formats(), st.integers(1, 30), st.integers(1, 20), st.integers(0, 9))
def test_gradient_counts_in_the_levels_of_the_format(pixel_format, width, height, seed):
    form, size = Wire(pixel_format), Size(width, height)
    picture = encode.picture(size, size.area, seed)
    assert np.array_equal(decoded(NUMBERS.TIGHT, tight_gradient(picture, form), form, size), form.shown(picture))


@pytest.mark.parametrize("name", FORMATS)
def test_cursor_is_what_the_format_leaves_of_it(name):
    form = wire(FORMATS[name])
    shape = Size(9, 5)
    picture = form.picture(shape, 12)
    mask = np.random.default_rng(1).integers(0, 2, shape.shape)
    connection = connected(SIZE, open_settings(pixel_format=form.pixel_format))
    if form.colours:
        connection.receive_data(encode.colour_map(0, form.colours))
    data = form.pixels(picture) + encode.packed(mask, 1)
    _, cursor, _ = connection.receive_data(encode.update(encode.rectangle(Rect(0, 0, 9, 5), NUMBERS.CURSOR, data)))
    assert isinstance(cursor, CursorChanged)
    expected = form.shown(picture).view(np.uint8).reshape(5, 9, 4)
    seen = mask.astype(bool)
    assert np.array_equal(cursor.pixels[seen][:, :3], expected[seen][:, :3])
    assert np.array_equal(cursor.pixels[:, :, 3], mask * 255)
