"""Which native pixels each low-resolution pixel stands for, and the server's own mean of them.

LibVNCServer scales a W x H framebuffer by n to (W // n) x (H // n) pixels, each the mean of n x n native ones,
truncated per channel; it is asked for them in RGB565, which halves their bytes on the wire. Where n divides W and H
these are plain blocks. Elsewhere the W % n columns and H % n rows at the right and at the bottom are never sent, and an
update that covers only a part of the screen begins up to n - 1 pixels off its place: such evidence is a good guess, and
only what comes at full size is right.

Source: LibVNCServer, rfbScaledScreenUpdateRect and rfbScaledCorrection; compared with x11vnc 0.9.16 in tests/rfb.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture, rgb565


@dataclass(frozen=True)
class Reduction:
    """The relation of a native picture of size `native` to its reduction by `scale`, a power of two, on each side."""

    native: Size
    scale: int

    @cached_property
    def low(self) -> Size:
        """Size of the low-resolution picture."""
        return Size(self.native.width // self.scale, self.native.height // self.scale)

    def to_native(self, rect: Rect) -> Rect:
        """Return the native pixels that the low-resolution `rect` stands for; at the edge also those never sent."""
        large = rect.scaled(self.scale)
        right = self.native.width if rect.right == self.low.width else large.right
        bottom = self.native.height if rect.bottom == self.low.height else large.bottom
        return Rect(large.x, large.y, right - large.x, bottom - large.y)

    def to_low(self, rect: Rect) -> Rect:
        """Return the low-resolution pixels whose native ones all lie in `rect`; may be empty."""
        scale = self.scale
        x, y = -(-rect.x // scale), -(-rect.y // scale)
        right = self.low.width if rect.right == self.native.width else rect.right // scale
        bottom = self.low.height if rect.bottom == self.native.height else rect.bottom // scale
        return Rect(x, y, max(0, min(right, self.low.width) - x), max(0, min(bottom, self.low.height) - y))

    def touching(self, rect: Rect) -> Rect:
        """Return the low-resolution pixels that stand for any pixel of the native `rect`, which is not empty."""
        scale, low = self.scale, self.low
        x, y = min(rect.x // scale, low.width - 1), min(rect.y // scale, low.height - 1)
        right, bottom = min(-(-rect.right // scale), low.width), min(-(-rect.bottom // scale), low.height)
        return Rect(x, y, max(1, right - x), max(1, bottom - y))

    def reduce(self, pixels: Picture, low: Rect) -> Picture:
        """Mean and round native `pixels`, those of `to_native(low)`, as the server does; (low.height, low.width)."""
        pixels = pixels[: low.height * self.scale, : low.width * self.scale]
        # Red and blue in one sum, green in another: scale * scale bytes need 12 of the 16 bits that each has.
        shift = np.uint32(2 * (self.scale.bit_length() - 1))
        red_blue = self._block_sums(pixels & np.uint32(0xFF00FF)) >> shift & np.uint32(0xFF00FF)
        green = self._block_sums(pixels >> np.uint32(8) & np.uint32(0xFF)) >> shift
        return rgb565(red_blue | green << np.uint32(8))

    def expand(self, pixels: Picture, low: Rect) -> Picture:
        """Lay `pixels`, `scale` times the size of `low`, over `to_native(low)`; what is not sent repeats the edge."""
        native = self.to_native(low)
        missing = (native.height - pixels.shape[0], native.width - pixels.shape[1])
        return np.pad(pixels, ((0, missing[0]), (0, missing[1])), mode="edge") if any(missing) else pixels

    def _block_sums(self, values: Picture) -> Picture:
        """Sum of each scale x scale block."""
        rows = values[0 :: self.scale].copy()
        for offset in range(1, self.scale):
            rows += values[offset :: self.scale]
        sums = rows[:, 0 :: self.scale].copy()
        for offset in range(1, self.scale):
            sums += rows[:, offset :: self.scale]
        return sums
