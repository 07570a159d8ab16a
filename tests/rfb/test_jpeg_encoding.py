import cv2
import numpy as np
import pytest

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Size
from edge.pixels import to_bgr
from edge.rfb import EncodingNumber, RectangleDecoded
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, open_settings, rectangle_failure, run

JPEG = EncodingNumber.JPEG
SIZE = Size(64, 64)


def jpeg(size: Size = SIZE, seed: int = 0, *options: int) -> bytes:
    done, data = cv2.imencode(".jpg", to_bgr(encode.picture(size, 90, seed, run=40)), options)
    assert done
    return data.tobytes()


def without(data: bytes, *kinds: int) -> bytes:
    """A JPEG less its segments of some kinds."""
    out, at = data[:2], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] not in kinds:
            out += data[at:end]
        at = end
    return out + data[at:]


def opencv(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def pictures(data: list[bytes], size: Size = SIZE) -> list[np.ndarray]:
    update = encode.update(*(encode.rectangle(size.rect, JPEG, one) for one in data))
    events = connected(size).receive_data(update)
    return [to_bgr(event.pixels) for event in events if isinstance(event, RectangleDecoded)]


@pytest.mark.parametrize(
    "data",
    [
        jpeg(),
        jpeg(SIZE, 1, cv2.IMWRITE_JPEG_QUALITY, 100),
        jpeg(SIZE, 2, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        jpeg(SIZE, 3, cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    ],
)
def test_pixels_are_what_opencv_makes_of_it(data):
    assert np.array_equal(to_bgr(decode_rectangle(JPEG, data, SIZE)), opencv(data))


@pytest.mark.parametrize("left_out", [{0xDB}, {0xC4}, {0xDB, 0xC4}])
def test_tables_that_are_left_out_are_those_of_the_last_rectangle_that_had_them(left_out):
    quality = (cv2.IMWRITE_JPEG_QUALITY, 40)
    first, second, third = jpeg(SIZE, 1), jpeg(SIZE, 2, *quality), jpeg(SIZE, 3, *quality)
    got = pictures([first, second, without(third, *left_out), without(third, *left_out)])
    for picture, data in zip(got, [first, second, third, third], strict=True):
        assert np.array_equal(picture, opencv(data))


def test_tables_that_never_came_are_missed():
    error = rectangle_failure(JPEG, without(jpeg(), 0xDB))
    assert isinstance(error, DecodeError)
    assert "no quantisation tables, and none came before" in str(error)
    assert "no Huffman tables, and none came before" in str(rectangle_failure(JPEG, without(jpeg(), 0xC4)))


def test_cutting_changes_nothing():
    data = jpeg(SIZE, 2, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)
    fill = data.replace(b"\xff\xd0", b"\xff\xff\xd0")
    session = encode.greeting(SIZE) + encode.update(
        *(encode.rectangle(SIZE.rect, JPEG, one) for one in (data, fill, data)), b""
    )
    whole = run([session], open_settings())
    assert whole[1].startswith("ConnectionClosed")
    assert run([session[at : at + 1] for at in range(len(session))], open_settings()) == whole


def test_what_follows_it_is_not_touched():
    update = encode.update(encode.rectangle(SIZE.rect, JPEG, jpeg()))
    assert [type(event).__name__ for event in connected(SIZE).receive_data(update + b"\2")][-1] == "Bell"


def test_end_of_stream_inside_it_names_it():
    for length in (1, 3, 100, len(jpeg()) - 1):
        error = failure(encode.update(encode.rectangle(SIZE.rect, JPEG, jpeg()[:length])))
        assert isinstance(error, ConnectionClosed)
        assert "JPEG (21), 64x64+0+0" in str(error)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GI", "4749 where a segment begins"),
        (b"\xff\xdb", "ffdb where a segment begins"),
        (b"\xff\xd8\xff\xd8", "ffd8 where a segment begins"),
        (b"\xff\xd8\xff\xe0\0\1", "a segment of 1 bytes"),
        (b"\xff\xd8" + b"\xff\xe0\xff\xff" + bytes(65533), "longer than its area can take (28672 bytes)"),
        (b"\xff\xd8\xff\xda\0\2" + bytes(30000), "longer than its area can take"),
        (b"\xff\xd8" + b"\xff\xe0\0\2" * 8000, "longer than its area can take"),
        (jpeg(Size(64, 63)), "its JPEG is of 64x63, expected 64x64"),
        (jpeg(SIZE, 0, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), "not baseline"),
        (jpeg().replace(b"\xff\xda", b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 3 + b"\xff\xda"), "has 4 scans"),
        (without(jpeg(), 0xC0), "no frame header"),
        (b"\xff\xd8\xff\xd9", "no quantisation tables"),
    ],
)
def test_jpeg_that_does_not_fit_is_refused(data, words):
    error = rectangle_failure(JPEG, data)
    assert isinstance(error, DecodeError)
    assert words in str(error)
