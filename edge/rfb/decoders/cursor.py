"""Cursor and XCursor: the shape that the client draws at its own pointer.

Source: RFC 6143 section 7.8.1; the X Cursor section of the rfbproto specification.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Rect, Size
from edge.rfb.decoders.pixels import PixelCodec, packed_bytes, unpack_indices
from edge.rfb.events import CursorChanged
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream

_COLOUR_BYTES = 3
_OPAQUE = np.uint8(255)


def hidden() -> CursorChanged:
    """Make the cursor of a rectangle without pixels."""
    return CursorChanged(0, 0, np.empty((0, 0, 4), dtype=np.uint8))


class Cursor:
    """The decoder of the Cursor pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits, codec: PixelCodec) -> None:
        self._codec = codec
        self._limits = limits

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read pixels and mask; the rectangle's position is the hot spot."""
        self._limits.check_cursor(rect)
        if not rect:
            yield hidden()
            return
        pixels = yield from stream.read(self._codec.pixel_bytes * rect.area)
        mask = yield from _read_bits(stream, rect)
        shape = self._codec.from_pixels(pixels, rect.size.shape).view(np.uint8).reshape(*rect.size.shape, 4)
        shape[:, :, 3] = mask * _OPAQUE
        yield CursorChanged(rect.x, rect.y, shape)


class XCursor:
    """The decoder of the XCursor pseudo-encoding, a cursor of two colours."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the colours, which pixels have the first of them, and the mask."""
        self._limits.check_cursor(rect)
        if not rect:
            yield hidden()
            return
        colours = np.frombuffer((yield from stream.read(2 * _COLOUR_BYTES)), dtype=np.uint8).reshape(2, _COLOUR_BYTES)
        primary = yield from _read_bits(stream, rect)
        mask = yield from _read_bits(stream, rect)
        shape = np.empty((*rect.size.shape, 4), dtype=np.uint8)
        shape[:, :, :3] = colours[1 - primary, ::-1]
        shape[:, :, 3] = mask * _OPAQUE
        yield CursorChanged(rect.x, rect.y, shape)


def _read_bits(stream: Stream, rect: Rect) -> Parser[NDArray[np.uint8]]:
    data = yield from stream.read(packed_bytes(1, rect.width, rect.height))
    return unpack_indices(data, 1, rect.width, rect.height)
