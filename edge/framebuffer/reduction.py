"""Which native pixels each low-resolution pixel stands for, and the server's own mean of them.

LibVNCServer scales a W x H framebuffer by n to (W // n) x (H // n) pixels. Low-resolution column i is the mean of the
n native columns from int(i * W / (W // n)) on, truncated per channel; rows likewise. Where n divides W and H these are
plain n x n blocks; elsewhere a column or row is left out now and then, and the blocks drift.

Source: LibVNCServer, rfbScaledScreenUpdateRect; compared with x11vnc 0.9.16 in tests/rfb.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Rect, Size
from edge.pixels import Picture


def _starts(native: int, low: int) -> NDArray[np.intp]:
    """First native column of each low-resolution one, in the server's double arithmetic."""
    return (np.arange(low, dtype=np.float64) / low * native).astype(np.intp)


@dataclass(frozen=True)
class Reduction:
    """The relation of a native picture of size `native` to its reduction by `scale` on each side."""

    native: Size
    scale: int

    @cached_property
    def low(self) -> Size:
        """Size of the low-resolution picture."""
        return Size(self.native.width // self.scale, self.native.height // self.scale)

    @cached_property
    def _aligned(self) -> bool:
        return self.low.width * self.scale == self.native.width and self.low.height * self.scale == self.native.height

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        return np.append(_starts(self.native.width, self.low.width), self.native.width)

    @cached_property
    def _rows(self) -> NDArray[np.intp]:
        return np.append(_starts(self.native.height, self.low.height), self.native.height)

    def to_native(self, rect: Rect) -> Rect:
        """Return the native pixels that the low-resolution `rect` stands for, with the ones left out between its blocks."""
        if self._aligned:
            return rect.scaled(self.scale)
        x, y = int(self._columns[rect.x]), int(self._rows[rect.y])
        return Rect(x, y, int(self._columns[rect.right]) - x, int(self._rows[rect.bottom]) - y)

    def to_low(self, rect: Rect) -> Rect:
        """Return the low-resolution pixels whose native ones all lie in `rect`; may be empty."""
        x, y = int(np.searchsorted(self._columns, rect.x)), int(np.searchsorted(self._rows, rect.y))
        right = int(np.searchsorted(self._columns, rect.right, side="right")) - 1
        bottom = int(np.searchsorted(self._rows, rect.bottom, side="right")) - 1
        return Rect(x, y, max(0, right - x), max(0, bottom - y))

    def reduce(self, pixels: Picture, low: Rect) -> Picture:
        """Mean native `pixels`, those of `to_native(low)`, as the server does; (low.height, low.width)."""
        scale = self.scale
        if not self._aligned:
            pixels = pixels[
                np.ix_(self._spread(self._rows, low.y, low.bottom), self._spread(self._columns, low.x, low.right))
            ]
        # Red and blue in one sum, green in another: scale * scale bytes need 12 of the 16 bits that each has.
        shift = np.uint32(2 * (scale.bit_length() - 1))
        red_blue = self._block_sums(pixels & np.uint32(0xFF00FF)) >> shift & np.uint32(0xFF00FF)
        green = self._block_sums(pixels >> np.uint32(8) & np.uint32(0xFF)) >> shift
        return red_blue | green << np.uint32(8)

    def _block_sums(self, values: Picture) -> Picture:
        """Sum of each scale x scale block."""
        rows = values[0 :: self.scale].copy()
        for offset in range(1, self.scale):
            rows += values[offset :: self.scale]
        sums = rows[:, 0 :: self.scale].copy()
        for offset in range(1, self.scale):
            sums += rows[:, offset :: self.scale]
        return sums

    def expand(self, pixels: Picture, low: Rect) -> Picture:
        """Spread `pixels`, `scale` times the size of `low`, over `to_native(low)`; the left one fills what is left out."""
        if self._aligned:
            return pixels
        rows = self._gather(self._rows, low.y, low.bottom)
        return pixels[np.ix_(rows, self._gather(self._columns, low.x, low.right))]

    def _spread(self, starts: NDArray[np.intp], first: int, last: int) -> NDArray[np.intp]:
        """Index, from starts[first] on, the `scale` native columns that make each low-resolution one."""
        return (starts[first:last, None] - starts[first] + np.arange(self.scale)).ravel()

    def _gather(self, starts: NDArray[np.intp], first: int, last: int) -> NDArray[np.intp]:
        """For each native column of the range, its index in the picture that is exactly `scale` times as wide."""
        native = np.arange(starts[first], starts[last])
        block = np.searchsorted(starts, native, side="right") - 1
        inside: NDArray[np.intp] = np.minimum(native - starts[block], self.scale - 1)
        return (block - first) * self.scale + inside
