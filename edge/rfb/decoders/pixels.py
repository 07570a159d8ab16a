"""Pixels of the wire as elements of `edge.pixels` pictures, and the indices of palettes."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError, ProtocolViolation
from edge.pixels import Picture, from_bgr, from_rgb
from edge.rfb.pixel_format import XRGB8888, PixelFormat

Bytes = bytes | bytearray | memoryview
Colours = NDArray[np.uint32]
Indices = NDArray[np.uint8]
#: Red, green and blue of each pixel, from 0 to their maxima: (pixels, 3).
Levels = NDArray[np.unsignedinteger[Any]]

_COLOUR = np.uint32(0xFFFFFF)
# Where red, green and blue lie in an element of a picture.
_SHIFTS = (16, 8, 0)
# SetColourMapEntries counts in 16 bits, so a colour map for pixels of 32 bits has no more colours either.
_MAP_BITS = 16


class PixelCodec:
    """Turns the pixels of one connection's format into colours (0x00RRGGBB), and keeps its colour map.

    Levels are scaled to 8 bits and rounded, so they are exact where the maximum is 255. Colours that a colour map has
    not been told yet are black.
    """

    def __init__(self, pixel_format: PixelFormat) -> None:
        self.pixel_format = pixel_format
        self.pixel_bytes = pixel_format.pixel_bytes
        self.cpixel_bytes = len(range(*pixel_format.cpixel_slice.indices(self.pixel_bytes)))
        self.tpixel_bytes = 3 if pixel_format.has_tpixel else self.pixel_bytes
        self.maxima: NDArray[np.uint16] = np.array([channel.maximum for channel in pixel_format.channels], np.uint16)
        self._cpixel = pixel_format.cpixel_slice
        self._dtype = np.dtype(f"{'>' if pixel_format.big_endian else '<'}u{self.pixel_bytes}")
        self._scales = [_scale(*both) for both in zip(self.maxima.tolist(), _SHIFTS, strict=True)]
        self._is_view = self._dtype == "<u4" and pixel_format.channels == XRGB8888.channels and pixel_format.true_colour
        self._table = self._new_table()

    def from_pixels(self, data: Bytes, shape: tuple[int, int]) -> Picture:
        """Turn PIXELs into a picture of `shape` (height, width), in place where `data` is a bytearray in its layout.

        Raises `DecodeError` where a pixel is not in the colour map.
        """
        values = np.frombuffer(data, dtype=self._dtype)
        if self._is_view and values.flags.writeable:
            # The spare byte, which servers fill as they like, is cleared.
            values &= _COLOUR
            return values.reshape(shape)
        return self.colours(values).reshape(shape)

    def from_spaced_pixels(self, data: Bytes, gap: int) -> Colours:
        """Turn PIXELs, each followed by `gap` bytes that are not looked at, into a new array of colours."""
        return self.colours(_every(data, self._dtype, self.pixel_bytes + gap))

    def from_cpixels(self, data: Bytes, gap: int = 0) -> Colours:
        """Turn CPIXELs, each followed by `gap` bytes that are not looked at, into a new array of colours."""
        if self._is_view and self.cpixel_bytes == 3 and not gap:
            return from_bgr(np.frombuffer(data, dtype=np.uint8).reshape(1, -1, 3)).ravel()
        return self.colours(self.cpixel_values(data, gap))

    def from_cpixel_values(self, values: Colours) -> Colours:
        """Turn CPIXELs as the numbers that their bytes are, the lowest first, into colours; in place where they are."""
        if self._is_view and self.cpixel_bytes == 3:
            return values
        return self.from_cpixels(values.tobytes(), gap=values.itemsize - self.cpixel_bytes).reshape(values.shape)

    def cpixel_values(self, data: Bytes, gap: int = 0) -> NDArray[Any]:
        """Read the numbers that CPIXELs are, with anything in the bits that belong to no colour."""
        values = _every(data, self._dtype, self.cpixel_bytes + gap)
        if self._cpixel.start:
            # The missing byte is the first one of the pixel: the next byte must give up its place to the colours.
            values = values >> 8 if self.pixel_format.big_endian else values << 8
        return values

    def colours(self, values: NDArray[Any]) -> Colours:
        """Turn pixels as numbers into a new array of colours, in the shape of `values`."""
        if self._table is not None:
            return paint(self._table, values)
        return values & _COLOUR if self._is_view else self._composed(values)

    def from_tpixels(self, data: Bytes) -> Colours:
        """Turn Tight's TPIXELs (3 bytes: R, G, B; or PIXELs) into a new array of colours."""
        if self.tpixel_bytes == 3:
            if len(data) == 3:  # a fill: most rectangles of a page of text
                return np.array([int.from_bytes(data, "big")], dtype=np.uint32)
            return from_rgb(np.frombuffer(data, dtype=np.uint8).reshape(1, -1, 3)).ravel()
        return self.colours(np.frombuffer(data, dtype=self._dtype))

    def to_levels(self, data: Bytes) -> Levels:
        """Split TPIXELs of a true-colour format into a new array of levels."""
        if self.tpixel_bytes == 3:
            return np.frombuffer(data, dtype=np.uint8).reshape(-1, 3).copy()
        values = np.frombuffer(data, dtype=self._dtype)
        return np.stack(
            [values >> channel.shift & channel.maximum for channel in self.pixel_format.channels], axis=1
        ).astype(np.uint16)

    def from_levels(self, levels: Levels) -> Colours:
        """Turn levels (pixels, 3) into a new array of colours."""
        red, green, blue = (scale.take(levels[:, number]) for number, scale in enumerate(self._scales))
        colours: Colours = red | green | blue
        return colours

    def set_colours(self, first: int, colours: NDArray[np.uint16]) -> bool:
        """Put (count, 3) red, green and blue of 16 bits each into the colour map, from number `first` on.

        Returns whether there is one, as it is of no effect in true colour. Raises `ProtocolViolation` where it has no
        such numbers.
        """
        if self.pixel_format.true_colour or self._table is None:
            return False
        if first + len(colours) > self._table.size:
            raise ProtocolViolation(
                f"{len(colours)} colours from number {first} on, in a colour map of {self._table.size}"
            )
        levels = colours.astype(np.uint32) >> 8
        self._table[first : first + len(colours)] = levels @ np.array([1 << shift for shift in _SHIFTS], np.uint32)
        return True

    def _new_table(self) -> Colours | None:
        bits = self.pixel_format.bits_per_pixel
        if not self.pixel_format.true_colour:
            return np.zeros(1 << min(bits, _MAP_BITS), dtype=np.uint32)
        return self._composed(np.arange(1 << bits, dtype=np.uint32)) if bits <= _MAP_BITS else None

    def _composed(self, values: NDArray[Any]) -> Colours:
        out = np.zeros(values.shape, dtype=np.uint32)
        for channel, scale in zip(self.pixel_format.channels, self._scales, strict=True):
            out |= scale.take(values >> channel.shift & channel.maximum)
        return out


