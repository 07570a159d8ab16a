from struct import pack

import numpy as np
import pytest

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb import (
    CursorChanged,
    DesktopResized,
    EncodingNumber,
    RectangleCopied,
    RectangleDecoded,
    Screen,
    SupportedMessages,
    UpdateFinished,
    UpdateStarted,
)
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, plain, rectangle_failure

SIZE = Size(64, 48)


def received(*rectangles: bytes, count: int | None = None):
    return connected(SIZE).receive_data(encode.update(*rectangles, count=count))


def test_raw_is_the_picture_without_its_spare_byte():
    expected = encode.picture(SIZE, 999)
    got = decode_rectangle(EncodingNumber.RAW, encode.raw(expected | np.uint32(0xA5000000)), SIZE)
    assert np.array_equal(got, expected)
    assert got.flags.writeable


def test_copy_rect_says_where_from():
    data = pack(">HH", 3, 4)
    events = received(encode.rectangle(Rect(1, 2, 10, 11), EncodingNumber.COPY_RECT, data))
    assert events == [UpdateStarted(1), RectangleCopied(Rect(1, 2, 10, 11), 3, 4), UpdateFinished(20)]


def test_copy_rect_from_outside_is_refused():
    error = rectangle_failure(EncodingNumber.COPY_RECT, pack(">HH", 1, 0))
    assert isinstance(error, ProtocolViolation)
    assert "copies 64x64+1+0, outside the framebuffer of 64x64" in str(error)


@pytest.mark.parametrize("rect", [Rect(1, 0, 64, 48), Rect(0, 1, 64, 48), Rect(65535, 65535, 65535, 65535)])
@pytest.mark.parametrize(
    "encoding", [EncodingNumber.RAW, EncodingNumber.COPY_RECT, EncodingNumber.ZRLE, EncodingNumber.TIGHT]
)
def test_rectangle_outside_the_framebuffer_is_refused(rect, encoding):
    error = failure(encode.update(encode.rectangle(rect, encoding)), SIZE)
    assert isinstance(error, ProtocolViolation)
    assert "not inside the framebuffer of 64x48" in str(error)


@pytest.mark.parametrize("encoding", [EncodingNumber.RAW, EncodingNumber.COPY_RECT, EncodingNumber.ZRLE])
def test_rectangle_without_pixels_has_no_data(encoding):
    assert received(encode.rectangle(Rect(64, 48, 0, 0), encoding)) == [UpdateStarted(1), UpdateFinished(16)]


@pytest.mark.parametrize(("encoding", "name"), [(8, "encoding 8 (0x00000008)"), (-305, "encoding -305 (0xfffffecf)")])
def test_encoding_that_was_not_offered_is_named(encoding, name):
    error = failure(encode.update(encode.rectangle(Rect(0, 0, 1, 1), encoding)))
    assert isinstance(error, ProtocolViolation)
    assert name in str(error)
    assert "did not offer" in str(error)


@pytest.mark.parametrize("size", [Size(1, 1), Size(8, 3), Size(9, 5), Size(31, 17)], ids=str)
def test_cursor_has_the_mask_as_alpha(size):
    shape = encode.picture(size, min(40, size.area))
    mask = np.random.default_rng(1).integers(0, 2, size.shape)
    data = encode.raw(shape | np.uint32(0x77000000)) + encode.packed(mask, 1)
    _, cursor, _ = received(encode.rectangle(Rect(2, 1, size.width, size.height), EncodingNumber.CURSOR, data))
    assert isinstance(cursor, CursorChanged)
    assert (cursor.hotspot_x, cursor.hotspot_y) == (2, 1)
    assert np.array_equal(cursor.pixels[:, :, 3], mask * 255)
    assert np.array_equal(cursor.pixels[:, :, :3], shape.view(np.uint8).reshape(*size.shape, 4)[:, :, :3])


