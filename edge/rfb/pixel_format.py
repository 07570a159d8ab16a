"""How pixels stand on the wire.

Source: RFC 6143 section 7.4.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Self

from edge.errors import ProtocolViolation

_LAYOUT = Struct(">BBBBHHHBBB3x")


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Bits of a pixel and where its colours lie; the maxima are 2**n - 1."""

    bits_per_pixel: int
    depth: int
    big_endian: bool
    true_colour: bool
    red_max: int
    green_max: int
    blue_max: int
    red_shift: int
    green_shift: int
    blue_shift: int

    SIZE_BYTES = _LAYOUT.size

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> Self:
        """Read one from its 16 bytes; raises `ProtocolViolation` where it describes no pixel."""
        bits, depth, big, true, *colours = _LAYOUT.unpack(data)
        found = cls(bits, depth, bool(big), bool(true), *colours)
        if bits not in {8, 16, 32}:
            raise ProtocolViolation(f"a pixel format of {bits} bits per pixel, expected 8, 16 or 32")
        if not 1 <= depth <= bits:
            raise ProtocolViolation(f"a pixel format of depth {depth} in {bits} bits per pixel")
        if true:
            for name, maximum, shift in zip(("red", "green", "blue"), colours[:3], colours[3:], strict=True):
                if maximum & (maximum + 1) or maximum << shift >= 1 << bits:
                    raise ProtocolViolation(
                        f"a pixel format whose {name} (maximum {maximum}, shift {shift}) does not fit {bits} bits"
                    )
        return found

    def to_bytes(self) -> bytes:
        """Its 16 bytes on the wire."""
        return _LAYOUT.pack(
            self.bits_per_pixel,
            self.depth,
            self.big_endian,
            self.true_colour,
            self.red_max,
            self.green_max,
            self.blue_max,
            self.red_shift,
            self.green_shift,
            self.blue_shift,
        )


#: What this client always sets: the layout of `edge.pixels`, so that decoding is a view. CPIXEL is B, G, R.
XRGB8888 = PixelFormat(32, 24, False, True, 255, 255, 255, 16, 8, 0)
