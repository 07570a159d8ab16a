from struct import pack

import numpy as np
import pytest

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Size
from edge.rfb import EncodingNumber
from tests.rfb import encode
from tests.rfb.drive import connected, rectangle_failure
from tests.rfb.encode_classic import ZlibEncoder
from tests.rfb.wire import FORMATS, Wire

ZLIB = EncodingNumber.ZLIB
WIRE = Wire(FORMATS["xrgb"])


def test_zlib_stream_goes_on_from_rectangle_to_rectangle():
    size = Size(90, 80)
    connection, encoder = connected(size), ZlibEncoder()
    for seed in range(3):
        expected = encode.picture(size, 9, seed)
        data = encode.update(encode.rectangle(size.rect, ZLIB, encoder.encode(expected, WIRE)))
        got = connection.receive_data(data)[1].pixels
        assert np.array_equal(got, expected)
        assert got.flags.writeable


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ZlibEncoder().wrap(bytes(4 * 4096 - 1)), "inflates to 16383 bytes, expected 16384"),
        (ZlibEncoder().wrap(bytes(4 * 4096 + 1)), "inflates to more than 16384 bytes"),
        (ZlibEncoder().wrap(bytes(64 << 20)), "more than its area can take"),
        (pack(">I", 0xFFFFFFFF), "4294967295 bytes, more than its area can take"),
        (pack(">I", 4) + b"nope", "zlib data is damaged"),
    ],
    ids=["short", "long", "bomb", "length", "damaged"],
)
def test_data_that_does_not_fit_is_refused(data, words):
    error = rectangle_failure(ZLIB, data)
    assert isinstance(error, DecodeError)
    assert words in str(error)


def test_end_of_stream_inside_the_rectangle_names_it():
    error = rectangle_failure(ZLIB, pack(">I", 100) + b"\x78")
    assert isinstance(error, ConnectionClosed)
    assert "in the middle of FRAMEBUFFER_UPDATE, rectangle 1 of 1 (ZLIB (6), 64x64+0+0)" in str(error)
