"""ZRLE: tiles of 64x64 in one zlib stream.

Source: RFC 6143 section 7.7.6.
"""

from typing import ClassVar

import numpy as np

from edge.errors import DecodeError
from edge.geometry import Grid, Rect, Size
from edge.rfb.decoders.inflate import Inflater, deflated_bound
from edge.rfb.decoders.tiles import TileReader
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_TILE_PX = 64
# The worst of all sub-encodings, plain RLE of runs of one: 3 bytes of colour and 1 of length; or a full palette.
_PIXEL_BYTES = 4
_TILE_BYTES = 1 + 127 * 3


class Zrle:
    """The decoder of ZRLE, with the connection's zlib stream."""

    draws: ClassVar[bool] = True

    def __init__(self) -> None:
        self._inflater = Inflater()

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the compressed tiles and put them together."""
        grid = Grid(rect.size, _TILE_PX)
        most = rect.area * _PIXEL_BYTES + grid.rows * grid.columns * _TILE_BYTES
        length = yield from stream.u32()
        if length > deflated_bound(most):
            raise DecodeError(f"it announces {length} bytes, more than its area can take ({deflated_bound(most)})")
        tiles = TileReader(self._inflater.inflate((yield from stream.read(length)), most))
        picture = np.empty(rect.size.shape, dtype=np.uint32)
        for row in range(grid.rows):
            for column in range(grid.columns):
                tiles.read(picture[grid.rect(row, column).slices])
        tiles.finish()
        yield RectangleDecoded(rect, picture, EncodingNumber.ZRLE)
