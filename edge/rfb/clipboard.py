"""The extended clipboard: text in UTF-8, sent when the other side asks for it.

Source: the Extended Clipboard section of the rfbproto specification. Lines end with CR LF on the wire, the text with a
NUL. Only text is taken and given; rich text, HTML, pictures and files are not.
"""

import zlib
from enum import CONFORM, IntFlag
from struct import Struct

from edge.errors import DecodeError, ProtocolViolation
from edge.rfb.client_messages import ClientMessage
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import ClipboardNotified, CutTextReceived, ExtensionAnnounced
from edge.rfb.extensions import Extensions
from edge.rfb.limits import Limits
from edge.rfb.stream import Parser, Stream

_HEADER = Struct(">BxxxiI")
_U32 = Struct(">I")


class ClipboardFlag(IntFlag, boundary=CONFORM):
    """Formats and actions of an extended clipboard message; other bits are dropped, as Python keeps every value."""

    TEXT = 1 << 0
    CAPS = 1 << 24
    REQUEST = 1 << 25
    PEEK = 1 << 26
    NOTIFY = 1 << 27
    PROVIDE = 1 << 28


_FORMATS = 0xFFFF
_ACTIONS = 0x1F << 24
#: What this client announces: all actions, text, and no text (0 bytes of it) that it did not request.
_CAPS = ClipboardFlag.CAPS | ClipboardFlag.REQUEST | ClipboardFlag.PEEK | ClipboardFlag.NOTIFY | ClipboardFlag.PROVIDE


class ExtendedClipboard:
    """One connection's clipboard. The parser calls `read`, and whoever sends `cut` and `request`."""

    def __init__(self, stream: Stream, extensions: Extensions, limits: Limits) -> None:
        self._stream = stream
        self._extensions = extensions
        self._limits = limits
        self._server = ClipboardFlag(0)
        self._unsolicited_bytes = 0
        self._text: str | None = None
        #: The last text that was asked for, and the message that gives it.
        self._provided: tuple[str, bytes] | None = None
        # One count for each side of the connection: neither thread changes the other's.
        self._requests = 0
        self._provides = 0

    def cut(self, text: str) -> bytes | None:
        """Take the client's text; returns the message that tells of it, or None if ClientCutText does as well.

        It does for Latin-1, and is then what more servers can use: x11vnc 0.9.16 on LibVNCServer 0.9.14 announces the
        extended clipboard, and drops what comes by it.
        """
        self._text = text
        if EncodingNumber.EXTENDED_CLIPBOARD not in self._extensions.announced or _is_latin_1(text):
            return None
        if ClipboardFlag.PROVIDE in self._server and len(_on_the_wire(text)) <= self._unsolicited_bytes:
            return _provide(text)
        return _message(ClipboardFlag.NOTIFY | ClipboardFlag.TEXT) if ClipboardFlag.NOTIFY in self._server else None

    def request(self) -> bytes:
        """Return the message that asks for the server's text."""
        self._requests += 1
        return _message(ClipboardFlag.REQUEST | ClipboardFlag.TEXT)

    def read(self, length: int) -> Parser[None]:
        """Read the `length` bytes of a message, answer it, and yield its events; one beyond the limits is dropped."""
        if length < _U32.size:
            raise ProtocolViolation(f"an extended clipboard message of {length} bytes, expected at least {_U32.size}")
        (word,) = yield from self._stream.unpack(_U32)
        flags, length = ClipboardFlag(word), length - _U32.size
        if length > self._limits.cut_text_bytes:
            yield from self._stream.skip(length)
            data = None
        else:
            data = yield from self._stream.read(length)
        if ClipboardFlag.CAPS in flags:
            yield from self._caps(flags, (word & _FORMATS).bit_count(), data or bytearray())
            return
        match word & _ACTIONS:
            case ClipboardFlag.REQUEST:
                if ClipboardFlag.TEXT in flags and self._text is not None:
                    self._stream.answer(self._provision(self._text))
            case ClipboardFlag.PEEK:
                here = ClipboardFlag(0) if self._text is None else ClipboardFlag.TEXT
                self._stream.answer(_message(ClipboardFlag.NOTIFY | here))
            case ClipboardFlag.NOTIFY:
                yield ClipboardNotified(text=ClipboardFlag.TEXT in flags)
            case ClipboardFlag.PROVIDE:
                yield from self._take_text(flags, data)
            case actions:
                raise ProtocolViolation(f"extended clipboard actions 0x{actions:08x}, expected one of them")

    def _caps(self, flags: ClipboardFlag, formats: int, data: bytearray) -> Parser[None]:
        """Take the server's capabilities and tell ours; its sizes stand in the order of the formats' bits."""
        if len(data) < _U32.size * formats:
            raise ProtocolViolation(f"sizes of {len(data)} bytes for {formats} formats of the clipboard")
        takes_text = ClipboardFlag.TEXT in flags
        self._unsolicited_bytes = _U32.unpack_from(data)[0] if takes_text else 0
        self._server = flags if takes_text else ClipboardFlag(0)
        self._stream.answer(_message(_CAPS | ClipboardFlag.TEXT, _U32.pack(0)))
        if takes_text and self._extensions.announce(EncodingNumber.EXTENDED_CLIPBOARD):
            yield ExtensionAnnounced(EncodingNumber.EXTENDED_CLIPBOARD)

    def _provision(self, text: str) -> bytes:
        """Return the message that gives `text`, which is compressed once, however often 12 bytes ask for it."""
        if self._provided is None or self._provided[0] is not text:
            self._provided = text, _provide(text)
        return self._provided[1]

    def _take_text(self, flags: ClipboardFlag, data: bytearray | None) -> Parser[None]:
        """Take text that was requested; any other is more than our capabilities allow."""
        if ClipboardFlag.TEXT not in flags or self._provides == self._requests:
            return
        self._provides += 1
        if data is not None and (text := _inflate(data, self._limits.cut_text_bytes)) is not None:
            yield CutTextReceived(text)


