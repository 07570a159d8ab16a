"""SupportedMessages: which message types the server handles and sends.

Source: LibVNCServer, `rfbSupportedMessages` in `rfbproto.h`: two sets of 256 bits, bit n of byte m for type 8 m + n.
"""

from typing import ClassVar

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.events import SupportedMessages as SupportedMessagesEvent
from edge.rfb.stream import Parser, Stream

_SET_BYTES = 32


class SupportedMessages:
    """The decoder of the SupportedMessages pseudo-encoding."""

    draws: ClassVar[bool] = False

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read both sets; the rectangle's width is their length in bytes."""
        if rect.width != 2 * _SET_BYTES:
            raise ProtocolViolation(f"it announces {rect.width} bytes, expected {2 * _SET_BYTES}")
        client_to_server = yield from stream.read(_SET_BYTES)
        server_to_client = yield from stream.read(_SET_BYTES)
        yield SupportedMessagesEvent(_members(client_to_server), _members(server_to_client))


def _members(bits: bytearray) -> frozenset[int]:
    number = int.from_bytes(bits, "little")
    return frozenset(bit for bit in range(8 * _SET_BYTES) if number >> bit & 1)