@pytest.mark.parametrize("rect", [Rect(0, 0, 0, 0), Rect(0, 0, 5, 0), Rect(0, 0, 0, 5)])
def test_cursor_without_pixels_hides_it(rect):
    _, cursor, end = received(encode.rectangle(rect, EncodingNumber.CURSOR))
    assert cursor.pixels.shape == (0, 0, 4)
    assert end == UpdateFinished(16)


def test_cursor_larger_than_the_limit_is_refused():
    error = rectangle_failure(EncodingNumber.CURSOR, b"", Rect(0, 0, 513, 1))
    assert isinstance(error, ProtocolViolation)
    assert "513x1, more than 512" in str(error)


def test_desktop_size_counts_from_the_next_rectangle_on():
    connection = connected(SIZE)
    pixels = encode.picture(Size(80, 60), 5)
    events = connection.receive_data(
        encode.update(
            encode.rectangle(Rect(0, 0, 80, 60), EncodingNumber.DESKTOP_SIZE),
            encode.rectangle(Rect(0, 0, 80, 60), EncodingNumber.RAW, encode.raw(pixels)),
        )
    )
    assert events[1] == DesktopResized(Size(80, 60))
    assert isinstance(events[2], RectangleDecoded)
    assert connection.size == Size(80, 60)


@pytest.mark.parametrize("size", [Size(16385, 1), Size(16384, 16384)], ids=str)
def test_desktop_size_beyond_the_limits_is_refused(size):
    assert "more than 16384 on a side" in str(
        failure(encode.update(encode.rectangle(size.rect, EncodingNumber.DESKTOP_SIZE)))
    )


def extended(rect: Rect) -> bytes:
    data = pack(">BxxxIHHHHIIHHHHI", 2, 7, 0, 0, 50, 60, 1, 8, 50, 0, 50, 60, 0)
    return encode.rectangle(rect, EncodingNumber.EXTENDED_DESKTOP_SIZE, data)


def test_extended_desktop_size_has_its_screens():
    _, resized, _ = received(extended(Rect(2, 0, 100, 60)))
    screens = (Screen(7, Rect(0, 0, 50, 60), 1), Screen(8, Rect(50, 0, 50, 60), 0))
    assert resized == DesktopResized(Size(100, 60), screens, reason=2, status=0)


def test_extended_desktop_size_when_refused_leaves_the_size():
    connection = connected(SIZE)
    _, resized, _ = connection.receive_data(encode.update(extended(Rect(1, 3, 100, 60))))
    assert (resized.size, resized.reason, resized.status) == (SIZE, 1, 3)
    assert connection.size == SIZE


def test_supported_messages_are_two_sets_of_bits():
    client, server = bytearray(32), bytearray(32)
    client[1], client[31], server[0] = 0b1, 0b10000000, 0b101
    rect = Rect(0, 0, 64, 0)
    _, supported, _ = received(encode.rectangle(rect, EncodingNumber.SUPPORTED_MESSAGES, bytes(client + server)))
    assert supported == SupportedMessages(frozenset({8, 255}), frozenset({0, 2}))


def test_supported_messages_of_another_length_are_refused():
    error = rectangle_failure(EncodingNumber.SUPPORTED_MESSAGES, bytes(64), Rect(0, 0, 60, 1))
    assert "60 bytes, expected 64" in str(error)


@pytest.mark.parametrize("count", [0xFFFF, 9])
def test_last_rect_ends_the_update(count):
    fill = encode.rectangle(Rect(0, 0, 1, 1), EncodingNumber.TIGHT, b"\x80\1\2\3")
    last = encode.rectangle(Rect(0, 0, 0, 0), EncodingNumber.LAST_RECT)
    events = received(fill, fill, last, count=count)
    assert events[0] == UpdateStarted(None if count == 0xFFFF else 9)
    assert len(events) == 4
    assert events[-1] == UpdateFinished(4 + 2 * 16 + 12)


def test_update_without_rectangles_is_one():
    assert plain(received()) == [("UpdateStarted", 0), ("UpdateFinished", 4)]
