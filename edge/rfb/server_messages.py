"""Everything that a server says after ServerInit.

Source: RFC 6143 sections 7.6 and 7.8; extensions from the rfbproto specification.
"""

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from typing import assert_never

import numpy as np

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size
from edge.rfb.client_messages import fence_message
from edge.rfb.clipboard import ExtendedClipboard
from edge.rfb.decoders import Decoder
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.encodings import EncodingNumber, encoding_name
from edge.rfb.events import (
    AudioBegun,
    AudioEnded,
    AudioReceived,
    Bell,
    ColourMapChanged,
    ContinuousUpdatesEnded,
    CutTextReceived,
    DesktopResized,
    ExtensionAnnounced,
    FenceReplied,
    PointerModeChanged,
    SupportedMessages,
    UpdateFinished,
    UpdateStarted,
)
from edge.rfb.extensions import Extensions
from edge.rfb.fence import HONOURED, PAYLOAD_BYTES, FenceFlag
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream

_RECTANGLE = Struct(">HHHHi")
_COLOURS = Struct(">xHH")
_COLOUR_BYTES = 6
_CUT_TEXT = Struct(">xxxi")
_FENCE = Struct(">xxxIB")
_QEMU = Struct(">BH")
_QEMU_AUDIO = 1
_UNTIL_LAST_RECT = 0xFFFF


class ServerMessage(IntEnum):
    """Message types from server to client."""

    FRAMEBUFFER_UPDATE = 0
    SET_COLOUR_MAP_ENTRIES = 1
    BELL = 2
    SERVER_CUT_TEXT = 3
    END_OF_CONTINUOUS_UPDATES = 150
    FENCE = 248
    QEMU = 255


#: The encoding that lets a server send a message of this type.
_OFFER = {
    ServerMessage.END_OF_CONTINUOUS_UPDATES: EncodingNumber.CONTINUOUS_UPDATES,
    ServerMessage.FENCE: EncodingNumber.FENCE,
    ServerMessage.QEMU: EncodingNumber.QEMU_AUDIO,
}


class AudioOperation(IntEnum):
    """What a QEMU Audio message of the server does."""

    END = 0
    BEGIN = 1
    DATA = 2


