import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Rect, Size
from edge.pixels import to_bgr
from edge.rfb import EncodingNumber, RectangleDecoded
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, rectangle_failure

TIGHT = EncodingNumber.TIGHT
SIZES = [Size(1, 1), Size(3, 1), Size(1, 40), Size(40, 1), Size(33, 17), Size(17, 33), Size(300, 200)]
NOISE = 5000


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("form", "colours"),
    [
        (encode.TightEncoder.copy, NOISE),
        (encode.TightEncoder.gradient, NOISE),
        (encode.TightEncoder.gradient, 3),
        *((encode.TightEncoder.palette, colours) for colours in (2, 3, 17, 256)),
    ],
)
def test_pixels_are_the_picture_in_every_filter(size, form, colours):
    expected = encode.picture(size, min(colours, size.area), run=2)
    got = decode_rectangle(TIGHT, form(encode.TightEncoder(), expected), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


def test_copy_filter_when_named_explicitly():
    expected = encode.picture(Size(20, 20), 99)
    data = encode.TightEncoder().copy(expected, 3, explicit=True)
    assert np.array_equal(decode_rectangle(TIGHT, data, Size(20, 20)), expected)


def test_fill_is_one_colour():
    got = decode_rectangle(TIGHT, b"\x80\x12\x34\x56", Size(300, 7))
    assert got.shape == (7, 300)
    assert np.all(got == 0x123456)
    assert got.flags.writeable


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["copy", "palette", "gradient"]))))
def test_four_streams_go_on_and_are_reset_apart(steps):
    size = Size(24, 10)
    connection, encoder = connected(size), encode.TightEncoder()
    for seed, (stream, reset, form) in enumerate(steps):
        expected = encode.picture(size, 12, seed)
        data = getattr(encoder, form)(expected, stream, reset=reset)
        events = connection.receive_data(encode.update(encode.rectangle(size.rect, TIGHT, data)))
        assert np.array_equal(events[1].pixels, expected)


def test_reset_bits_count_in_fill_too():
    size = Size(24, 10)
    connection, encoder = connected(size), encode.TightEncoder()
    for control in (b"", b"\x8f\0\0\0"):
        if control:
            connection.receive_data(encode.update(encode.rectangle(size.rect, TIGHT, control)))
            encoder = encode.TightEncoder()
        expected = encode.picture(size, 12)
        events = connection.receive_data(encode.update(encode.rectangle(size.rect, TIGHT, encoder.copy(expected))))
        assert np.array_equal(events[1].pixels, expected)


@pytest.mark.parametrize("grey", [False, True])
def test_jpeg_is_what_opencv_makes_of_it(grey):
    size = Size(70, 50)
    bgr = to_bgr(encode.picture(size, 50, run=60))
    ok, jpeg = cv2.imencode(".jpg", cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY) if grey else bgr)
    assert ok
    got = decode_rectangle(TIGHT, b"\x90" + encode.compact(len(jpeg)) + jpeg.tobytes(), size)
    assert np.array_equal(to_bgr(got), cv2.imdecode(jpeg, cv2.IMREAD_COLOR))


def test_jpeg_of_a_thin_rectangle_may_be_larger_than_its_pixels():
    size = Size(605, 2)
    data = encode.TightEncoder.jpeg(encode.picture(size, size.area, run=1), 100)
    assert len(data) > 4 * size.area
    assert decode_rectangle(TIGHT, data, size).shape == size.shape


