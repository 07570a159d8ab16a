"""The tiles of ZRLE (and of TRLE, but for what repeats a palette), with all their sub-encodings.

Runs are found without a loop over pixels. In palette RLE an index below 128 stands alone and one above begins a run,
whose length is as many bytes of 255 as it needs and one that is not; so a byte below 128 is followed by an index
whatever it was, 255 by more of a length, and any other turns one into the other: the state at each byte is the parity
of these since the last byte that tells. In plain RLE every token takes four bytes but for runs of 256 and more, of
which a tile has few.

Source: RFC 6143 sections 7.7.5 and 7.7.6.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.pixels import Picture
from edge.rfb.decoders.pixels import Colours, from_cpixels, packed_bytes, paint, unpack_indices

_CPIXEL_BYTES = 3
_LONG = 255


class SubEncoding(IntEnum):
    """The first byte of a tile; 2 to 16 are packed palettes of so many colours, from 130 on palette RLE."""

    RAW = 0
    SOLID = 1
    PACKED_LAST = 16
    PLAIN_RLE = 128
    PALETTE_RLE_FIRST = 130


class TileReader:
    """Reads tile after tile from inflated data."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._bytes = np.frombuffer(data, dtype=np.uint8)
        self._at = 0

    def finish(self) -> None:
        """Raise `DecodeError` if there is data after the last tile."""
        if self._at != len(self._data):
            raise DecodeError(f"{len(self._data) - self._at} bytes follow its last tile")

    def read(self, out: Picture) -> None:
        """Fill `out`, a view of (height, width) pixels, from the next tile."""
        height, width = out.shape
        match self._take(1)[0]:
            case SubEncoding.RAW:
                out[...] = from_cpixels(self._take(_CPIXEL_BYTES * out.size)).reshape(out.shape)
            case SubEncoding.SOLID:
                out[...] = int.from_bytes(self._take(_CPIXEL_BYTES), "little")
            case colours if colours <= SubEncoding.PACKED_LAST:
                bits = 1 if colours == 2 else 2 if colours <= 4 else 4
                palette = self._palette(colours)
                indices = unpack_indices(self._take(packed_bytes(bits, width, height)), bits, width, height)
                out[...] = paint(palette, indices)
            case SubEncoding.PLAIN_RLE:
                out[...] = self._plain_runs(out.size).reshape(out.shape)
            case sub_encoding if sub_encoding >= SubEncoding.PALETTE_RLE_FIRST:
                palette = self._palette(sub_encoding - 128)
                out[...] = self._palette_runs(palette, out.size).reshape(out.shape)
            case sub_encoding:
                raise DecodeError(f"a tile has sub-encoding {sub_encoding}, which is not defined")

    def _take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise DecodeError(f"its data ends {size - len(part)} bytes before a tile does")
        self._at += size
        return part

    def _palette(self, colours: int) -> Colours:
        return from_cpixels(self._take(_CPIXEL_BYTES * colours))

    def _plain_runs(self, pixels: int) -> Colours:
        colours: list[Colours] = []
        lengths: list[NDArray[np.int64]] = []
        while pixels:
            # Tokens of four bytes, up to the first whose length goes on; there are at most `pixels` of them.
            whole = min(pixels, (len(self._data) - self._at) // 4)
            tokens = self._bytes[self._at : self._at + 4 * whole].reshape(-1, 4)
            long = np.flatnonzero(tokens[:, 3] == _LONG)
            ends = np.cumsum(tokens[: long[0] if long.size else whole, 3].astype(np.int64) + 1)
            short = int(np.searchsorted(ends, pixels)) + 1
            ends = ends[:short]
            if ends.size:
                colours.append(from_cpixels(tokens[: ends.size, :3].tobytes()))
                lengths.append(np.diff(ends, prepend=0))
                self._at += 4 * ends.size
                pixels -= int(ends[-1])
            if pixels > 0:
                colours.append(from_cpixels(self._take(_CPIXEL_BYTES)))
                length = self._run_length(pixels)
                lengths.append(np.array([length]))
                pixels -= length
            if pixels < 0:
                raise DecodeError(f"a run goes {-pixels} pixels past the end of its tile")
        return np.concatenate(colours).repeat(np.concatenate(lengths))

    def _run_length(self, most: int) -> int:
        length = 1
        while length <= most:
            byte = self._take(1)[0]
            length += byte
            if byte != _LONG:
                break
        return length

    def _palette_runs(self, palette: Colours, pixels: int) -> Colours:
        window = self._bytes[self._at : self._at + 2 * pixels]  # no token takes more than 2 bytes for each pixel
        in_length = _in_length(window)
        ends = np.cumsum(np.where(in_length[:-1], window, 1), dtype=np.int64)
        last = int(np.searchsorted(ends, pixels))
        while last < ends.size and in_length[last + 1]:
            last += 1  # a run's length may end in a byte of 0, which moves nothing
        if last >= ends.size:
            raise DecodeError("its data ends in the middle of a tile's runs")
        if ends[last] != pixels:
            raise DecodeError(f"a run goes {ends[last] - pixels} pixels past the end of its tile")
        self._at += last + 1
        starts = np.flatnonzero(~in_length[: last + 1])
        lengths = np.diff(ends[np.append(starts[1:] - 1, last)], prepend=0)
        return paint(palette, window[starts] & np.uint8(127)).repeat(lengths)


def _in_length(window: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """For each byte of palette RLE, and for the one after the last, whether it belongs to a run's length."""
    tells = (window < 128) | (window == _LONG)
    position = np.maximum.accumulate(np.where(tells, np.arange(1, window.size + 1), 0))
    turns = np.concatenate(([0], np.cumsum(~tells)))
    long = np.concatenate(([False], window == _LONG))
    state = long[position] ^ (((turns[1:] - turns[position]) & 1).astype(np.bool_))
    return np.concatenate(([False], state))
