import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.errors import DecodeError
from edge.geometry import Grid, Size
from edge.rfb.decoders import zrle
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.tiles import TileReader
from edge.rfb.pixel_format import XRGB8888
from tests.rfb import encode

CODEC = PixelCodec(XRGB8888)
TILES = [
    encode.tile_raw, encode.tile_solid, encode.tile_packed, encode.tile_plain_rle, encode.tile_palette_rle,
]  # fmt: skip


def in_python(data: bytes, size: Size) -> np.ndarray | None:
    """What the reader in Python makes of tiles; None if it refuses them."""
    tiles, picture = TileReader(CODEC), np.empty(size.shape, dtype=np.uint32)
    grid = Grid(size, 64)
    tiles.load(data)
    try:
        for row, column in np.ndindex(grid.shape):
            tiles.read(picture[grid.rect(row, column).slices])
        tiles.finish()
    except DecodeError:
        return None
    return picture


def in_c(data: bytes, size: Size) -> np.ndarray | None:
    """What the compiled reader makes of tiles; None if it refuses them."""
    assert zrle.read_tiles is not None, "edge.rfb.decoders._tiles is not built: pip install --editable ."
    picture = np.empty(size.shape, dtype=np.uint32)
    return picture if zrle.read_tiles(data, picture, size.width, CODEC.cpixel_bytes) else None


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return (one is None and other is None) or np.array_equal(one, other)


def tiles_of(size: Size, forms: list[int], seed: int) -> bytes:
    grid, random = Grid(size, 64), np.random.default_rng(seed)
    out = b""
    for number, (row, column) in enumerate(np.ndindex(grid.shape)):
        area = grid.rect(row, column).size
        form = TILES[forms[number % len(forms)]]
        colours = 1 if form is encode.tile_solid else min(area.area, int(random.integers(1, 17)))
        out += form(encode.picture(area, colours, seed + number, run=int(random.integers(1, 400))))
    return out


FORMS = st.lists(st.integers(0, len(TILES) - 1), min_size=1, max_size=9)


@given(st.integers(1, 200), st.integers(1, 200), FORMS, st.integers(0, 1 << 16))
def test_both_readers_see_the_same(width, height, forms, seed):
    size = Size(width, height)
    data = tiles_of(size, forms, seed)
    expected = in_python(data, size)
    assert expected is not None
    assert same(in_c(data, size), expected)


@given(FORMS, st.integers(0, 1 << 16), st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=4))
def test_both_readers_refuse_the_same_damage(forms, seed, damage):
    size = Size(70, 66)
    data = bytearray(tiles_of(size, forms, seed))
    for at, value in damage:
        data[at % len(data)] = value
    assert same(in_c(bytes(data), size), in_python(bytes(data), size))


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x80\0\0\0" + b"\xff" * 400)
@example(b"\x82" + bytes(6) + b"\x80" + b"\xff" * 16 + b"\0")
def test_both_readers_think_the_same_of_any_bytes(data):
    size = Size(5, 3)
    assert same(in_c(data, size), in_python(data, size))


@given(FORMS, st.integers(0, 1 << 16), st.integers(1, 4000))
def test_both_readers_refuse_what_is_cut_short_or_goes_on(forms, seed, cut):
    size = Size(70, 66)
    data = tiles_of(size, forms, seed)
    for changed in (data[:-cut], data + b"\0"):
        assert in_c(changed, size) is None
        assert in_python(changed, size) is None


@pytest.mark.parametrize(("width", "cpixel_bytes"), [(0, 3), (-1, 3), (7, 3), (8, 0), (8, 5), (1 << 62, 3)])
def test_buffers_that_do_not_fit_are_refused(width, cpixel_bytes):
    assert zrle.read_tiles is not None
    with pytest.raises(ValueError, match="no whole rows"):
        zrle.read_tiles(b"", np.empty((8, 8), dtype=np.uint32), width, cpixel_bytes)
