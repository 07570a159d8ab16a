"""What the server says of the desktop beside its pixels: its name, the lights of its keyboard.

Source: the DesktopName, LED State and VMware LED State sections of the rfbproto specification.
"""

from struct import Struct
from typing import ClassVar

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.events import DesktopNameChanged, Led, LedStateChanged
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream


class DesktopName:
    """The decoder of the DesktopName pseudo-encoding."""

    draws: ClassVar[bool] = False

    def __init__(self, limits: Limits) -> None:
        self._name_bytes = limits.name_bytes

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the name, in UTF-8."""
        length = yield from stream.u32()
        if length > self._name_bytes:
            raise ProtocolViolation(f"a desktop name of {length} bytes, more than {self._name_bytes}")
        yield DesktopNameChanged((yield from stream.read(length)).decode("utf-8", "replace"))


class LedState:
    """The decoder of the LED state pseudo-encodings; QEMU's has one byte, VMware's the same bits in four."""

    draws: ClassVar[bool] = False

    def __init__(self, layout: str) -> None:
        self._layout = Struct(layout)

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read the lights."""
        (leds,) = yield from stream.unpack(self._layout)
        yield LedStateChanged(Led(leds))
