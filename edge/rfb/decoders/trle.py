"""TRLE: tiles of 16x16, not compressed any further, which may reuse the palette of a tile before.

Nothing says how long a tile is, so it is tried with what has come.

Source: RFC 6143 section 7.7.5.
"""

from typing import ClassVar

import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.runs import EndOfData
from edge.rfb.decoders.tiles import TileReader, tile_bytes_most
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_TILE_PX = 16


class Trle:
    """The decoder of TRLE."""

    draws: ClassVar[bool] = True

    def __init__(self, codec: PixelCodec) -> None:
        self._codec = codec
        self._tile_bytes = tile_bytes_most(codec.cpixel_bytes, _TILE_PX * _TILE_PX)

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read tile after tile."""
        picture = np.empty(rect.size.shape, dtype=np.uint32)
        tiles = TileReader(self._codec, reuses_palettes=True)
        for y in range(0, rect.height, _TILE_PX):
            for x in range(0, rect.width, _TILE_PX):
                yield from self._tile(stream, tiles, picture[y : y + _TILE_PX, x : x + _TILE_PX])
            tiles.paint()
        yield RectangleDecoded(rect, picture, EncodingNumber.TRLE)

    def _tile(self, stream: Stream, tiles: TileReader, out: Picture) -> Parser[None]:
        while True:
            data = stream.peek(self._tile_bytes)
            tiles.load(data)
            try:
                tiles.read(out)
            except EndOfData:
                if len(data) == self._tile_bytes:
                    raise
                yield None
            else:
                break
        yield from stream.skip(tiles.taken)