def _message(flags: ClipboardFlag, data: bytes = b"") -> bytes:
    """Return a ClientCutText whose negative length says that it is an extended one."""
    return _HEADER.pack(ClientMessage.CLIENT_CUT_TEXT, -(_U32.size + len(data)), flags) + data


def _provide(text: str) -> bytes:
    data = _on_the_wire(text)
    compressor = zlib.compressobj()
    # Flushed, not finished: LibVNCServer 0.9.14 closes the connection on a stream with an end.
    packed = compressor.compress(_U32.pack(len(data)) + data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return _message(ClipboardFlag.PROVIDE | ClipboardFlag.TEXT, packed)


def _on_the_wire(text: str) -> bytes:
    return (_plain_lines(text).replace("\n", "\r\n") + "\0").encode("utf-8", "replace")


def _is_latin_1(text: str) -> bool:
    return max(text, default="") <= "\xff"


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _inflate(data: bytearray, most: int) -> str | None:
    """Return the text, which comes before all other formats; None if it is longer than `most` bytes."""
    try:
        found = zlib.decompressobj().decompress(data, _U32.size + most)
    except zlib.error as wrong:
        raise DecodeError(f"the clipboard's zlib data is damaged: {wrong}") from wrong
    if len(found) < _U32.size:
        raise DecodeError(f"the clipboard's zlib data inflates to {len(found)} bytes, less than a size")
    (size,) = _U32.unpack_from(found)
    if size > most:
        return None
    text = found[_U32.size : _U32.size + size]
    if len(text) < size:
        raise DecodeError(f"the clipboard's text has {len(text)} bytes, expected {size}")
    return _plain_lines(text.split(b"\0", 1)[0].decode("utf-8", "replace"))
