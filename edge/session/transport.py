"""An RFB connection over TCP: the thin asyncio shell around the sans-IO `edge.rfb.Connection`."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Self, cast

from edge.errors import AuthenticationFailed, ConnectionClosed, RfbError, Unsupported
from edge.rfb import Connection, ConnectionSettings, State
from edge.rfb.commands import Command
from edge.rfb.events import Connected, Event, TlsRequired
from edge.trust.tls import anonymous_context, explain

CONNECT_TIMEOUT_S = 15.0
CHUNK_BYTES = 128 * 1024
INLINE_BYTES = 2048
"""Below this, decoding is quicker than handing it to a thread; making an RSA key before ServerInit is not."""
SILENT_S = 20
"""A peer that acknowledges nothing for so long is gone (TCP keep-alive and TCP_USER_TIMEOUT)."""

STALLED_S = 30.0
"""A server that is silent for so long in the middle of a message will not go on."""
UNREAD_BYTES = 16 << 20
"""What may wait for a server that reads nothing: some clipboards, or days of keys."""


class TlsMode(StrEnum):
    """Where TLS begins."""

    NONE = "none"
    DIRECT = "direct"
    """From the first byte."""
    VENCRYPT = "vencrypt"
    """After RFB's own negotiation."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an RFB server is and how to be sure of it."""

    host: str
    port: int
    tls: TlsMode = TlsMode.NONE
    ssl_context: ssl.SSLContext | None = None
    server_hostname: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class DesktopChanged(RfbError):
    """The desktop has another size now; connect again."""


