"""Cursor: the shape that the client draws at its own pointer.

Source: RFC 6143 section 7.8.1.
"""

from typing import ClassVar

import numpy as np

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.events import CursorChanged
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream


class Cursor:
    """The decoder of the Cursor pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits) -> None:
        self._side_px = limits.cursor_side_px

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read pixels and mask; the rectangle's position is the hot spot."""
        width, height = rect.width, rect.height
        if max(width, height) > self._side_px:
            raise ProtocolViolation(f"a cursor of {width}x{height}, more than {self._side_px} on a side")
        pixels = yield from stream.read(4 * rect.area)
        mask = yield from stream.read((width + 7) // 8 * height if width else 0)
        shape = np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 4)
        opaque = np.unpackbits(np.frombuffer(mask, dtype=np.uint8)).reshape(height, -1 if width and height else 0)
        shape[:, :, 3] = opaque[:, :width] * np.uint8(255)
        yield CursorChanged(rect.x, rect.y, shape if rect else np.empty((0, 0, 4), dtype=np.uint8))
