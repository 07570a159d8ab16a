import numpy as np
import pytest

from edge.errors import ConnectionClosed, DecodeError
from edge.geometry import Rect, Size
from edge.rfb import Bell, EncodingNumber
from tests.rfb import encode
from tests.rfb.drive import connected, decode_rectangle, failure, plain, rectangle_failure
from tests.rfb.encode_classic import tiles, trle
from tests.rfb.wire import FORMATS, Wire

TRLE = EncodingNumber.TRLE
WIRE = Wire(FORMATS["xrgb"])
TILE = Rect(0, 0, 16, 16)
TILES = [
    (encode.tile_raw, 4000),
    (encode.tile_plain_rle, 4000),
    (encode.tile_plain_rle, 3),
    *((encode.tile_packed, colours) for colours in (2, 3, 4, 5, 16)),
    *((encode.tile_palette_rle, colours) for colours in (2, 3, 127)),
]


def failed(data: bytes) -> str:
    error = rectangle_failure(TRLE, data, TILE)
    assert isinstance(error, DecodeError)
    return str(error)


@pytest.mark.parametrize("size", [Size(1, 1), Size(16, 16), Size(17, 15), Size(70, 33), Size(7, 40)], ids=str)
@pytest.mark.parametrize(("tile", "colours"), TILES)
@pytest.mark.parametrize("run", [1, 5, 900])
def test_tiles_are_the_picture_in_every_sub_encoding(size, tile, colours, run):
    expected = encode.picture(size, min(colours, size.area), run=run)
    got = decode_rectangle(TRLE, trle(expected, tile, WIRE), size)
    assert np.array_equal(got, expected)
    assert got.flags.writeable
    assert got.flags.c_contiguous


def reused(tile: bytes, palette_bytes: int) -> bytes:
    """The same tile with the palette of the tile before."""
    return (b"\x81" if tile[0] > 128 else b"\x7f") + tile[1 + palette_bytes :]


@pytest.mark.parametrize(("tile", "colours"), [(encode.tile_packed, 9), (encode.tile_palette_rle, 9)])
@pytest.mark.parametrize("between", [b"", b"\1" + bytes(3), b"\0" + bytes(3 * 256)], ids=["next", "solid", "raw"])
def test_palette_is_reused_by_both_sub_encodings(tile, colours, between):
    picture = encode.picture(Size(16, 16), colours, run=2)
    first = tile(picture)
    for form in (encode.tile_packed, encode.tile_palette_rle):
        data = first + between + reused(form(picture), 3 * colours)
        size = Size(48 if between else 32, 16)
        got = decode_rectangle(TRLE, data, size)
        assert np.array_equal(got[:, -16:], picture)


def test_session_of_tiles_is_the_same_however_it_is_cut():
    size = Size(33, 17)
    picture = encode.picture(size, 14, run=3)
    kinds = [encode.tile_packed, encode.tile_plain_rle, encode.tile_palette_rle, encode.tile_raw]
    data = b"".join(kinds[number % 4](part) for number, part in enumerate(tiles(picture, 16)))
    message = encode.update(encode.rectangle(size.rect, TRLE, data))
    expected = plain(connected(size).receive_data(message))
    for step in (1, 2, 7, 100):
        connection = connected(size)
        pieces = [message[at : at + step] for at in range(0, len(message), step)]
        assert plain(event for piece in pieces for event in connection.receive_data(piece)) == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x11", "sub-encoding 17, which is not defined"),
        (b"\x7e", "sub-encoding 126, which is not defined"),
        (b"\x7f", "reuses a palette, and none came before"),
        (b"\x81", "reuses a palette, and none came before"),
        (b"\x80" + b"\0\0\0\xff\xff\0", "a run goes 255 pixels past the end"),
        (b"\x82" + bytes(6) + b"\x80\xff\xff\0", "a run goes 255 pixels past the end"),
        (b"\x82" + bytes(6) + b"\2" * 256, "colour 2 of a palette of 2"),
        (b"\3" + bytes(9) + b"\xff" * 64, "colour 3 of a palette of 3"),
    ],
)
def test_tile_that_cannot_be_is_refused(data, words):
    assert words in failed(data)


def test_palette_that_is_too_large_to_be_packed_is_not_reused_so():
    picture = encode.picture(Size(16, 16), 20, run=1)
    error = rectangle_failure(TRLE, encode.tile_palette_rle(picture) + b"\x7f" + bytes(256), Rect(0, 0, 32, 16))
    assert "a tile reuses a palette of 20 colours, expected 16 at most" in str(error)


def test_what_follows_the_last_tile_is_the_next_message():
    data = encode.update(encode.rectangle(TILE, TRLE, b"\1\0\0\0"))
    assert connected(TILE.size).receive_data(data + b"\2")[-1] == Bell()


@pytest.mark.parametrize(("tile", "colours"), TILES)
def test_end_of_stream_inside_the_rectangle_names_it(tile, colours):
    data = trle(encode.picture(Size(30, 20), min(colours, 300), run=3), tile, WIRE)
    for end in (0, 1, len(data) // 2, len(data) - 1):
        error = failure(encode.update(encode.rectangle(Rect(1, 2, 30, 20), TRLE, data[:end])))
        assert isinstance(error, ConnectionClosed)
        assert "rectangle 1 of 1 (TRLE (15), 30x20+1+2)" in str(error)
