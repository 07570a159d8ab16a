"""How pixels stand on the wire.

Source: RFC 6143 section 7.4; CPIXEL from section 7.7.5; TPIXEL from the Tight section of the rfbproto specification.
"""

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple, Self

from edge.errors import ProtocolViolation

_LAYOUT = Struct(">BBBBHHHBBB3x")
_LOW_3_BYTES, _HIGH_3_BYTES = 0x00FFFFFF, 0xFFFFFF00


class Channel(NamedTuple):
    """One colour of a pixel: it takes its values from 0 to `maximum` at the bits from `shift` on."""

    name: str
    maximum: int
    shift: int

    @property
    def mask(self) -> int:
        """Its bits in a pixel."""
        return self.maximum << self.shift


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """Bits of a pixel and where its colours lie; without `true_colour` pixels index a colour map.

    Maxima are 2**n - 1 with n from 1 to 16, and no two colours share a bit. The six last numbers mean nothing where
    there is a colour map. Raises `ValueError` where it describes no pixel. `depth` is only checked against
    `bits_per_pixel`: servers announce depths that are not the sum of their colours' bits.
    """

    bits_per_pixel: int
    depth: int
    big_endian: bool
    true_colour: bool
    red_max: int = 0
    green_max: int = 0
    blue_max: int = 0
    red_shift: int = 0
    green_shift: int = 0
    blue_shift: int = 0

    SIZE_BYTES = _LAYOUT.size

    def __post_init__(self) -> None:
        if self.bits_per_pixel not in {8, 16, 32}:
            raise ValueError(f"a pixel format of {self.bits_per_pixel} bits per pixel, expected 8, 16 or 32")
        if not 1 <= self.depth <= self.bits_per_pixel:
            raise ValueError(f"a pixel format of depth {self.depth} in {self.bits_per_pixel} bits per pixel")
        if not self.true_colour:
            return
        taken = 0
        for channel in self.channels:
            name, maximum, shift = channel
            if not 1 <= maximum <= 0xFFFF or maximum & (maximum + 1):
                raise ValueError(
                    f"a pixel format whose {name} (maximum {maximum}, shift {shift}) is not of 1 to 16 whole bits"
                )
            if shift + maximum.bit_length() > self.bits_per_pixel:
                raise ValueError(
                    f"a pixel format whose {name} (maximum {maximum}, shift {shift}) "
                    f"does not fit {self.bits_per_pixel} bits"
                )
            if taken & channel.mask:
                raise ValueError(
                    f"a pixel format whose {name} (maximum {maximum}, shift {shift}) shares bits with another colour"
                )
            taken |= channel.mask

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> Self:
        """Read one from its 16 bytes; raises `ProtocolViolation` where it describes no pixel."""
        bits, depth, big, true, *colours = _LAYOUT.unpack(data)
        try:
            return cls(bits, depth, bool(big), bool(true), *colours)
        except ValueError as wrong:
            raise ProtocolViolation(str(wrong)) from wrong

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

    @property
    def channels(self) -> tuple[Channel, Channel, Channel]:
        """Red, green and blue."""
        return (
            Channel("red", self.red_max, self.red_shift),
            Channel("green", self.green_max, self.green_shift),
            Channel("blue", self.blue_max, self.blue_shift),
        )

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a PIXEL."""
        return self.bits_per_pixel // 8

    @property
    def cpixel_slice(self) -> slice:
        """Which bytes of a PIXEL are a CPIXEL: all, or the three that hold its colours.

        Where all colours fit both the three most and the three least significant bytes, it is the least.
        """
        if self.true_colour and self.bits_per_pixel == 32 and self.depth <= 24:
            mask = sum(channel.mask for channel in self.channels)
            if not mask & ~_LOW_3_BYTES:
                return slice(1, 4) if self.big_endian else slice(0, 3)
            if not mask & ~_HIGH_3_BYTES:
                return slice(0, 3) if self.big_endian else slice(1, 4)
        return slice(0, self.pixel_bytes)

    @property
    def has_tpixel(self) -> bool:
        """Whether Tight sends three bytes of red, green and blue instead of a PIXEL."""
        maxima = {channel.maximum for channel in self.channels}
        return self.true_colour and self.bits_per_pixel == 32 and self.depth == 24 and maxima == {255}


#: The layout of `edge.pixels`, so that decoding is a view. CPIXEL is B, G, R.
XRGB8888 = PixelFormat(32, 24, False, True, 255, 255, 255, 16, 8, 0)
