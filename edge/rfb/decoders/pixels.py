"""Pixels of the wire as elements of `edge.pixels` pictures, and the indices of palettes."""

import numpy as np
from numpy.typing import NDArray

from edge.errors import DecodeError
from edge.pixels import Picture

Bytes = bytes | bytearray | memoryview
Colours = NDArray[np.uint32]
Indices = NDArray[np.uint8]

_COLOUR = np.uint32(0xFFFFFF)


def from_pixels(data: bytearray, shape: tuple[int, int]) -> Picture:
    """View 32 bit PIXELs as a picture; the spare byte, which servers fill as they like, is cleared in place."""
    picture = np.frombuffer(data, dtype="<u4").reshape(shape)
    picture &= _COLOUR
    return picture


def from_cpixels(data: Bytes) -> Colours:
    """Copy CPIXELs (3 bytes: B, G, R) to a new array of colours."""
    out = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    out[:, :3] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    return out.view(np.uint32)[:, 0]


def from_tpixels(data: Bytes) -> Colours:
    """Copy Tight's TPIXELs (3 bytes: R, G, B) to a new array of colours."""
    out = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    out[:, 2::-1] = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    return out.view(np.uint32)[:, 0]


def _unpacked(bits: int) -> Indices:
    """For each byte, the indices of `bits` bits in it, the most significant first."""
    shifts = np.arange(8 - bits, -1, -bits)
    table = (np.arange(256)[:, None] >> shifts) & ((1 << bits) - 1)
    return table.astype(np.uint8)


_UNPACKED = {bits: _unpacked(bits) for bits in (1, 2, 4)}


def packed_bytes(bits: int, width: int, height: int) -> int:
    """Length of packed indices: each row begins with a new byte."""
    return (width * bits + 7) // 8 * height


def unpack_indices(data: Bytes, bits: int, width: int, height: int) -> Indices:
    """Unpack the (height, width) indices of `packed_bytes` bytes with 1, 2, 4 or 8 bits each."""
    packed = np.frombuffer(data, dtype=np.uint8)
    if bits == 8:
        return packed.reshape(height, width)
    return _UNPACKED[bits].take(packed, axis=0).reshape(height, (width * bits + 7) // 8 * (8 // bits))[:, :width]


def paint(palette: Colours, indices: Indices) -> Colours:
    """Take the colour of each index, in the shape of `indices`; raises `DecodeError` if the palette is too small."""
    try:
        return palette.take(indices)
    except IndexError as wrong:
        raise DecodeError(f"it uses colour {indices.max()} of a palette of {palette.size}") from wrong
