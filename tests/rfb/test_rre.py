from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Rect, Size
from edge.rfb import Bell, EncodingNumber
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, rectangle_failure
from tests.rfb.encode_classic import corre, rre, rre_of
from tests.rfb.wire import FORMATS, Wire

WIRE = Wire(FORMATS["xrgb"])
FORMS = [(EncodingNumber.RRE, rre, ">HHHH"), (EncodingNumber.CORRE, corre, ">BBBB")]


@pytest.mark.parametrize(("number", "form", "_"), FORMS)
@pytest.mark.parametrize("size", [Size(1, 1), Size(255, 3), Size(3, 255), Size(131, 70)], ids=str)
@pytest.mark.parametrize("colours", [1, 2, 60])
def test_picture_is_its_background_and_sub_rectangles(number, form, _, size, colours):
    expected = encode.picture(size, min(colours, size.area), run=9)
    got = decode_rectangle(number, form(expected, WIRE), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


def test_many_sub_rectangles_are_read_in_batches():
    size = Size(300, 200)
    expected = encode.picture(size, size.area, run=1)
    assert np.array_equal(decode_rectangle(EncodingNumber.RRE, rre(expected, WIRE), size), expected)


@st.composite
def rectangles(draw, size):
    x, y = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    width, height = draw(st.integers(0, size.width - x)), draw(st.integers(0, size.height - y))
    return x, y, width, height, draw(st.integers(0, 0xFFFFFF))


@given(st.lists(rectangles(Size(60, 40)), max_size=4), st.integers(0, 0xFFFFFF))
def test_sub_rectangles_that_overlap_are_painted_in_their_order(found, background):
    size = Size(60, 40)
    expected = np.full(size.shape, background, dtype=np.uint32)
    for x, y, width, height, colour in found:
        expected[y : y + height, x : x + width] = colour
    for number, _, form in FORMS:
        assert np.array_equal(decode_rectangle(number, rre_of(background, found, WIRE, form), size), expected)


@pytest.mark.parametrize(("number", "_", "form"), FORMS)
@pytest.mark.parametrize("place", [(60, 0, 5, 1), (0, 60, 1, 5), (255, 0, 1, 1), (0, 255, 1, 1), (0, 0, 255, 255)])
def test_sub_rectangle_outside_is_named(number, _, form, place):
    x, y, width, height = place
    inside = (3, 3, 1, 1, 0)
    error = rectangle_failure(number, rre_of(0, [inside, (*place, 0), inside], WIRE, form))
    assert isinstance(error, DecodeError)
    assert f"sub-rectangle {width}x{height}+{x}+{y} is not inside its 64x64" in str(error)


def test_sub_rectangle_whose_numbers_are_the_largest_does_not_wrap():
    error = rectangle_failure(EncodingNumber.RRE, rre_of(0, [(65535, 65535, 65535, 65535, 0)], WIRE))
    assert "sub-rectangle 65535x65535+65535+65535 is not inside" in str(error)


@pytest.mark.parametrize("number", [EncodingNumber.RRE, EncodingNumber.CORRE])
@pytest.mark.parametrize("count", [4097, 0x1FFFFFFF, 0xFFFFFFFF])
def test_more_sub_rectangles_than_pixels_are_refused_before_they_come(number, count):
    error = rectangle_failure(number, pack(">I", count))
    assert isinstance(error, DecodeError)
    assert f"{count} sub-rectangles in 4096 pixels" in str(error)


def test_sub_rectangles_that_paint_everything_again_and_again_are_stopped():
    whole = (0, 0, 64, 64, 0)
    assert decode_rectangle(EncodingNumber.RRE, rre_of(1, [whole] * 4, WIRE), Size(64, 64)).max() == 0
    error = rectangle_failure(EncodingNumber.RRE, rre_of(1, [whole] * 4 + [(0, 0, 1, 1, 0)], WIRE))
    assert isinstance(error, DecodeError)
    assert "more than 4 times its area" in str(error)


def test_what_follows_the_last_sub_rectangle_is_the_next_message():
    data = encode.update(encode.rectangle(Rect(0, 0, 8, 8), EncodingNumber.RRE, rre_of(1, [(1, 1, 2, 2, 3)], WIRE)))
    assert connected(Size(8, 8)).receive_data(data + b"\2")[-1] == Bell()


@pytest.mark.parametrize(("number", "form", "_"), FORMS)
def test_end_of_stream_inside_the_rectangle_names_it(number, form, _):
    size = Size(30, 20)
    data = form(encode.picture(size, 9), WIRE)
    for end in (0, 3, 7, len(data) - 1):
        error = failure(encode.update(encode.rectangle(Rect(1, 2, 30, 20), number, data[:end])))
        assert isinstance(error, ConnectionClosed)
        assert f"rectangle 1 of 1 ({number.name} ({number.value}), 30x20+1+2)" in str(error)
