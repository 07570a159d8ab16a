"""The tiles of TRLE and ZRLE, with all their sub-encodings.

Source: RFC 6143 sections 7.7.5 and 7.7.6.
"""

from enum import IntEnum

from edge.errors import DecodeError
from edge.pixels import Picture
from edge.rfb.decoders.pixels import packed_bytes, paint, unpack_indices
from edge.rfb.decoders.runs import CPixels, EndOfData, PaletteRuns, PlainRuns

_PALETTE_MOST = 127


class SubEncoding(IntEnum):
    """The first byte of a tile; 2 to 16 are packed palettes of so many colours, from 130 on palette RLE.

    Only TRLE has those that reuse the palette of a tile before.
    """

    RAW = 0
    SOLID = 1
    PACKED_LAST = 16
    PACKED_REUSED = 127
    PLAIN_RLE = 128
    PALETTE_RLE_REUSED = 129
    PALETTE_RLE_FIRST = 130


class TileReader:
    """Reads tile after tile from data that `load` was given; they have their pixels when `paint` was called."""

    def __init__(self, cpixels: CPixels, *, reuses_palettes: bool = False) -> None:
        self._cpixels = cpixels
        self._reuses_palettes = reuses_palettes
        self._palette = b""
        self._plain_runs, self._palette_runs = PlainRuns(cpixels), PaletteRuns(cpixels)
        self.load(b"")

    def load(self, data: bytes, at: int = 0) -> None:
        """Go on with other data, from its byte `at` on."""
        self._data = data
        self._at = at

    @property
    def taken(self) -> int:
        """Where the data goes on after the last tile."""
        return self._at

    def finish(self) -> None:
        """Paint; raise `DecodeError` if there is data after the last tile."""
        if self._at != len(self._data):
            raise DecodeError(f"{len(self._data) - self._at} bytes follow its last tile")
        self.paint()

    def paint(self) -> None:
        """Paint the tiles that were read since it was called last."""
        self._plain_runs.paint()
        self._palette_runs.paint()

    def read(self, out: Picture) -> None:
        """Read the next tile for `out`, a view of (height, width) pixels, and keep what `paint` needs."""
        match self._take(1)[0]:
            case SubEncoding.RAW:
                self._raw(out)
            case SubEncoding.SOLID:
                self._plain_runs.add_solid(self._take(self._cpixels.cpixel_bytes), out)
            case colours if colours <= SubEncoding.PACKED_LAST:
                self._packed(self._new_palette(colours), out)
            case SubEncoding.PACKED_REUSED if self._reuses_palettes:
                self._packed(self._last_palette(SubEncoding.PACKED_LAST), out)
            case SubEncoding.PLAIN_RLE:
                self._at = self._plain_runs.read(self._data, self._at, out)
            case sub_encoding if sub_encoding >= SubEncoding.PALETTE_RLE_FIRST:
                palette = self._new_palette(sub_encoding - 128)
                self._at = self._palette_runs.read(self._data, self._at, palette, out)
            case SubEncoding.PALETTE_RLE_REUSED if self._reuses_palettes:
                self._at = self._palette_runs.read(self._data, self._at, self._last_palette(_PALETTE_MOST), out)
            case sub_encoding:
                raise DecodeError(f"a tile has sub-encoding {sub_encoding}, which is not defined")

    def _take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise EndOfData(f"its data ends {size - len(part)} bytes before a tile does")
        self._at += size
        return part

    def _new_palette(self, colours: int) -> bytes:
        self._palette = self._take(self._cpixels.cpixel_bytes * colours)
        return self._palette

    def _last_palette(self, most: int) -> bytes:
        if not self._palette:
            raise DecodeError("a tile reuses a palette, and none came before")
        if (colours := len(self._palette) // self._cpixels.cpixel_bytes) > most:
            raise DecodeError(f"a tile reuses a palette of {colours} colours, expected {most} at most")
        return self._palette

    def _raw(self, out: Picture) -> None:
        data = self._take(self._cpixels.cpixel_bytes * out.size)
        out[...] = self._cpixels.from_cpixels(data).reshape(out.shape)

    def _packed(self, cpixels: bytes, out: Picture) -> None:
        palette = self._cpixels.from_cpixels(cpixels)
        height, width = out.shape
        bits = 1 if palette.size == 2 else 2 if palette.size <= 4 else 4
        indices = unpack_indices(self._take(packed_bytes(bits, width, height)), bits, width, height)
        out[...] = paint(palette, indices)


def tile_bytes_most(cpixel_bytes: int, pixels: int) -> int:
    """Return the most that a tile of so many pixels can take: plain RLE of runs of one, or a full palette besides."""
    return 1 + _PALETTE_MOST * cpixel_bytes + pixels * (cpixel_bytes + 1)
