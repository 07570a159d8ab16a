"""VMware's cursor: its shape and whether it is shown.

Source: the VMware Cursor section of the rfbproto specification, which has the alpha of the second kind of shape not
premultiplied (so does TigerVNC); the bits of the state are those of VMware's web console.
"""

from enum import IntEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.decoders.cursor import hidden
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.events import CursorChanged, CursorShown
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream

_VISIBLE = 1 << 0


class Kind(IntEnum):
    """How the shape is said."""

    CLASSIC = 0
    ALPHA = 1


class VMwareCursor:
    """The decoder of the VMware cursor pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits, codec: PixelCodec) -> None:
        self._limits = limits
        self._codec = codec

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read an AND and an XOR mask of PIXELs, or R, G, B and alpha; the rectangle's position is the hot spot."""
        self._limits.check_cursor(rect)
        kind = yield from stream.u8()
        yield from stream.skip(1)
        match kind:
            case Kind.CLASSIC:
                shape = yield from self._classic(stream, rect.size)
            case Kind.ALPHA:
                data = yield from stream.read(4 * rect.area)
                shape = np.frombuffer(data, dtype=np.uint8).reshape(*rect.size.shape, 4)[:, :, [2, 1, 0, 3]]
            case _:
                raise ProtocolViolation(f"a cursor of kind {kind}, expected 0 (AND and XOR) or 1 (alpha)")
        yield CursorChanged(rect.x, rect.y, shape) if rect else hidden()

    def _classic(self, stream: Stream, size: Size) -> Parser[NDArray[np.uint8]]:
        """Read the masks: new pixel = old pixel AND one, XOR the other.

        Opaque and transparent pixels come out right. What inverts the desktop under it has no colour of its own, and
        becomes black, which shows on what a text cursor mostly stands on.
        """
        pixel_bytes = self._codec.pixel_bytes
        keep = np.frombuffer((yield from stream.read(pixel_bytes * size.area)), dtype=np.uint8)
        data = yield from stream.read(pixel_bytes * size.area)
        flips = np.frombuffer(data, dtype=np.uint8).reshape(*size.shape, pixel_bytes).any(axis=2)
        keeps = keep.reshape(*size.shape, pixel_bytes).any(axis=2)
        shape = self._codec.from_pixels(data, size.shape).view(np.uint8).reshape(*size.shape, 4)
        shape[keeps] = 0
        shape[:, :, 3] = np.where(keeps & ~flips, 0, 255)
        return shape


class VMwareCursorState:
    """The decoder of the VMware cursor state pseudo-encoding."""

    draws: ClassVar[bool] = False

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the state's bits, of which visibility is the one that a client acts on."""
        yield CursorShown(bool((yield from stream.u16()) & _VISIBLE))