def test_jpeg_of_another_size_is_refused_before_it_is_decoded():
    huge = bytearray(encode.TightEncoder.jpeg(encode.picture(Size(64, 64), 2)))
    at = huge.index(b"\xff\xc0")
    huge[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    error = rectangle_failure(TIGHT, bytes(huge))
    assert isinstance(error, DecodeError)
    assert "its JPEG is of 65535x65535, expected 64x64" in str(error)


def test_jpeg_that_is_progressive_is_refused():
    ok, jpeg = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert ok
    assert "not baseline" in str(rectangle_failure(TIGHT, b"\x90" + encode.compact(len(jpeg)) + jpeg.tobytes()))


@pytest.mark.parametrize("jpeg", [b"", b"GIF89a", b"\xff\xd8", b"\xff\xd8" + b"\xff" * 50, b"\xff\xd8\xff\xe0\0\0abcd"])
def test_jpeg_without_a_frame_is_refused(jpeg):
    error = rectangle_failure(TIGHT, b"\x90" + encode.compact(len(jpeg)) + jpeg)
    assert isinstance(error, DecodeError)
    assert "JPEG" in str(error)


def test_jpeg_cut_after_its_header_is_refused_or_decoded_to_its_size():
    whole = encode.TightEncoder.jpeg(encode.picture(Size(64, 64), 50))
    jpeg = whole[whole.index(b"\xff\xd8") : whole.index(b"\xff\xc0") + 19]
    assert isinstance(rectangle_failure(TIGHT, b"\x90" + encode.compact(len(jpeg)) + jpeg), DecodeError)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xa0", "0xa0 is not defined"),
        (b"\xff", "0xff is not defined"),
        (b"\x40\x03", "filter 3 is not defined"),
        (b"\x40\x01\x00", "palette of 1 colour"),
        (b"\x00\xff\xff\xff", "more than its area can take"),
        (b"\x90\xff\xff\xff", "more than its area can take"),
        (b"\x00\x04nope", "zlib data is damaged"),
        (encode.TightEncoder().copy(encode.picture(Size(64, 63), 2)), "inflates to 12096 bytes, expected 12288"),
        (encode.TightEncoder().copy(encode.picture(Size(64, 65), 2)), "inflates to more than 12288 bytes"),
        (
            b"\x40\x01\x02" + bytes(9) + encode.TightEncoder().copy(np.full((1, 1366), 0x030303, np.uint32))[1:],
            "inflates",
        ),
    ],
)
def test_rectangle_that_does_not_fit_is_refused(data, words):
    error = rectangle_failure(TIGHT, data)
    assert isinstance(error, DecodeError)
    assert words in str(error)


def test_index_beyond_the_palette_is_refused():
    data = b"\x40\x01\x02" + bytes(9) + b"\0\1\3\2"
    assert "colour 3 of a palette of 3" in str(rectangle_failure(TIGHT, data, Rect(0, 0, 2, 2)))


@pytest.mark.parametrize("length", [1, 127, 128, 16383, 16384, 4194303])
def test_compact_length_is_read_back(length):
    # As a JPEG that ends early: the message says how many bytes are missing only if the length was understood.
    size = Size(2048, 2048)
    data = b"\x90" + encode.compact(length)
    connection = connected(size)
    connection.receive_data(encode.update(encode.rectangle(size.rect, TIGHT, data)))
    if length > 1:
        connection.receive_data(bytes(length - 1))
    with pytest.raises(DecodeError, match="JPEG"):
        connection.receive_data(b"\0")


@pytest.mark.parametrize("rect", [Rect(5, 5, 0, 0), Rect(0, 0, 0, 5), Rect(0, 0, 5, 0)])
@pytest.mark.parametrize("data", [b"\x80\1\2\3", b"\0", b"\x40\2", b"\x40\1\1\0\0\0\1\1\1", b"\x40\1\2" + bytes(9)])
def test_rectangle_without_pixels_still_has_its_data(rect, data):
    events = connected(Size(9, 9)).receive_data(encode.update(encode.rectangle(rect, TIGHT, data), b"") + b"\2")
    # two rectangles were announced: the second one's header begins with the bell
    assert len(events) == 2
    assert isinstance(events[1], RectangleDecoded)
    assert events[1].pixels.shape == rect.size.shape


def test_end_of_stream_inside_the_rectangle_names_it():
    error = failure(encode.update(encode.rectangle(Rect(1, 2, 30, 20), TIGHT, b"\x00\x20abc")))
    assert isinstance(error, ConnectionClosed)
    assert "rectangle 1 of 1 (TIGHT (7), 30x20+1+2)" in str(error)
