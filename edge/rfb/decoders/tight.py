"""Tight: one of fill, JPEG, or a filter over one of four zlib streams for each rectangle.

Source: the Tight section of the rfbproto specification.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

import numpy as np

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb.decoders.gradient import undo_gradient
from edge.rfb.decoders.inflate import Inflater, deflated_bound
from edge.rfb.decoders.jpeg import decode_jpeg, jpeg_bytes_most
from edge.rfb.decoders.pixels import Indices, PixelCodec, packed_bytes, paint, unpack_indices
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_STREAMS = 4
_RESETS = (1 << _STREAMS) - 1
_FILL, _JPEG, _FIRST_UNDEFINED = 8, 9, 8
_FILTER_FOLLOWS = 4
# Data shorter than this is not compressed at all.
_LEAST_COMPRESSED_BYTES = 12


class Filter(IntEnum):
    """What was done to the pixels before they were compressed."""

    COPY = 0
    PALETTE = 1
    GRADIENT = 2


def new_streams() -> Sequence[Inflater]:
    """Make the zlib streams of a new connection."""
    return tuple(Inflater() for _ in range(_STREAMS))


class Tight:
    """The decoder of Tight, with the connection's four zlib streams."""

    draws: ClassVar[bool] = True
    _encoding: ClassVar[EncodingNumber] = EncodingNumber.TIGHT

    def __init__(self, codec: PixelCodec, streams: Sequence[Inflater]) -> None:
        self._codec = codec
        self._inflaters = streams

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the control byte and what it announces."""
        control = yield from stream.u8()
        if control & _RESETS:
            for number, inflater in enumerate(self._inflaters):
                if control >> number & 1:
                    inflater.reset()
        kind = control >> 4
        if kind == _FILL:
            colour = self._codec.from_tpixels((yield from stream.read(self._codec.tpixel_bytes)))
            picture = np.full(rect.size.shape, colour[0])
        elif kind == _JPEG:
            length = yield from compact_length(stream, jpeg_bytes_most(rect.size))
            picture = decode_jpeg((yield from stream.read(length)), rect.size)
        elif kind < _FIRST_UNDEFINED:
            filter_id = (yield from stream.u8()) if kind & _FILTER_FOLLOWS else Filter.COPY
            picture = yield from self._filtered(stream, rect.size, filter_id, self._inflaters[kind & 3])
        else:
            picture = yield from self._extension(stream, control, rect.size)
        yield RectangleDecoded(rect, picture, self._encoding, exact=kind != _JPEG)

    def _extension(self, stream: Stream, control: int, size: Size) -> Parser[Picture]:  # noqa: ARG002
        """Read what has another compression control than Tight defines."""
        raise DecodeError(f"compression control 0x{control:02x} is not defined for {self._encoding.name}")

    def _filtered(self, stream: Stream, size: Size, filter_id: int, inflater: Inflater) -> Parser[Picture]:
        codec = self._codec
        match filter_id:
            case Filter.COPY:
                data = yield from _basic(stream, codec.tpixel_bytes * size.area, inflater)
                return codec.from_tpixels(data).reshape(size.shape)
            case Filter.PALETTE:
                return (yield from _palette(stream, size, inflater, codec))
            case Filter.GRADIENT if codec.pixel_format.true_colour:
                data = yield from _basic(stream, codec.tpixel_bytes * size.area, inflater)
                levels = undo_gradient(codec.to_levels(data), codec.maxima, size)
                return codec.from_levels(levels).reshape(size.shape)
            case Filter.GRADIENT:
                raise DecodeError("the gradient filter, which has no meaning for a colour map")
            case _:
                raise DecodeError(f"filter {filter_id} is not defined for Tight")


def _palette(stream: Stream, size: Size, inflater: Inflater, codec: PixelCodec) -> Parser[Picture]:
    colours = 1 + (yield from stream.u8())
    if colours < 2:
        raise DecodeError("a palette of 1 colour, expected 2 to 256")
    palette = codec.from_tpixels((yield from stream.read(codec.tpixel_bytes * colours)))
    bits = 1 if colours == 2 else 8
    data = yield from _basic(stream, packed_bytes(bits, size.width, size.height), inflater)
    indices: Indices = unpack_indices(data, bits, size.width, size.height)
    return paint(palette, indices)


def _basic(stream: Stream, expected: int, inflater: Inflater) -> Parser[bytes]:
    """Read `expected` bytes, compressed if that is worth it."""
    if expected < _LEAST_COMPRESSED_BYTES:
        return bytes((yield from stream.read(expected)))
    length = yield from compact_length(stream, deflated_bound(expected))
    return inflater.inflate_exactly((yield from stream.read(length)), expected)


def compact_length(stream: Stream, most: int) -> Parser[int]:
    """Read a length of one to three bytes, of 7, 7 and 8 bits, the lowest first."""
    length = 0
    for shift in (0, 7, 14):
        byte = yield from stream.u8()
        length |= (byte if shift == 14 else byte & 127) << shift
        if byte < 128:
            break
    if length > most:
        raise DecodeError(f"it announces {length} bytes, more than its area can take ({most})")
    return length
