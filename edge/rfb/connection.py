"""An RFB client connection without a socket: bytes in, events out; commands in, bytes out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from edge.errors import ConnectionClosed, ProtocolViolation, RfbError, Unsupported
from edge.geometry import Size
from edge.rfb import handshake
from edge.rfb.client_messages import encode, set_pixel_format
from edge.rfb.clipboard import ExtendedClipboard
from edge.rfb.commands import ClientCutText, ClipboardRequest, Command, EnableAudio, SetEncodings
from edge.rfb.decoders import new_decoders
from edge.rfb.decoders.open_h264 import PYAV_HINT
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.zywrle import wavelet_level
from edge.rfb.encodings import EncodingNumber, encoding_name, is_level, is_message
from edge.rfb.events import Connected, CursorChanged, Event, RectangleCopied, RectangleDecoded, TlsRequired
from edge.rfb.extensions import Extensions
from edge.rfb.pixel_format import XRGB8888
from edge.rfb.server_messages import ServerMessages
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream


class State(Enum):
    """Where a connection is. `Connection._run` goes through them in this order."""

    VERSION = auto()
    SECURITY = auto()
    #: The shell has been told to begin TLS; left by `tls_established`, for SECURITY.
    TLS = auto()
    INITIALISATION = auto()
    CONNECTED = auto()
    #: After any `RfbError`; nothing leads out of it.
    CLOSED = auto()


class Connection:
    """One connection to an RFB server, from the first byte to the last.

    The shell hands over what it received with `receive_data`, takes the rest with `receive_more` while there is `more`,
    and sends what `data_to_send` returns, which it asks for after each of these, `send` and `tls_established`. One
    thread may be in `receive_data` while another one calls `send` and `data_to_send`: what is queued for the server are
    whole messages in a deque, whose operations are atomic, and nothing else is shared but single values that only the
    parsing side sets. `receive_data`, `receive_more` and `tls_established` themselves must not overlap.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._stream = Stream()
        # Where the server's own pixel format is kept, these only say what can be decoded.
        self._codec = PixelCodec(settings.pixel_format or XRGB8888)
        self._decoders = new_decoders(settings.limits, self._codec, wavelet_level(settings.encodings))
        self._messages: ServerMessages | None = None
        self._extensions = Extensions()
        self._clipboard = ExtendedClipboard(self._stream, self._extensions, settings.limits)
        self._state = State.VERSION
        self._error: RfbError | None = None
        self._parser = self._run()
        self._held: list[Event] = []
        self._more = False
        next(self._parser)

    @property
    def state(self) -> State:
        """Where the connection is."""
        return self._state

    @property
    def size(self) -> Size:
        """The framebuffer's size, scaled if SetScale has taken effect; 0x0 before `Connected`."""
        return self._messages.size if self._messages else Size(0, 0)

    @property
    def announced(self) -> frozenset[int]:
        """The pseudo-encodings that the server has shown that it knows, so that their commands may be sent."""
        return self._extensions.announced

    @property
    def in_message(self) -> bool:
        """Whether the server has begun to say something and has not come to its end."""
        return bool(self._stream.context)

    @property
    def more(self) -> bool:
        """Whether bytes that came make more pixels than one call returns; `receive_more` goes on with them."""
        return self._more

    def receive_data(self, data: bytes) -> list[Event]:
        """Take bytes as they came, cut anywhere; b"" says that the server has closed the connection.

        Returns the events that are complete now, up to `Limits.pixels_at_once`. Raises an `RfbError` that names the
        message and the offset in the stream, `ConnectionClosed` for b"" with what was cut short by it; after any of
        these the connection is dead, and what was decoded in the same call is lost with it.
        """
        self._check_alive()
        events, self._held = self._held, []
        with self._ending():
            if not data:
                raise self._closed()
            self._stream.feed(data)
            self._check_plain()
            self._advance(events)
        return events

    def receive_more(self) -> list[Event]:
        """Return the next events of what came before, as `receive_data` does."""
        self._check_alive()
        events: list[Event] = []
        with self._ending():
            self._advance(events)
        return events

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Have `listener` hear what the server says from now on, without seals, in the thread of `receive_data`."""
        self._stream.listener = listener

    def data_to_send(self) -> bytes:
        """Remove and return the bytes that the server must get now; b"" if there are none."""
        return self._stream.take()

    def send(self, command: Command) -> None:
        """Queue a command.

        Raises `Unsupported` for what the server has not said it understands (Xvnc closes the connection on SetScale)
        or an encoding that cannot be decoded, `ConnectionClosed` after an error, and `RfbError` before `Connected` or
        for numbers that do not fit the message. What was refused changes nothing.
        """
        self._check_alive()
        if self._state is not State.CONNECTED:
            raise RfbError(f"{type(command).__name__} cannot be sent in state {self._state.name}: wait for Connected")
        self._extensions.check(command)
        self._stream.write(self._message(command))

    def _message(self, command: Command) -> bytes:
        """Encode `command`, and note what the parser must know of it before the server can have read it."""
        match command:
            case SetEncodings(encodings):
                self._check_encodings(encodings)
                message = encode(command)
                self._extensions.offer(encodings)
                return message
            case EnableAudio(audio_format):
                message = encode(command)
                self._extensions.audio_format = audio_format
                return message
            case ClipboardRequest():
                return self._clipboard.request()
            case ClientCutText(text) if (told := self._clipboard.cut(text)) is not None:
                return told
            case _:
                return encode(command, self._extensions.announced)

    def tls_established(self) -> None:
        """Go on inside TLS: the answer to `TlsRequired`. Raises an `RfbError` as `receive_data` does."""
        if self._state is not State.TLS:
            raise RfbError(f"TLS was not asked for: the connection is in state {self._state.name}")
        self._state = State.SECURITY
        with self._ending():
            self._advance(self._held)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Let any `RfbError` be the connection's last word."""
        try:
            yield
        except RfbError as error:
            self._state, self._error = State.CLOSED, error
            raise

    def _check_alive(self) -> None:
        if self._error is not None:
            raise ConnectionClosed(f"this connection has ended before: {self._error}") from self._error

    def _check_plain(self) -> None:
        """Bytes that came before TLS must not be taken for bytes that came in it."""
        if self._state is State.TLS and self._stream.pending:
            raise ProtocolViolation(f"{self._stream.pending} bytes came in the clear after TLS was agreed on")

    def _check_encodings(self, encodings: tuple[int, ...]) -> None:
        for number in encodings:
            if number not in self._decoders and not is_level(number) and not is_message(number):
                missing = f" without PyAV: {PYAV_HINT}" if number == EncodingNumber.OPEN_H264 else ""
                raise Unsupported(f"{encoding_name(number)} must not be offered: this client cannot decode it{missing}")
        if EncodingNumber.ZYWRLE in encodings and wavelet_level(encodings) != wavelet_level(self._settings.encodings):
            raise Unsupported(
                "ZYWRLE's wavelets follow from the quality level, and nothing says from which rectangle on it counts: "
                "offer it with the level in this connection's settings"
            )

    def _closed(self) -> ConnectionClosed:
        stream = self._stream
        if not stream.context:
            return ConnectionClosed("the server closed the connection")
        end = stream.offset + stream.pending
        return ConnectionClosed(f"the server closed the connection in the middle of {stream.context} (byte {end})")

    def _advance(self, events: list[Event]) -> None:
        """Let the parser run until it needs more bytes, or TLS, or has made many pixels."""
        self._more = False
        pixels = 0
        try:
            for event in self._parser:
                if event is None:
                    return
                events.append(event)
                match event:
                    case TlsRequired():
                        self._state = State.TLS
                        self._check_plain()
                        return
                    case RectangleDecoded(rect) | RectangleCopied(rect):
                        pixels += rect.area
                    case CursorChanged(pixels=shape):
                        pixels += shape.shape[0] * shape.shape[1]
                    case _:
                        pass
                if pixels >= self._settings.limits.pixels_at_once:
                    self._more = True
                    return
        except RfbError as error:
            where = f"{self._stream.context or 'server message'}, byte {self._stream.offset}"
            raise type(error)(f"{where}: {error}") from error

    def _run(self) -> Parser[None]:
        stream, settings = self._stream, self._settings
        self._check_encodings(settings.encodings)
        version = yield from handshake.negotiate_version(stream)
        self._state = State.SECURITY
        security = yield from handshake.negotiate_security(stream, version, settings)
        self._state = State.INITIALISATION
        size, name, spoken = yield from handshake.initialise(stream, settings)
        if settings.pixel_format is None:
            self._codec = PixelCodec(spoken)
            self._decoders = new_decoders(settings.limits, self._codec, wavelet_level(settings.encodings))
        else:
            stream.write(set_pixel_format(settings.pixel_format))
        self._messages = ServerMessages(
            stream, size, self._decoders, self._codec, self._extensions, self._clipboard, settings.limits
        )
        self._extensions.offer(settings.encodings)
        stream.write(encode(SetEncodings(settings.encodings)))
        self._state = State.CONNECTED
        yield Connected(size, name, security)
        while True:
            yield from self._messages.read()