class RfbTransport:
    """One open connection. Use `open`; then `receive` in a loop, and `send` from the event loop's thread.

    Raises `RfbError` and its kin; a refusal of our certificate shows as `AuthenticationFailed`, because under TLS 1.3
    the server's alert arrives on the first read, after the handshake has succeeded on our side.
    """

    def __init__(self, connection: Connection, endpoint: Endpoint, executor: Executor) -> None:
        self.endpoint = endpoint
        self.connection = connection
        self.bytes_in = 0
        self.read_at = 0.0
        """When bytes last came, by the event loop's clock; what they said may be known later."""
        self.bytes_out = 0
        self._executor = executor
        self._early: list[Event] = []
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        settings: ConnectionSettings,
        executor: Executor,
        on_event: Callable[[Event], None] | None = None,
    ) -> tuple[Self, Connected]:
        """Connect and negotiate until ServerInit; other events on the way go to `on_event`."""
        transport = cls(Connection(settings), endpoint, executor)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await transport._connect()
                while True:
                    events = await transport.receive()
                    for number, event in enumerate(events, 1):
                        if isinstance(event, Connected):
                            transport._early = events[number:]
                            return transport, event
                        if on_event is not None:
                            on_event(event)
        except TimeoutError:
            await transport.close()
            raise ConnectionClosed(
                f"{endpoint}: no session after {CONNECT_TIMEOUT_S:.0f} s; is an RFB server listening there, "
                f"and does it expect TLS mode '{endpoint.tls}'?"
            ) from None
        except BaseException:
            await transport.close()
            raise

    async def _connect(self) -> None:
        direct = self.endpoint.tls is TlsMode.DIRECT
        try:
            self._reader, self._writer = await asyncio.open_connection(
                self.endpoint.host,
                self.endpoint.port,
                limit=CHUNK_BYTES,
                ssl=self.endpoint.ssl_context if direct else None,
                server_hostname=(self.endpoint.server_hostname or self.endpoint.host) if direct else None,
            )
        except ssl.SSLError as error:
            raise self._refusal(error) from error
        except ConnectionResetError as error:
            if not direct:
                raise ConnectionClosed(f"{self.endpoint}: cannot connect: {_reason(error)}") from error
            raise ConnectionClosed(
                f"{self.endpoint} broke the TLS handshake off: it may begin TLS later (--tls vencrypt), or speak none"
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a name that cannot be one, such as "a..b"
            raise ConnectionClosed(f"{self.endpoint}: cannot connect: {_reason(error)}") from error
        _tune(self._writer.get_extra_info("socket"))

    async def receive(self) -> list[Event]:
        """Wait for the next bytes and return what they said; TLS is started on the way where the server asks for it."""
        if self._reader is None:
            raise ConnectionClosed(f"{self.endpoint}: not connected")
        if self._early:
            early, self._early = self._early, []
            return early
        more = self.connection.more
        data = b"" if more else await self._read(self._reader)
        if not more:
            self.read_at = asyncio.get_running_loop().time()
        self.bytes_in += len(data)
        try:
            events = await (self._in_thread(self.connection.receive_more) if more else self._parse(data))
        except RfbError as error:
            error.args = (f"{self.endpoint}: {error}",)
            raise
        self._flush()
        for event in events:
            if isinstance(event, TlsRequired):
                await self._start_tls(anonymous=event.anonymous)
        return events

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next bytes, b"" at the end. A resting desktop may be silent for ever, a begun message may not."""
        try:
            async with asyncio.timeout(STALLED_S if self.connection.in_message else None) as patience:
                return await reader.read(CHUNK_BYTES)
        except ssl.SSLError as error:
            raise self._refusal(error) from error
        except ConnectionResetError:
            return b""  # closed with bytes of ours unread: still the end, and the parser knows in the middle of what
        except OSError as error:
            if patience.expired():
                raise ConnectionClosed(
                    f"{self.endpoint} has been silent for {STALLED_S:.0f} s in the middle of a message"
                ) from None
            raise ConnectionClosed(f"{self.endpoint}: connection lost: {error.strerror or error}") from error

    async def _in_thread(self, work: Callable[[], list[Event]]) -> list[Event]:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def _parse(self, data: bytes) -> list[Event]:
        if self.connection.state is State.CONNECTED and len(data) <= INLINE_BYTES:
            return self.connection.receive_data(data)
        work = partial(self.connection.receive_data, data)
        if self.connection.state is State.CONNECTED or self._writer is None:
            return await self._in_thread(work)
        # What comes in the clear while TLS is being agreed on must meet TLS, not the reader's buffer behind it.
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.pause_reading()
        try:
            return await self._in_thread(work)
        finally:
            transport.resume_reading()

    def send(self, *commands: Command) -> None:
        """Encode and write `commands` at once; never blocks."""
        for command in commands:
            self.connection.send(command)
        self._flush()

    async def close(self) -> None:
        """Close the socket without waiting for the server."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _flush(self) -> None:
        data = self.connection.data_to_send()
        if data and self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)
            self.bytes_out += len(data)
            if self._writer.transport.get_write_buffer_size() > UNREAD_BYTES:
                raise ConnectionClosed(f"{self.endpoint} reads nothing: more than {UNREAD_BYTES} bytes wait for it")

    async def _start_tls(self, *, anonymous: bool) -> None:
        context = anonymous_context() if anonymous else self.endpoint.ssl_context
        if context is None or self._writer is None:
            raise Unsupported(f"{self.endpoint}: the server wants TLS; give --ca, --cert and --key")
        try:
            await self._writer.start_tls(context, server_hostname=self.endpoint.server_hostname or self.endpoint.host)
        except ssl.SSLError as error:
            if anonymous:
                raise ConnectionClosed(f"{self.endpoint}: TLS without certificates failed: {error.reason}") from error
            raise self._refusal(error) from error
        except OSError as error:
            raise ConnectionClosed(f"{self.endpoint}: connection lost in the TLS handshake: {error}") from error
        self.connection.tls_established()
        self._flush()

    def _refusal(self, error: ssl.SSLError) -> RfbError:
        reason = (error.reason or "").replace("_", " ").lower()
        if isinstance(error, ssl.SSLCertVerificationError):
            return AuthenticationFailed(explain(error, str(self.endpoint)))
        if "alert" in reason:
            meaning = next((meaning for word, meaning in _ALERTS if word in reason), reason)
            return AuthenticationFailed(f"{self.endpoint} refused our certificate: {meaning}")
        if "wrong version number" in reason:
            return ConnectionClosed(
                f"{self.endpoint} does not begin with TLS: it may begin it later (--tls vencrypt), or speak none"
            )
        return ConnectionClosed(explain(error, str(self.endpoint)))


_ALERTS = (
    ("expired", "its time is over"),
    ("revoked", "it was revoked"),
    ("unknown ca", "the server does not trust who signed it"),
    ("certificate required", "there was none"),
)
"""What a server's TLS alert says of the client's certificate."""


def _reason(error: OSError | ValueError) -> str:
    """Say why in the system's words: asyncio's own name the address in their place."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_S // 2)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT_S // 4)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_S * 1000)
