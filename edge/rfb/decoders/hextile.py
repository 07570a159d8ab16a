"""Hextile: tiles of 16x16, each raw or a background with sub-rectangles.

Nothing says how long a rectangle is, but each tile says how long it is itself, and what follows it is the next one's
first byte: both are read at once. The sub-rectangles of a row of tiles are painted together.

Source: RFC 6143 section 7.7.4.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.subrectangles import Rectangles, SubRectanglePainter
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_TILE_PX = 16
# x and y, width and height: four bits each.
_PLACE_BYTES = 2

# The bits of a tile's first byte. The others stand for nothing here (ZlibHex, another encoding, has two of them).
_RAW = 1
_BACKGROUND_SPECIFIED = 2
_FOREGROUND_SPECIFIED = 4
_ANY_SUBRECTS = 8
_SUBRECTS_COLOURED = 16
_UNDEFINED = 0xE0


class Hextile:
    """The decoder of Hextile."""

    draws: ClassVar[bool] = True

    def __init__(self, codec: PixelCodec) -> None:
        self._codec = codec

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read tile after tile; background and foreground last until another one is specified."""
        picture = np.empty(rect.size.shape, dtype=np.uint32)
        tiles = _Tiles(self._codec)
        flags = yield from stream.u8()
        for y in range(0, rect.height, _TILE_PX):
            row = picture[y : y + _TILE_PX]
            is_last = y + _TILE_PX >= rect.height
            for x in range(0, rect.width, _TILE_PX):
                more = not is_last or x + _TILE_PX < rect.width
                flags = yield from tiles.read(stream, flags, row[:, x : x + _TILE_PX], x, more=more)
            tiles.paint_subrects(row)
        yield RectangleDecoded(rect, picture, EncodingNumber.HEXTILE)


class _Tiles:
    """What the tiles of one rectangle hand on to the next: two colours, and sub-rectangles that wait to be painted."""

    def __init__(self, codec: PixelCodec) -> None:
        self._codec = codec
        self._background: np.uint32 | None = None
        self._foreground: np.uint32 | None = None
        #: Where the tile begins, its sub-rectangles, and their colour where they do not bring their own.
        self._plain: list[tuple[int, bytes, np.uint32]] = []
        self._coloured: list[tuple[int, bytes]] = []

    def read(self, stream: Stream, flags: int, out: Picture, x: int, *, more: bool) -> Parser[int]:
        """Fill `out`, a view of the tile's pixels, but for its sub-rectangles; returns the next tile's flags."""
        if flags & _UNDEFINED:
            raise DecodeError(f"tile flags 0x{flags:02x}, of which 0x{flags & _UNDEFINED:02x} are not defined")
        if flags & _RAW:
            data = yield from stream.read(self._codec.pixel_bytes * out.size + more)
            out[...] = self._codec.from_pixels(data[: len(data) - more], out.shape)
            return data[-1]
        has_subrects = bool(flags & _ANY_SUBRECTS)
        specified = (flags & _BACKGROUND_SPECIFIED > 0) + (flags & _FOREGROUND_SPECIFIED > 0)
        data = yield from stream.read(self._codec.pixel_bytes * specified + (has_subrects or more))
        if specified:
            colours = self._codec.from_spaced_pixels(data[: self._codec.pixel_bytes * specified], 0)
            if flags & _BACKGROUND_SPECIFIED:
                self._background = colours[0]
            if flags & _FOREGROUND_SPECIFIED:
                self._foreground = colours[-1]
        if self._background is None:
            raise DecodeError("the first tile that is not raw specifies no background")
        out[...] = self._background
        if has_subrects:
            data = yield from self._subrects(stream, flags, data[-1], x, more=more)
        return data[-1] if more else 0

    def _subrects(self, stream: Stream, flags: int, count: int, x: int, *, more: bool) -> Parser[bytearray]:
        coloured = flags & _SUBRECTS_COLOURED
        size = count * (_PLACE_BYTES + (self._codec.pixel_bytes if coloured else 0))
        data = yield from stream.read(size + more)
        subrects = bytes(data[:size])
        if coloured:
            self._coloured.append((x, subrects))
        elif self._foreground is None:
            raise DecodeError("the first tile whose sub-rectangles have no colours specifies no foreground")
        else:
            self._plain.append((x, subrects, self._foreground))
        return data

    def paint_subrects(self, row: Picture) -> None:
        """Paint all that was read since the last time over a row of tiles."""
        painter = SubRectanglePainter(row)
        if self._plain:
            tiles, parts, foregrounds = zip(*self._plain, strict=True)
            counts = [len(part) // _PLACE_BYTES for part in parts]
            painter.paint(
                _rectangles(b"".join(parts), _PLACE_BYTES, tiles, counts, row), np.repeat(foregrounds, counts)
            )
            self._plain.clear()
        if self._coloured:
            tiles, parts = zip(*self._coloured, strict=True)
            data, entry_bytes = b"".join(parts), self._codec.pixel_bytes + _PLACE_BYTES
            counts = [len(part) // entry_bytes for part in parts]
            colours = self._codec.from_spaced_pixels(data, _PLACE_BYTES)
            painter.paint(_rectangles(data, entry_bytes, tiles, counts, row), colours)
            self._coloured.clear()


def _rectangles(data: bytes, entry_bytes: int, tiles: tuple[int, ...], counts: list[int], row: Picture) -> Rectangles:
    """Read the places at the end of each entry, `counts` of them in each tile, which begin at `tiles`."""
    places: NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(-1, entry_bytes)[:, -_PLACE_BYTES:]
    out = np.empty((len(places), 4), dtype=np.intp)
    out[:, :2] = np.stack([places[:, 0] >> 4, places[:, 0] & 15], axis=1)
    out[:, 2:] = np.stack([places[:, 1] >> 4, places[:, 1] & 15], axis=1) + 1
    left = np.repeat(tiles, counts)
    height, width = row.shape
    outside = (out[:, 0] + out[:, 2] > np.minimum(_TILE_PX, width - left)) | (out[:, 1] + out[:, 3] > height)
    if outside.any():
        x, y, wide, high = out[int(outside.argmax())].tolist()
        raise DecodeError(f"a sub-rectangle {wide}x{high}+{x}+{y} is not inside its tile")
    out[:, 0] += left
    return out
