"""ZYWRLE: ZRLE whose raw tiles are wavelet coefficients, in a tile of their own.

How many levels the wavelets have is not on the wire: both sides take it from the quality level that was offered.
Coefficients stand in the bits of a pixel's colours, whichever they are.

Source: LibVNCServer's `zrle.c` and `zrleencodetemplate.c`; UltraVNC, where it comes from.
"""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.geometry import Size
from edge.pixels import Picture
from edge.rfb.decoders.inflate import Inflater
from edge.rfb.decoders.pixels import Bytes, Colours, PixelCodec
from edge.rfb.decoders.tiles import TileReader
from edge.rfb.decoders.wavelet import Planes, place_coefficients, synthesise, whole_blocks
from edge.rfb.decoders.zrle import Zrle
from edge.rfb.encodings import EncodingNumber

#: Bits and shift of the three planes in a pixel, the highest first.
Layout = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

_LAYOUTS: list[Layout] = [((8, 16), (8, 8), (8, 0)), ((5, 11), (6, 5), (5, 0)), ((5, 10), (5, 5), (5, 0))]


def wavelet_level(encodings: Iterable[int]) -> int:
    """Return how many levels a server uses that was offered `encodings`."""
    best, worst = EncodingNumber.JPEG_QUALITY_9, EncodingNumber.JPEG_QUALITY_0
    qualities = [number - worst for number in encodings if worst <= number <= best]
    if not qualities:
        return 1
    return 3 if qualities[-1] < 3 else 2 if qualities[-1] < 6 else 1


class Zywrle(Zrle):
    """The decoder of ZYWRLE, with the connection's zlib stream; `level` is that of its wavelets."""

    _encoding: ClassVar[EncodingNumber] = EncodingNumber.ZYWRLE

    def __init__(self, codec: PixelCodec, level: int) -> None:
        self._level = level
        super().__init__(codec, Inflater())

    def _new_tiles(self) -> TileReader:
        return _WaveletTiles(self._codec, self._level)

    def _read(self, data: bytes, size: Size) -> Picture:
        picture = np.empty(size.shape, dtype=np.uint32)
        self._read_slowly(data, picture)
        return picture


class _PixelValues:
    """CPIXELs as the numbers that they are on the wire."""

    def __init__(self, codec: PixelCodec) -> None:
        self.cpixel_bytes = codec.cpixel_bytes
        self._codec = codec

    def from_cpixels(self, data: Bytes, gap: int = 0) -> Colours:
        return self._codec.cpixel_values(data, gap).astype(np.uint32)


class _WaveletTiles(TileReader):
    def __init__(self, codec: PixelCodec, level: int) -> None:
        super().__init__(codec)
        self._codec = codec
        self._level = level
        self._coefficients = TileReader(_PixelValues(codec))
        bits = {(channel.maximum.bit_length(), channel.shift) for channel in codec.pixel_format.channels}
        self._layout = next((layout for layout in _LAYOUTS if set(layout) == bits), None)

    def _raw(self, out: Picture) -> None:
        if self._codec.pixel_bytes == 1:
            super()._raw(out)
            return
        if self._layout is None:
            raise DecodeError(f"wavelets in a pixel format for which they are not defined: {self._codec.pixel_format}")
        values = np.empty(out.shape, dtype=np.uint32)
        self._coefficients.load(self._data, self._at)
        self._coefficients.read(values)
        self._coefficients.paint()
        self._at = self._coefficients.taken
        out[...] = self._codec.colours(_pixels(values, self._layout, self._level))


def _pixels(values: NDArray[np.uint32], layout: Layout, level: int) -> NDArray[np.uint32]:
    """Turn coefficients as they came into pixels; what is left of both sides comes last, as it is."""
    all_rows, all_columns = values.shape
    height, width = whole_blocks(all_rows, level), whole_blocks(all_columns, level)
    if not height or not width:
        return values
    taken, right, below = height * width, height * (all_columns - width), (all_rows - height) * width
    stream, *rest = np.split(values.ravel(), np.cumsum([taken, right, below]))
    planes: Planes = np.empty((taken, 3), dtype=np.int16)
    for plane, (bits, shift) in enumerate(layout):
        planes[:, plane] = (stream >> shift << (8 - bits)).astype(np.uint8).view(np.int8)
    colours = synthesise(place_coefficients(planes, height, width, level), level)
    out = np.zeros_like(values)
    for plane, (bits, shift) in enumerate(layout):
        out[:height, :width] |= colours[:, :, plane].astype(np.uint32) >> (8 - bits) << shift
    for strip, data in zip((out[:height, width:], out[height:, :width], out[height:, width:]), rest, strict=True):
        strip[...] = data.reshape(strip.shape)
    return out
