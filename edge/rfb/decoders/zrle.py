"""ZRLE: tiles of 64x64 in one zlib stream.

Source: RFC 6143 section 7.7.6.
"""

from typing import ClassVar

import numpy as np

from edge.errors import DecodeError
from edge.geometry import Grid, Rect, Size
from edge.pixels import Picture
from edge.rfb.decoders.inflate import Inflater, deflated_bound
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.tiles import TileReader, tile_bytes_most
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

try:
    from edge.rfb.decoders._tiles import read_tiles
except ImportError:  # installed without a C compiler: all works, and a page of text takes four times as long
    read_tiles = None  # type: ignore[assignment]

_TILE_PX = 64


class Zrle:
    """The decoder of ZRLE, with the connection's zlib stream."""

    draws: ClassVar[bool] = True
    _encoding: ClassVar[EncodingNumber] = EncodingNumber.ZRLE

    def __init__(self, codec: PixelCodec, inflater: Inflater) -> None:
        self._codec = codec
        self._inflater = inflater
        self._tiles = self._new_tiles()

    def _new_tiles(self) -> TileReader:
        return TileReader(self._codec)

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the compressed tiles and put them together."""
        grid = Grid(rect.size, _TILE_PX)
        cpixel = self._codec.cpixel_bytes
        most = tile_bytes_most(cpixel, rect.area) + (grid.rows * grid.columns - 1) * tile_bytes_most(cpixel, 0)
        length = yield from stream.u32()
        if length > deflated_bound(most):
            raise DecodeError(f"it announces {length} bytes, more than its area can take ({deflated_bound(most)})")
        picture = self._read(self._inflater.inflate((yield from stream.read(length)), most), rect.size)
        yield RectangleDecoded(rect, picture, self._encoding)

    def _read(self, data: bytes, size: Size) -> Picture:
        picture = np.empty(size.shape, dtype=np.uint32)
        if read_tiles is not None and read_tiles(data, picture, size.width, self._codec.cpixel_bytes):
            return self._codec.from_cpixel_values(picture)
        self._read_slowly(data, picture)
        return picture

    def _read_slowly(self, data: bytes, picture: Picture) -> None:
        """Read tile by tile, which also finds out what is wrong with them."""
        tiles = self._tiles
        tiles.load(data)
        height, width = picture.shape
        for y in range(0, height, _TILE_PX):
            for x in range(0, width, _TILE_PX):
                tiles.read(picture[y : y + _TILE_PX, x : x + _TILE_PX])
            tiles.paint()  # while the row is still in the processor's cache
        tiles.finish()
