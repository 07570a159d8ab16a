from struct import pack

import numpy as np
import pytest

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb import CursorChanged, CursorShown, EncodingNumber, PixelFormat, RectangleDecoded
from tests.rfb import encode
from tests.rfb.drive import connected, open_settings, rectangle_failure
from tests.rfb.extensions import pseudo

NUMBERS = EncodingNumber
SHAPE = Rect(2, 1, 10, 3)
CURSORS = [NUMBERS.XCURSOR, NUMBERS.CURSOR_WITH_ALPHA, NUMBERS.VMWARE_CURSOR]


def shape_of(encoding: int, data: bytes, rect: Rect = SHAPE, **changes: object) -> np.ndarray:
    """The shape that the data is, after its hot spot was checked."""
    connection = connected(Size(64, 48), open_settings(**changes))
    [_, cursor, _] = connection.receive_data(pseudo(encoding, rect, data))
    assert isinstance(cursor, CursorChanged)
    assert (cursor.hotspot_x, cursor.hotspot_y) == (rect.x, rect.y)
    return cursor.pixels


def test_x_cursor_has_two_colours_and_the_mask_as_alpha():
    random = np.random.default_rng(0)
    primary, mask = random.integers(0, 2, (2, *SHAPE.size.shape))
    data = bytes.fromhex("c01020 0405fe") + encode.packed(primary, 1) + encode.packed(mask, 1)
    shape = shape_of(NUMBERS.XCURSOR, data)
    assert (shape[primary == 1][:, :3] == (0x20, 0x10, 0xC0)).all()
    assert (shape[primary == 0][:, :3] == (0xFE, 0x05, 0x04)).all()
    assert np.array_equal(shape[:, :, 3], mask * 255)


PREMULTIPLIED = [
    (0x60, 0x08, 0x10, 0x80),
    (10, 20, 30, 255),
    (0, 0, 0, 0),
    (9, 9, 9, 0),
    (200, 0, 0, 100),
]
STRAIGHT = [(32, 16, 191, 0x80), (30, 20, 10, 255), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 255, 100)]


@pytest.mark.parametrize("encoding", [NUMBERS.RAW, NUMBERS.TIGHT, NUMBERS.ZRLE], ids=lambda number: number.name)
def test_cursor_with_alpha_is_no_longer_premultiplied(encoding):
    words = np.frombuffer(bytes(value for pixel in PREMULTIPLIED for value in pixel), "<u4").reshape(1, -1)
    rect = Rect(3, 0, words.size, 1)
    raw = words.tobytes()
    data = {
        NUMBERS.RAW: raw,
        # PIXELs of depth 32 are shortened neither in Tight nor in ZRLE.
        NUMBERS.TIGHT: b"\0" + encode.TightEncoder()._basic(0, raw),
        NUMBERS.ZRLE: encode.ZrleEncoder().wrap(b"\0" + raw),
    }[encoding]
    shape = shape_of(NUMBERS.CURSOR_WITH_ALPHA, pack(">i", encoding) + data, rect)
    assert shape.tolist() == [[list(pixel) for pixel in STRAIGHT]]


def test_cursor_with_alpha_shares_the_zlib_stream_of_its_encoding():
    connection, zrle = connected(Size(64, 48)), encode.ZrleEncoder()
    picture = encode.picture(Size(64, 48), 20)
    before = pseudo(NUMBERS.ZRLE, Rect(0, 0, 64, 48), zrle.encode(picture, encode.tile_palette_rle))
    cursor = pseudo(NUMBERS.CURSOR_WITH_ALPHA, Rect(0, 0, 1, 1), pack(">i", NUMBERS.ZRLE) + zrle.wrap(b"\1\1\2\3\xff"))
    after = pseudo(NUMBERS.ZRLE, Rect(0, 0, 64, 48), zrle.encode(picture, encode.tile_palette_rle))
    events = connection.receive_data(before + cursor + after)
    assert [event.pixels.tolist() for event in events if isinstance(event, CursorChanged)] == [[[[3, 2, 1, 255]]]]
    pictures = [event.pixels for event in events if isinstance(event, RectangleDecoded)]
    assert len(pictures) == 2
    assert all(np.array_equal(found, picture) for found in pictures)


@pytest.mark.parametrize("encoding", [NUMBERS.COPY_RECT, NUMBERS.CURSOR, NUMBERS.LAST_RECT, 99])
def test_cursor_with_alpha_in_what_has_no_pixels_is_refused(encoding):
    error = rectangle_failure(NUMBERS.CURSOR_WITH_ALPHA, pack(">i", encoding), Rect(0, 0, 4, 4))
    assert isinstance(error, ProtocolViolation)
    assert f"a cursor in {encoding.name if isinstance(encoding, NUMBERS) else 'encoding 99'}" in str(error)


RGB565 = PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0)


@pytest.mark.parametrize(
    ("pixel_format", "dtype", "red", "ones"),
    [(None, "<u4", 0xFF0000, 0xFFFFFF), (RGB565, "<u2", 0xF800, 0xFFFF)],
    ids=["32", "16"],
)
def test_classic_vmware_cursor_is_opaque_transparent_or_black(pixel_format, dtype, red, ones):
    keep = np.array([0, ones, ones, ones], dtype)
    flip = np.array([red, 0, ones, red], dtype)
    data = b"\0\0" + keep.tobytes() + flip.tobytes()
    shape = shape_of(NUMBERS.VMWARE_CURSOR, data, Rect(1, 0, 4, 1), pixel_format=pixel_format)
    assert shape.tolist() == [[[0, 0, 255, 255], [0, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 255]]]


def test_vmware_cursor_with_alpha_is_as_it_comes():
    shape = shape_of(NUMBERS.VMWARE_CURSOR, b"\1\0" + bytes(range(8)), Rect(0, 0, 1, 2))
    assert shape.tolist() == [[[2, 1, 0, 3]], [[6, 5, 4, 7]]]


def test_vmware_cursor_of_another_kind_is_refused():
    assert "a cursor of kind 2" in str(rectangle_failure(NUMBERS.VMWARE_CURSOR, b"\2\0", Rect(0, 0, 1, 1)))


@pytest.mark.parametrize(("bits", "visible"), [(0, False), (1, True), (6, False), (0xFFFF, True)])
def test_vmware_cursor_state_shows_and_hides(bits, visible):
    message = pseudo(NUMBERS.VMWARE_CURSOR_STATE, Rect(0, 0, 0, 0), pack(">H", bits))
    assert connected(Size(1, 1)).receive_data(message)[1:-1] == [CursorShown(visible)]


@pytest.mark.parametrize("encoding", CURSORS, ids=lambda number: number.name)
def test_cursor_without_pixels_hides_it(encoding):
    head = {NUMBERS.CURSOR_WITH_ALPHA: bytes(4), NUMBERS.VMWARE_CURSOR: b"\1\0"}.get(encoding, b"")
    assert shape_of(encoding, head, Rect(0, 0, 0, 0)).shape == (0, 0, 4)


@pytest.mark.parametrize("encoding", CURSORS, ids=lambda number: number.name)
def test_cursor_larger_than_the_limit_is_refused(encoding):
    error = rectangle_failure(encoding, b"", Rect(0, 0, 1, 513))
    assert isinstance(error, ProtocolViolation)
    assert "1x513, more than 512" in str(error)
