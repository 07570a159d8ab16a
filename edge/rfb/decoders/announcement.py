"""Rectangles without data, which only say that the server knows what they are named after.

Source: QEMU Extended Key Event, QEMU Audio and Extended Mouse Buttons in the rfbproto specification.
"""

from typing import ClassVar

from edge.geometry import Rect, Size
from edge.rfb.events import ExtensionAnnounced
from edge.rfb.stream import Parser, Stream


class Announcement:
    """The decoder of one such pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, encoding: int) -> None:
        self._encoding = encoding

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read nothing."""
        yield ExtensionAnnounced(self._encoding)