def _every(data: Bytes, dtype: np.dtype[Any], step: int) -> NDArray[Any]:
    """View a number at every `step` bytes of `data`, whatever its size: the last byte of each may be the next one's."""
    return np.ndarray((len(data) // step,), dtype, bytes(data) + b"\0", strides=(step,))


def _scale(maximum: int, shift: int) -> Colours:
    """For each level up to `maximum`, its 8 bits at `shift`."""
    levels = np.arange(maximum + 1, dtype=np.uint32)
    return np.asarray((levels * 255 + maximum // 2) // max(1, maximum) << shift, dtype=np.uint32)


def _unpacked(bits: int) -> Indices:
    """For each byte, the indices of `bits` bits in it, the most significant first."""
    shifts = np.arange(8 - bits, -1, -bits)
    table = (np.arange(256)[:, None] >> shifts) & ((1 << bits) - 1)
    return table.astype(np.uint8)


_UNPACKED = {bits: _unpacked(bits) for bits in (2, 4)}
# From so many indices on OpenCV's look-up, which takes its time to begin, is faster than NumPy's; five times at most.
_MANY = 8192


def packed_bytes(bits: int, width: int, height: int) -> int:
    """Length of packed indices: each row begins with a new byte."""
    return (width * bits + 7) // 8 * height


def unpack_indices(data: Bytes, bits: int, width: int, height: int) -> Indices:
    """Unpack the (height, width) indices of `packed_bytes` bytes with 1, 2, 4 or 8 bits each."""
    packed = np.frombuffer(data, dtype=np.uint8)
    if bits == 8:
        return packed.reshape(height, width)
    rows = packed.reshape(height, (width * bits + 7) // 8)
    if bits == 1:
        return np.unpackbits(rows, axis=1, count=width)
    return _UNPACKED[bits].take(rows, axis=0).reshape(height, rows.shape[1] * (8 // bits))[:, :width]


def paint(palette: Colours, indices: NDArray[Any]) -> Colours:
    """Take the colour of each index, in the shape of `indices`; raises `DecodeError` if the palette is too small."""
    if indices.dtype == np.uint8 and indices.size >= _MANY:
        return _paint_many(palette, indices)
    try:
        return palette.take(indices)
    except IndexError as wrong:
        raise _beyond(palette, indices) from wrong


def _paint_many(palette: Colours, indices: Indices) -> Colours:
    table = np.zeros(256, dtype=np.int32)
    table[: palette.size] = palette.view(np.int32)
    if palette.size < table.size and indices.max() >= palette.size:
        raise _beyond(palette, indices)
    return np.asarray(cv2.LUT(indices, table)).view(np.uint32)


def _beyond(palette: Colours, indices: NDArray[Any]) -> DecodeError:
    return DecodeError(f"it uses colour {indices.max()} of a palette of {palette.size}")
