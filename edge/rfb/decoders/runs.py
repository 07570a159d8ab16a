"""Runs of one colour, as the tiles of TRLE and ZRLE have them: found tile by tile, painted for all tiles at once.

A tile ends where its runs have filled it, so its end must be found before the next one can be read. That is done
without a loop over runs, and all else for many tiles together: calls for a few hundred bytes each would take most of
the time.

Source: RFC 6143 sections 7.7.5 and 7.7.6.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.pixels import Picture
from edge.rfb.decoders.pixels import Bytes, Colours

_LONG = 255
# So many tokens, or bytes, are looked at together: what most tiles of text take.
_TOKENS, _WINDOW_BYTES = 512, 1024


class EndOfData(DecodeError):
    """The data ends before the tile does."""


class CPixels(Protocol):
    """What CPIXELs are turned into."""

    cpixel_bytes: int

    def from_cpixels(self, data: Bytes, gap: int = 0) -> Colours:
        """Turn CPIXELs, each followed by `gap` bytes that are not looked at, into an array of one number for each."""
        ...


class PlainRuns:
    """Plain RLE: tokens of a CPIXEL and one byte of length, and more of them for runs of 256 pixels and longer."""

    def __init__(self, cpixels: CPixels) -> None:
        self._cpixels = cpixels
        self._token_bytes = cpixels.cpixel_bytes + 1
        self._tiles: list[Picture] = []
        # The tokens of all tiles, of long runs with one byte of length; the lengths of these by the token's number.
        self._tokens = bytearray()
        self._long: dict[int, int] = {}

    def add_solid(self, cpixel: bytes, tile: Picture) -> None:
        """Add a tile of one colour."""
        self._long[len(self._tokens) // self._token_bytes] = tile.size
        self._tokens += cpixel + b"\0"
        self._tiles.append(tile)

    def read(self, data: bytes, at: int, tile: Picture) -> int:
        """Add the runs that begin at `at` and fill `tile`; returns where in `data` they end.

        Raises `EndOfData` or `DecodeError`, and has then added nothing.
        """
        token_bytes = self._token_bytes
        tokens, long = bytearray(), {}
        before, left = len(self._tokens) // token_bytes, tile.size
        while left > 0:
            lengths = data[at + token_bytes - 1 : at + token_bytes * _TOKENS : token_bytes]
            first_long = lengths.find(_LONG)
            if first_long >= 0:
                lengths = lengths[:first_long]
            pixels = sum(lengths) + len(lengths)
            if pixels >= left:
                lengths, pixels = _filling(lengths, left)
            end = at + token_bytes * len(lengths)
            tokens += data[at:end]
            left -= pixels
            if left > 0 and first_long >= 0:
                tokens += data[end : end + token_bytes]
                length, end = _long_length(data, end + token_bytes - 1, left)
                long[before + len(tokens) // token_bytes - 1] = length
                left -= length
            elif not lengths:
                raise EndOfData("its data ends in the middle of a tile's runs")
            at = end
        if left:
            raise DecodeError(f"a run goes {-left} pixels past the end of its tile")
        self._tokens += tokens
        self._long |= long
        self._tiles.append(tile)
        return at

    def paint(self) -> None:
        """Paint the tiles that were added since it was called last."""
        if self._tiles:
            token_bytes = self._token_bytes
            lengths = np.frombuffer(self._tokens, dtype=np.uint8)[token_bytes - 1 :: token_bytes].astype(np.intp)
            lengths += 1
            lengths[list(self._long)] = list(self._long.values())
            _paint(self._cpixels.from_cpixels(self._tokens, gap=1).repeat(lengths), self._tiles)
        self._tiles, self._tokens, self._long = [], bytearray(), {}


class PaletteRuns:
    """Palette RLE: an index below 128 stands alone, one above it begins a run, whose length is one byte or more.

    A byte below 128 is followed by an index whatever it was, 255 by more of a length, and any other turns one into the
    other: what a byte is, is the parity of these since the last byte that tells.
    """

    def __init__(self, cpixels: CPixels) -> None:
        self._cpixels = cpixels
        self._tiles: list[Picture] = []
        self._palettes: list[bytes] = []
        self._parts: list[NDArray[np.uint8]] = []
        self._in_length: list[NDArray[np.bool_]] = []

    def read(self, data: bytes, at: int, palette: bytes, tile: Picture) -> int:
        """Add the runs of `palette` (CPIXELs) that begin at `at` and fill `tile`; returns where in `data` they end.

        Raises `EndOfData` or `DecodeError`, and has then added nothing.
        """
        pixels, size = tile.size, _WINDOW_BYTES
        while True:
            window = np.frombuffer(data, dtype=np.uint8)[at : at + size]
            in_length = _in_length(window)
            ends = _pixels(window, in_length[:-1]).cumsum()
            last = int(ends.searchsorted(pixels))
            while last < ends.size and in_length[last + 1]:
                last += 1  # a run's length may end in a byte of 0, which moves nothing
            if last < ends.size:
                break
            if size >= 2 * pixels + 2 or window.size < size:  # no token takes more than 2 bytes for each pixel
                raise EndOfData("its data ends in the middle of a tile's runs")
            size = 2 * pixels + 2
        if ends[last] != pixels:
            raise DecodeError(f"a run goes {ends[last] - pixels} pixels past the end of its tile")
        self._tiles.append(tile)
        self._palettes.append(palette)
        self._parts.append(window[: last + 1])
        self._in_length.append(in_length[: last + 1])
        return at + last + 1

    def paint(self) -> None:
        """Paint the tiles that were added since it was called last; raises `DecodeError` if a palette is too small."""
        if self._tiles:
            data, in_length = np.concatenate(self._parts), np.concatenate(self._in_length)
            starts = np.flatnonzero(~in_length)
            lengths = np.add.reduceat(_pixels(data, in_length), starts)
            ends = np.cumsum([part.size for part in self._parts])
            tile = np.arange(len(self._tiles)).repeat(np.diff(starts.searchsorted(ends), prepend=0))
            _paint(self._colours(data[starts] & np.uint8(127), tile).repeat(lengths), self._tiles)
        self._tiles, self._palettes, self._parts, self._in_length = [], [], [], []

    def _colours(self, indices: NDArray[np.uint8], tile: NDArray[np.intp]) -> Colours:
        """Take the colour of each index from the palette of its tile."""
        sizes = np.array([len(palette) // self._cpixels.cpixel_bytes for palette in self._palettes])
        if (beyond := indices >= sizes[tile]).any():
            first = int(beyond.argmax())
            raise DecodeError(f"it uses colour {indices[first]} of a palette of {sizes[tile[first]]}")
        colours = self._cpixels.from_cpixels(b"".join(self._palettes))
        taken: Colours = colours.take(indices + (sizes.cumsum() - sizes)[tile])
        return taken


def _filling(lengths: bytes, left: int) -> tuple[bytes, int]:
    """Return as many of the lengths as fill what is left of a tile, and their pixels."""
    ends = np.frombuffer(lengths, dtype=np.uint8).astype(np.intp).cumsum()  # to convert while summing takes far longer
    ends += np.arange(1, ends.size + 1)
    last = int(ends.searchsorted(left))
    return lengths[: last + 1], int(ends[last])


def _long_length(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Read the bytes of one run's length, of one over `most` not all; returns it, and where they end."""
    length = 1
    while length <= most:
        if at >= len(data):
            raise EndOfData("its data ends in the middle of a run's length")
        byte = data[at]
        length += byte
        at += 1
        if byte != _LONG:
            break
    return length, at


# For each byte of the longest window: the number of the place behind it, and that with its parity as the lowest bit.
_BEHIND = np.arange(1, 1 << 14, dtype=np.int32)
_CODES = _BEHIND << 1 | _BEHIND & 1


def _in_length(window: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """For each byte of palette RLE, and for the one after the last, whether it belongs to a run's length."""
    size = window.size
    tells = window + np.uint8(1) <= 128  # in a byte, 255 + 1 is 0
    # The highest code so far is the last telling byte's, whose lowest bit is turned if a length goes on behind it.
    told = (_CODES[:size] ^ (window == _LONG)) * tells
    np.maximum.accumulate(told, out=told)
    told ^= _BEHIND[:size]
    told &= 1
    state = np.zeros(size + 1, dtype=np.bool_)
    state[1:] = told
    return state


def _pixels(data: NDArray[np.uint8], in_length: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each byte of palette RLE, how many pixels it adds to its run."""
    return (data * in_length | ~in_length).astype(np.intp)


def _paint(pixels: Colours, tiles: list[Picture]) -> None:
    """Put pixels that follow each other into their tiles."""
    at = 0
    for tile in tiles:
        tile[...] = pixels[at : at + tile.size].reshape(tile.shape)
        at += tile.size
