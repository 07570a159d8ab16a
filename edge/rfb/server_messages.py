"""Everything that a server says after ServerInit.

Source: RFC 6143 sections 7.6 and 7.8; LastRect from the rfbproto specification.
"""

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from typing import assert_never

import numpy as np

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.decoders import Decoder
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.encodings import EncodingNumber, encoding_name
from edge.rfb.events import Bell, ColourMapChanged, CutTextReceived, DesktopResized, UpdateFinished, UpdateStarted
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream

_RECTANGLE = Struct(">HHHHi")
_COLOURS = Struct(">xHH")
_COLOUR_BYTES = 6
_CUT_TEXT = Struct(">xxxI")
_UNTIL_LAST_RECT = 0xFFFF


class ServerMessage(IntEnum):
    """Message types from server to client."""

    FRAMEBUFFER_UPDATE = 0
    SET_COLOUR_MAP_ENTRIES = 1
    BELL = 2
    SERVER_CUT_TEXT = 3


class ServerMessages:
    """Reads message after message; knows the framebuffer's size at each point of the stream."""

    def __init__(
        self, stream: Stream, size: Size, decoders: Mapping[int, Decoder], codec: PixelCodec, limits: Limits
    ) -> None:
        self.size = size
        self._stream = stream
        self._decoders = decoders
        self._codec = codec
        self._limits = limits

    def read(self) -> Parser[None]:
        """Read one message and yield its events."""
        stream = self._stream
        stream.context = ""
        number = yield from stream.u8()
        try:
            message = ServerMessage(number)
        except ValueError:
            raise ProtocolViolation(f"message type {number}, which this client did not ask for") from None
        stream.context = message.name
        match message:
            case ServerMessage.FRAMEBUFFER_UPDATE:
                yield from self._update()
            case ServerMessage.SET_COLOUR_MAP_ENTRIES:
                yield from self._colour_map()
            case ServerMessage.BELL:
                yield Bell()
            case ServerMessage.SERVER_CUT_TEXT:
                yield from self._cut_text()
            case _:
                assert_never(message)

    def _colour_map(self) -> Parser[None]:
        first, count = yield from self._stream.unpack(_COLOURS)
        data = yield from self._stream.read(_COLOUR_BYTES * count)
        colours = np.frombuffer(data, dtype=">u2").reshape(count, 3).astype(np.uint16)
        # A server whose own format has a colour map may send it before it takes notice of SetPixelFormat.
        if self._codec.set_colours(first, colours):
            yield ColourMapChanged(first, count)

    def _cut_text(self) -> Parser[None]:
        (length,) = yield from self._stream.unpack(_CUT_TEXT)
        if length >= 1 << 31:
            raise ProtocolViolation("the extended clipboard, which this client did not ask for")
        if length > self._limits.cut_text_bytes:
            yield from self._stream.skip(length)
        else:
            yield CutTextReceived((yield from self._stream.read(length)).decode("latin-1"))

    def _update(self) -> Parser[None]:
        stream = self._stream
        begin = stream.offset - 1
        yield from stream.skip(1)
        count = yield from stream.u16()
        counted = count != _UNTIL_LAST_RECT
        yield UpdateStarted(count if counted else None)
        for number in range(1, min(count, self._limits.rectangles) + 1):
            stream.context = f"FRAMEBUFFER_UPDATE, rectangle {number}" + (f" of {count}" if counted else "")
            x, y, width, height, encoding = yield from stream.unpack(_RECTANGLE)
            if encoding == EncodingNumber.LAST_RECT:
                break
            rect = Rect(x, y, width, height)
            stream.context += f" ({encoding_name(encoding)}, {rect})"
            yield from self._rectangle(rect, encoding)
        yield UpdateFinished(stream.offset - begin)

    def _rectangle(self, rect: Rect, encoding: int) -> Parser[None]:
        if (decoder := self._decoders.get(encoding)) is None:
            raise ProtocolViolation("an encoding that this client did not offer")
        if decoder.draws:
            if rect not in self.size.rect:
                raise ProtocolViolation(f"it is not inside the framebuffer of {self.size}")
            # UltraVNC and LibVNCServer scale some rectangles down to nothing, and then send no data for them.
            if not rect and encoding != EncodingNumber.TIGHT:
                return
        for event in decoder.decode(self._stream, rect, self.size):
            if isinstance(event, DesktopResized):
                self.size = event.size
            yield event