class ServerMessages:
    """Reads message after message; knows the framebuffer's size at each point of the stream."""

    def __init__(
        self,
        stream: Stream,
        size: Size,
        decoders: Mapping[int, Decoder],
        codec: PixelCodec,
        extensions: Extensions,
        clipboard: ExtendedClipboard,
        limits: Limits,
    ) -> None:
        self.size = size
        self._stream = stream
        self._decoders = decoders
        self._codec = codec
        self._extensions = extensions
        self._clipboard = clipboard
        self._limits = limits
        self._audio_format = extensions.audio_format

    def read(self) -> Parser[None]:
        """Read one message and yield its events."""
        stream = self._stream
        stream.context = ""
        number = yield from stream.u8()
        message = self._expected(number)
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
            case ServerMessage.END_OF_CONTINUOUS_UPDATES:
                first = self._extensions.announce(EncodingNumber.CONTINUOUS_UPDATES)
                yield ExtensionAnnounced(EncodingNumber.CONTINUOUS_UPDATES) if first else ContinuousUpdatesEnded()
            case ServerMessage.FENCE:
                yield from self._fence()
            case ServerMessage.QEMU:
                yield from self._audio()
            case _:
                assert_never(message)

    def _expected(self, number: int) -> ServerMessage:
        try:
            message = ServerMessage(number)
        except ValueError:
            raise ProtocolViolation(f"message type {number}, which this client did not ask for") from None
        if message in _OFFER and _OFFER[message] not in self._extensions.offered:
            raise ProtocolViolation(f"message type {number} ({message.name}), which this client did not ask for")
        return message

    def _colour_map(self) -> Parser[None]:
        first, count = yield from self._stream.unpack(_COLOURS)
        data = yield from self._stream.read(_COLOUR_BYTES * count)
        colours = np.frombuffer(data, dtype=">u2").reshape(count, 3).astype(np.uint16)
        # A server whose own format has a colour map may send it before it takes notice of SetPixelFormat.
        if self._codec.set_colours(first, colours):
            yield ColourMapChanged(first, count)

    def _cut_text(self) -> Parser[None]:
        (length,) = yield from self._stream.unpack(_CUT_TEXT)
        if length < 0:
            if EncodingNumber.EXTENDED_CLIPBOARD not in self._extensions.offered:
                raise ProtocolViolation("the extended clipboard, which this client did not ask for")
            yield from self._clipboard.read(-length)
        elif length > self._limits.cut_text_bytes:
            yield from self._stream.skip(length)
        else:
            yield CutTextReceived((yield from self._stream.read(length)).decode("latin-1"))

    def _fence(self) -> Parser[None]:
        """Answer the server's fence, or report its answer to one of ours."""
        word, length = yield from self._stream.unpack(_FENCE)
        if length > PAYLOAD_BYTES:
            raise ProtocolViolation(f"a fence of {length} bytes, more than {PAYLOAD_BYTES}")
        payload = bytes((yield from self._stream.read(length)))
        flags = FenceFlag(word)
        if self._extensions.announce(EncodingNumber.FENCE):
            yield ExtensionAnnounced(EncodingNumber.FENCE)
        if FenceFlag.REQUEST in flags:
            self._stream.answer(fence_message(payload, flags & HONOURED))
        else:
            yield FenceReplied(payload, flags)

    def _audio(self) -> Parser[None]:
        kind, operation = yield from self._stream.unpack(_QEMU)
        if kind != _QEMU_AUDIO:
            raise ProtocolViolation(f"submessage {kind}, expected {_QEMU_AUDIO} (audio)")
        match operation:
            case AudioOperation.BEGIN:
                self._audio_format = self._extensions.audio_format
                yield AudioBegun(self._audio_format)
            case AudioOperation.END:
                yield AudioEnded()
            case AudioOperation.DATA:
                length = yield from self._stream.u32()
                if length > self._limits.audio_bytes:
                    raise ProtocolViolation(f"{length} bytes of audio, more than {self._limits.audio_bytes}")
                pcm = bytes((yield from self._stream.read(length)))
                # What was under way while the format was changed may not be of this one.
                if length % self._audio_format.frame_bytes == 0:
                    yield AudioReceived(self._audio_format, pcm)
            case _:
                raise ProtocolViolation(f"audio operation {operation}, expected 0 (end), 1 (begin) or 2 (data)")

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
            rect = Rect(x, y, width, height)
            stream.context += f" ({encoding_name(encoding)}, {rect})"
            self._extensions.check_offered(encoding)
            if encoding == EncodingNumber.LAST_RECT:
                break
            yield from self._rectangle(rect, encoding)
        yield UpdateFinished(stream.offset - begin)

    def _rectangle(self, rect: Rect, encoding: int) -> Parser[None]:
        if (decoder := self._decoders.get(encoding)) is None:
            raise ProtocolViolation("it is not the encoding of a rectangle")
        if decoder.draws:
            if rect not in self.size.rect:
                raise ProtocolViolation(f"it is not inside the framebuffer of {self.size}")
            # UltraVNC and LibVNCServer scale some rectangles down to nothing, and then send no data for them.
            if not rect and encoding not in {EncodingNumber.TIGHT, EncodingNumber.TIGHT_PNG}:
                return
        else:
            self._extensions.announce(encoding)
        for event in decoder.decode(self._stream, rect, self.size):
            match event:
                case DesktopResized(size=size):
                    self.size = size
                case SupportedMessages(client_to_server=messages):
                    self._extensions.messages = messages
                case PointerModeChanged(absolute=absolute):
                    self._extensions.absolute_pointer = absolute
                case _:
                    pass
            yield event
