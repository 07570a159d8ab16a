import zlib
from struct import pack

import cv2
import numpy as np
import pytest

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Size
from edge.pixels import to_bgr
from edge.rfb import EncodingNumber, RectangleDecoded
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, open_settings, rectangle_failure, run

TIGHT, TIGHT_PNG = EncodingNumber.TIGHT, EncodingNumber.TIGHT_PNG
SIZE = Size(64, 64)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS, PALETTE, WITH_ALPHA, GREY = 2, 3, 6, 0


def chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))


def header(size: Size, *, depth: int = 8, kind: int = COLOURS, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", pack(">IIBBBBB", size.width, size.height, depth, kind, 0, 0, interlaced))


def png(rows: list[bytes], head: bytes, *before: bytes) -> bytes:
    """A PNG of unfiltered rows, with chunks `before` them."""
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return SIGNATURE + head + b"".join(before) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def colours(picture: np.ndarray) -> bytes:
    size = Size(picture.shape[1], picture.shape[0])
    return png([row.tobytes() for row in to_bgr(picture)[:, :, ::-1]], header(size))


def wrapped(data: bytes) -> bytes:
    return b"\xa0" + encode.compact(len(data)) + data


@pytest.mark.parametrize("size", [Size(1, 1), Size(3, 5), Size(300, 200)], ids=str)
def test_pixels_are_the_picture(size):
    expected = encode.picture(size, min(900, size.area))
    got = decode_rectangle(TIGHT_PNG, wrapped(colours(expected)), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


@pytest.mark.parametrize("effort", [0, 1, 9])
def test_filters_of_an_encoder_are_undone(effort):
    expected = encode.picture(Size(200, 100), 4000)
    done, data = cv2.imencode(".png", to_bgr(expected), [cv2.IMWRITE_PNG_COMPRESSION, effort])
    assert done
    assert np.array_equal(decode_rectangle(TIGHT_PNG, wrapped(data.tobytes()), Size(200, 100)), expected)


def test_noise_that_does_not_compress_fits_its_limit():
    expected = np.random.default_rng(0).integers(0, 1 << 24, (200, 300), dtype=np.uint32)
    done, data = cv2.imencode(".png", to_bgr(expected), [cv2.IMWRITE_PNG_COMPRESSION, 0])
    assert done
    assert np.array_equal(decode_rectangle(TIGHT_PNG, wrapped(data.tobytes()), Size(300, 200)), expected)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes_of_every_depth(depth):
    palette = np.array([0x112233, 0xFFFFFF], dtype=np.uint32)
    indices = np.random.default_rng(depth).integers(0, 2, SIZE.shape)
    rows = [encode.packed(row[None], depth) for row in indices]
    data = png(rows, header(SIZE, depth=depth, kind=PALETTE), chunk(b"PLTE", encode.tpixels(palette)))
    assert np.array_equal(decode_rectangle(TIGHT_PNG, wrapped(data), SIZE), palette[indices])


def test_fill_and_jpeg_are_those_of_tight():
    assert np.all(decode_rectangle(TIGHT_PNG, b"\x80\x12\x34\x56", SIZE) == 0x123456)
    data = encode.TightEncoder.jpeg(encode.picture(SIZE, 50, run=60))
    assert np.array_equal(decode_rectangle(TIGHT_PNG, data, SIZE), decode_rectangle(TIGHT, data, SIZE))


def test_zlib_streams_are_those_of_tight():
    connection, encoder = connected(SIZE), encode.TightEncoder()
    for seed, encoding in enumerate([TIGHT, TIGHT_PNG, TIGHT]):
        expected = encode.picture(SIZE, 12, seed)
        data = encode.update(encode.rectangle(SIZE.rect, encoding, encoder.copy(expected)))
        [event] = [event for event in connection.receive_data(data) if isinstance(event, RectangleDecoded)]
        assert np.array_equal(event.pixels, expected)
        assert event.encoding == encoding


def test_png_is_not_for_tight():
    assert "0xa0 is not defined for TIGHT" in str(rectangle_failure(TIGHT, wrapped(colours(encode.picture(SIZE, 9)))))


def test_cutting_changes_nothing():
    data = encode.greeting(SIZE) + encode.update(
        encode.rectangle(SIZE.rect, TIGHT_PNG, wrapped(colours(encode.picture(SIZE, 9)))), b""
    )
    whole = run([data], open_settings())
    assert "TIGHT_PNG" not in whole[1]
    assert run([data[at : at + 1] for at in range(len(data))], open_settings()) == whole


def test_end_of_stream_inside_it_names_it():
    data = encode.rectangle(SIZE.rect, TIGHT_PNG, wrapped(colours(encode.picture(SIZE, 9)))[:-1])
    error = failure(encode.update(data))
    assert isinstance(error, ConnectionClosed)
    assert "TIGHT_PNG (-260), 64x64+0+0" in str(error)


WHOLE = colours(encode.picture(SIZE, 9))
GREY_ROWS = [bytes(64)] * 64


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a", "does not begin with a PNG signature"),
        (SIGNATURE, "ends before its last chunk"),
        (SIGNATURE + chunk(b"IDAT", b""), "ends before its last chunk"),
        (SIGNATURE + chunk(b"IEND", b""), "has no header"),
        (SIGNATURE + chunk(b"IHDR", bytes(12)) + chunk(b"IEND", b""), "has no header"),
        (png([bytes(192)] * 64, header(Size(65535, 65535))), "is of 65535x65535, expected 64x64"),
        (png([bytes(384)] * 64, header(SIZE, depth=16)), "colour type 2 of 16 bits, expected"),
        (png([bytes(256)] * 64, header(SIZE, kind=WITH_ALPHA)), "colour type 6 of 8 bits, expected"),
        (png(GREY_ROWS, header(SIZE, kind=GREY)), "colour type 0 of 8 bits, expected"),
        (png([bytes(192)] * 64, header(SIZE, interlaced=1)), "colour type 2 of 8 bits, interlaced, expected"),
        (png(GREY_ROWS, header(SIZE, kind=PALETTE)), "damaged"),
        (SIGNATURE + header(SIZE) + chunk(b"IEND", b""), "damaged"),
        (SIGNATURE + header(SIZE) + chunk(b"IDAT", b"nothing of zlib") + chunk(b"IEND", b""), "damaged"),
        (WHOLE[:-12], "ends before its last chunk"),
        (WHOLE[:-1], r"ends 1 bytes before its chunk b'IEND' does"),
        (WHOLE + b"more", "4 bytes follow its PNG"),
        (SIGNATURE + pack(">I", 0xFFFFFFFF) + b"IHDR", "ends 4294967299 bytes before its chunk b'IHDR' does"),
    ],
)  # fmt: skip
def test_png_that_does_not_fit_is_refused(data, words):
    error = rectangle_failure(TIGHT_PNG, wrapped(data))
    assert isinstance(error, DecodeError)
    assert words in str(error)


def test_length_beyond_the_area_is_refused_before_the_data_came():
    error = rectangle_failure(TIGHT_PNG, b"\xa0\xff\xff\xff")
    assert "announces 4194303 bytes, more than its area can take" in str(error)


def test_chunks_that_are_no_pixels_do_not_reach_the_decoder():
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20)))
    profile = chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(1 << 20)))
    expected = encode.picture(SIZE, 9)
    data = colours(expected).replace(header(SIZE), header(SIZE) + bomb + profile)
    assert np.array_equal(decode_rectangle(TIGHT_PNG, wrapped(data), SIZE), expected)


def test_data_that_inflates_to_more_than_the_picture_does_not_change_its_size():
    data = png([bytes(192)] * 5000, header(SIZE))
    try:
        got = decode_rectangle(TIGHT_PNG, wrapped(data), SIZE)
    except DecodeError:
        return
    assert got.shape == SIZE.shape
