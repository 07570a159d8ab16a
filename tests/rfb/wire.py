"""Pixels in any format, written plainly from the specification: one at a time, and as what is left of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import strategies as st

from edge.geometry import Size
from edge.pixels import Picture
from edge.rfb import XRGB8888, PixelFormat
from tests.rfb import encode

FORMATS = {
    "xrgb": XRGB8888,
    "xbgr": PixelFormat(32, 24, False, True, 255, 255, 255, 0, 8, 16),
    "xrgb-big": PixelFormat(32, 24, True, True, 255, 255, 255, 16, 8, 0),
    "rgbx": PixelFormat(32, 24, False, True, 255, 255, 255, 24, 16, 8),
    "rgbx-big": PixelFormat(32, 24, True, True, 255, 255, 255, 24, 16, 8),
    "x-rgb-in-32": PixelFormat(32, 32, False, True, 255, 255, 255, 16, 8, 0),
    "rgb30": PixelFormat(32, 30, False, True, 1023, 1023, 1023, 20, 10, 0),
    "gaps": PixelFormat(32, 24, True, True, 255, 15, 511, 22, 10, 1),
    "rgb565": PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0),
    "rgb565-big": PixelFormat(16, 16, True, True, 31, 63, 31, 11, 5, 0),
    "bgr555": PixelFormat(16, 15, False, True, 31, 31, 31, 0, 5, 10),
    "rgb332": PixelFormat(8, 8, False, True, 7, 7, 3, 5, 2, 0),
    "bgr233": PixelFormat(8, 8, False, True, 7, 7, 3, 0, 3, 6),
    "map-8": PixelFormat(8, 8, False, False),
    "map-16-big": PixelFormat(16, 12, True, False),
}


@dataclass(frozen=True)
class Wire:
    """`colours` is the colour map, if the format has one; spare bits are set, as servers may."""

    pixel_format: PixelFormat
    colours: tuple[int, ...] = ()

    def value(self, colour: int) -> int:
        form = self.pixel_format
        if not form.true_colour:
            return self.colours.index(colour)
        value, used = 0, 0
        for (_, maximum, shift), level in zip(form.channels, colour.to_bytes(3, "big"), strict=True):
            value |= (2 * level * maximum + 255) // 510 << shift
            used |= maximum << shift
        return value | ((1 << form.bits_per_pixel) - 1) & ~used

    def pixel(self, colour: int) -> bytes:
        return self.value(colour).to_bytes(self.pixel_format.bits_per_pixel // 8, self._order)

    def cpixel(self, colour: int) -> bytes:
        form = self.pixel_format
        if form.true_colour and form.bits_per_pixel == 32 and form.depth <= 24:
            ends = [maximum << shift for _, maximum, shift in form.channels]
            if max(ends) < 1 << 24:
                return (self.value(colour) % (1 << 24)).to_bytes(3, self._order)
            if all(end % (1 << 8) == 0 for end in ends):
                return (self.value(colour) >> 8).to_bytes(3, self._order)
        return self.pixel(colour)

    def tpixel(self, colour: int) -> bytes:
        form = self.pixel_format
        maxima = [channel.maximum for channel in form.channels]
        if form.true_colour and (form.bits_per_pixel, form.depth, *maxima) == (32, 24, 255, 255, 255):
            return colour.to_bytes(3, "big")
        return self.pixel(colour)

    def pixels(self, colours: Iterable[int]) -> bytes:
        return b"".join(self.pixel(int(colour)) for colour in np.ravel(colours))

    def cpixels(self, colours: Iterable[int]) -> bytes:
        return b"".join(self.cpixel(int(colour)) for colour in np.ravel(colours))

    def tpixels(self, colours: Iterable[int]) -> bytes:
        return b"".join(self.tpixel(int(colour)) for colour in np.ravel(colours))

    def picture(self, size: Size, colours: int, seed: int = 0, run: int = 5) -> Picture:
        """A picture like those of `encode.picture`, of colours that the map has."""
        found = encode.picture(size, colours, seed, run)
        if self.pixel_format.true_colour:
            return found
        indices = np.unique(found, return_inverse=True)[1].reshape(size.shape) % len(self.colours)
        return np.array(self.colours, dtype=np.uint32)[indices]

    def shown(self, picture: Picture) -> Picture:
        """What is left of a picture."""
        colours, indices = np.unique(picture, return_inverse=True)
        return np.array([self._shown(int(colour)) for colour in colours], np.uint32)[indices].reshape(picture.shape)

    def _shown(self, colour: int) -> int:
        if not self.pixel_format.true_colour:
            return colour
        value, out = self.value(colour), 0
        for _, maximum, shift in self.pixel_format.channels:
            out = out << 8 | round((value >> shift & maximum) * 255 / maximum)
        return out

    @property
    def _order(self) -> str:
        return "big" if self.pixel_format.big_endian else "little"


@cache
def colour_map(bits: int) -> tuple[int, ...]:
    return tuple(range(0x102030, 0x102030 + (1 << min(bits, 12)) * 0x0307, 0x0307))[: 1 << min(bits, 12)]


def wire(pixel_format: PixelFormat) -> Wire:
    return Wire(pixel_format, () if pixel_format.true_colour else colour_map(pixel_format.bits_per_pixel))


@st.composite
def true_colour_formats(draw: st.DrawFn) -> PixelFormat:
    """Any legal true-colour format: bits for each colour, in any order, with gaps between them."""
    bits_per_pixel = draw(st.sampled_from([8, 16, 32]))
    most = min(16, bits_per_pixel - 2)
    bits = [draw(st.integers(1, most))]
    bits.append(draw(st.integers(1, min(16, bits_per_pixel - bits[0] - 1))))
    bits.append(draw(st.integers(1, min(16, bits_per_pixel - sum(bits)))))
    spare = bits_per_pixel - sum(bits)
    shift, shifts = 0, [0, 0, 0]
    for place in draw(st.permutations([0, 1, 2])):
        gap = draw(st.integers(0, spare))
        spare -= gap
        shifts[place] = shift + gap
        shift += gap + bits[place]
    depth = draw(st.integers(1, bits_per_pixel))
    maxima = [(1 << count) - 1 for count in bits]
    return PixelFormat(bits_per_pixel, depth, draw(st.booleans()), True, *maxima, *shifts)
