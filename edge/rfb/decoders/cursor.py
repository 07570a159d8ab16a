"""Cursor: the shape that the client draws at its own pointer.

Source: RFC 6143 section 7.8.1.
"""

from typing import ClassVar

import numpy as np

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.decoders.pixels import PixelCodec, packed_bytes, unpack_indices
from edge.rfb.events import CursorChanged
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream


class Cursor:
    """The decoder of the Cursor pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits, codec: PixelCodec) -> None:
        self._codec = codec
        self._side_px = limits.cursor_side_px

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read pixels and mask; the rectangle's position is the hot spot."""
        width, height = rect.width, rect.height
        if max(width, height) > self._side_px:
            raise ProtocolViolation(f"a cursor of {width}x{height}, more than {self._side_px} on a side")
        if not rect:
            yield CursorChanged(0, 0, np.empty((0, 0, 4), dtype=np.uint8))
            return
        pixels = yield from stream.read(self._codec.pixel_bytes * rect.area)
        mask = yield from stream.read(packed_bytes(1, width, height))
        shape = self._codec.from_pixels(pixels, rect.size.shape).view(np.uint8).reshape(height, width, 4)
        shape[:, :, 3] = unpack_indices(mask, 1, width, height) * np.uint8(255)
        yield CursorChanged(rect.x, rect.y, shape)
