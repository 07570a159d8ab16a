"""The tiles of TRLE and ZRLE, with all their sub-encodings.

Runs are found without a loop over pixels. In palette RLE an index below 128 stands alone and one above begins a run,
whose length is as many bytes of 255 as it needs and one that is not; so a byte below 128 is followed by an index
whatever it was, 255 by more of a length, and any other turns one into the other: the state at each byte is the parity
of these since the last byte that tells. In plain RLE every token takes as many bytes but for runs of 256 and more, of
which a tile has few.

Source: RFC 6143 sections 7.7.5 and 7.7.6.
"""

from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.pixels import Picture
from edge.rfb.decoders.pixels import Bytes, Colours, packed_bytes, paint, unpack_indices

_LONG = 255
_PALETTE_MOST = 127
# Runs are looked for in so many tokens or bytes at a time: what most tiles of text take.
_WINDOW = 1024


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


class EndOfData(DecodeError):
    """The data ends before the tile does."""


class CPixels(Protocol):
    """What CPIXELs are turned into."""

    cpixel_bytes: int

    def from_cpixels(self, data: Bytes, gap: int = 0) -> Colours:
        """Turn CPIXELs, each followed by `gap` bytes that are not looked at, into an array of one number for each."""
        ...


class TileReader:
    """Reads tile after tile from data that `load` was given."""

    def __init__(self, cpixels: CPixels, *, reuses_palettes: bool = False) -> None:
        self._cpixels = cpixels
        self._reuses_palettes = reuses_palettes
        self._palette: Colours | None = None
        self.load(b"")

    def load(self, data: bytes, at: int = 0) -> None:
        """Go on with other data, from its byte `at` on."""
        self._data = data
        self._bytes = np.frombuffer(data, dtype=np.uint8)
        self._at = at

    @property
    def taken(self) -> int:
        """Where the data goes on after the last tile."""
        return self._at

    def finish(self) -> None:
        """Raise `DecodeError` if there is data after the last tile."""
        if self._at != len(self._data):
            raise DecodeError(f"{len(self._data) - self._at} bytes follow its last tile")

    def read(self, out: Picture) -> None:
        """Fill `out`, a view of (height, width) pixels, from the next tile."""
        match self._take(1)[0]:
            case SubEncoding.RAW:
                self._raw(out)
            case SubEncoding.SOLID:
                out[...] = self._colours(1)[0]
            case colours if colours <= SubEncoding.PACKED_LAST:
                self._packed(self._new_palette(colours), out)
            case SubEncoding.PACKED_REUSED if self._reuses_palettes:
                self._packed(self._last_palette(SubEncoding.PACKED_LAST), out)
            case SubEncoding.PLAIN_RLE:
                out[...] = self._plain_runs(out.size).reshape(out.shape)
            case sub_encoding if sub_encoding >= SubEncoding.PALETTE_RLE_FIRST:
                palette = self._new_palette(sub_encoding - 128)
                out[...] = self._palette_runs(palette, out.size).reshape(out.shape)
            case SubEncoding.PALETTE_RLE_REUSED if self._reuses_palettes:
                out[...] = self._palette_runs(self._last_palette(_PALETTE_MOST), out.size).reshape(out.shape)
            case sub_encoding:
                raise DecodeError(f"a tile has sub-encoding {sub_encoding}, which is not defined")

    def _take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise EndOfData(f"its data ends {size - len(part)} bytes before a tile does")
        self._at += size
        return part

    def _colours(self, count: int, gap: int = 0) -> Colours:
        return self._cpixels.from_cpixels(self._take((self._cpixels.cpixel_bytes + gap) * count), gap)

    def _new_palette(self, colours: int) -> Colours:
        self._palette = self._colours(colours)
        return self._palette

    def _last_palette(self, most: int) -> Colours:
        if self._palette is None:
            raise DecodeError("a tile reuses a palette, and none came before")
        if self._palette.size > most:
            raise DecodeError(f"a tile reuses a palette of {self._palette.size} colours, expected {most} at most")
        return self._palette

    def _raw(self, out: Picture) -> None:
        out[...] = self._colours(out.size).reshape(out.shape)

    def _packed(self, palette: Colours, out: Picture) -> None:
        height, width = out.shape
        bits = 1 if palette.size == 2 else 2 if palette.size <= 4 else 4
        indices = unpack_indices(self._take(packed_bytes(bits, width, height)), bits, width, height)
        out[...] = paint(palette, indices)

    def _plain_runs(self, pixels: int) -> Colours:
        out = np.empty(pixels, dtype=np.uint32)
        filled = 0
        while filled < pixels:
            lengths = self._short_lengths(min(pixels - filled, _WINDOW)).astype(np.intp)
            lengths += 1
            ends = lengths.cumsum()
            wanted = int(ends.searchsorted(pixels - filled)) + 1
            run = self._colours(min(wanted, lengths.size), gap=1).repeat(lengths[:wanted])
            end = filled + run.size
            out[filled:end] = run[: pixels - filled]
            if lengths.size < min(wanted, _WINDOW):
                filled = end
                colour = self._colours(1)
                end += self._run_length(pixels - filled)
                out[filled:end] = colour
            filled = end
        if filled > pixels:
            raise DecodeError(f"a run goes {filled - pixels} pixels past the end of its tile")
        return out

    def _short_lengths(self, most: int) -> NDArray[np.uint8]:
        """Look ahead at lengths of one byte: all up to the first one that goes on, but not more than `most`."""
        token_bytes = self._cpixels.cpixel_bytes + 1
        count = min(most, (len(self._data) - self._at) // token_bytes)
        lengths = self._bytes[self._at + token_bytes - 1 : self._at + count * token_bytes : token_bytes]
        long = lengths == _LONG
        return lengths[: int(long.argmax())] if long.any() else lengths

    def _run_length(self, most: int) -> int:
        length = 1
        while length <= most:
            byte = self._take(1)[0]
            length += byte
            if byte != _LONG:
                break
        return length

    def _palette_runs(self, palette: Colours, pixels: int) -> Colours:
        size = _WINDOW
        while True:
            window = self._bytes[self._at : self._at + size]
            in_length = _in_length(window)
            steps = np.where(in_length[:-1], window, np.uint8(1))
            ends = steps.cumsum(dtype=np.int64)
            last = int(ends.searchsorted(pixels))
            while last < ends.size and in_length[last + 1]:
                last += 1  # a run's length may end in a byte of 0, which moves nothing
            if last < ends.size:
                break
            if size >= 2 * pixels + 2 or window.size < size:  # no token takes more than 2 bytes for each pixel
                raise EndOfData("its data ends in the middle of a tile's runs")
            size *= 2
        if ends[last] != pixels:
            raise DecodeError(f"a run goes {ends[last] - pixels} pixels past the end of its tile")
        self._at += last + 1
        starts = (~in_length[: last + 1]).nonzero()[0]
        lengths = np.add.reduceat(steps[: last + 1], starts, dtype=np.intp)
        return paint(palette, window[starts] & np.uint8(127)).repeat(lengths)


def tile_bytes_most(cpixel_bytes: int, pixels: int) -> int:
    """Return the most that a tile of so many pixels can take: plain RLE of runs of one, or a full palette besides."""
    return 1 + _PALETTE_MOST * cpixel_bytes + pixels * (cpixel_bytes + 1)


def _in_length(window: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """For each byte of palette RLE, and for the one after the last, whether it belongs to a run's length."""
    size = window.size
    long = np.zeros(size + 1, dtype=np.bool_)
    np.equal(window, _LONG, out=long[1:])
    turning = (window >= 128) & ~long[1:]
    turns = np.zeros(size + 1, dtype=np.int32)
    turning.cumsum(out=turns[1:])
    # For each byte, the number of bytes up to and with the last one that tells, itself included.
    told = np.maximum.accumulate(np.where(turning, 0, np.arange(1, size + 1, dtype=np.int32)))
    state = np.zeros(size + 1, dtype=np.bool_)
    np.not_equal(long[told], (turns[1:] - turns[told]) & 1, out=state[1:])
    return state
