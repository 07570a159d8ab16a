"""What a server gets to see of `RfbTransport` before it has proved who it is."""

import asyncio
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from struct import pack

import pytest

from edge.errors import AuthenticationFailed, RfbError
from edge.rfb import ConnectionSettings, Security, SecurityPolicy
from edge.rfb.security.vnc_auth import response
from edge.session.transport import Endpoint, RfbTransport, TlsMode
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.tls import client_context, load_chain, server_context
from tests.rfb import encode

VERSION = b"RFB 003.008\n"
OK = pack(">I", 0)
SESSION = OK + encode.greeting(encode.Size(20, 10))[len(VERSION) + 2 + 4 :]
CHALLENGE = bytes(range(16))
USER, PASSWORD = "mina-of-the-test", b"the-password-of-the-test"


@dataclass
class Server:
    """Speaks VeNCrypt with `subtype`, or TLS from the first byte; says something in TLS, and keeps what it gets."""

    context: ssl.SSLContext
    subtype: int | None
    says: bytes
    expects_bytes: int
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    wire: bytearray = field(default_factory=bytearray)
    """As it came."""
    read: bytearray = field(default_factory=bytearray)
    """What was in TLS."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.subtype is not None:
                writer.write(VERSION)
                await self._hear(reader, 12)
                writer.write(b"\1\x13")
                await self._hear(reader, 1)
                writer.write(b"\0\2")
                await self._hear(reader, 2)
                writer.write(b"\0\1" + pack(">I", self.subtype))
                await self._hear(reader, 4)
                writer.write(b"\1")
            await self._in_tls(reader, writer)
        finally:
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader, size: int) -> None:
        self.wire += await reader.readexactly(size)

    async def _in_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(coming, going, server_side=True)
        greeted = False
        while True:
            try:
                if not greeted:
                    tls.do_handshake()
                    greeted = True
                    if self.says:
                        tls.write(self.says)
                self.read += tls.read(4096)
                if len(self.read) >= self.expects_bytes:
                    self.heard.set()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return
            writer.write(going.read())
            if not (data := await reader.read(4096)):
                return
            self.wire += data
            coming.write(data)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make("desktop", datetime.now(UTC), 1)


@dataclass(frozen=True)
class Way:
    """What is allowed, what the server says in TLS, and what the client answers."""

    subtype: int | None
    word: Security
    says: bytes
    answer: bytes


WAYS = [
    Way(262, Security.X509_PLAIN, b"", pack(">II", len(USER), len(PASSWORD)) + USER.encode() + PASSWORD),
    Way(261, Security.X509_VNC, CHALLENGE, response(PASSWORD, CHALLENGE)),
    Way(
        None,
        Security.VNC_AUTH_IN_TLS,
        VERSION + b"\1\2" + CHALLENGE,
        VERSION + b"\2" + response(PASSWORD, CHALLENGE),
    ),
]


@asynccontextmanager
async def listening(authority: Authority, way: Way, kind: type[Server] = Server) -> AsyncIterator[tuple[int, Server]]:
    key, context = PrivateKey.make(), server_context()
    terms = Terms(datetime.now(UTC), timedelta(1), 2)
    load_chain(context, to_pem(authority.issue_server("desktop", ["127.0.0.1"], key.public_key, terms)), key)
    server = kind(context, way.subtype, way.says, len(way.answer))
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1], server


def opening(port: int, word: Security, ca: str) -> tuple[Endpoint, ConnectionSettings]:
    direct = word.endswith("in-tls")
    mode = TlsMode.DIRECT if direct else TlsMode.VENCRYPT
    settings = ConnectionSettings(
        SecurityPolicy(frozenset({word})), transport_secure=direct, user=USER, password=PASSWORD
    )
    return Endpoint("127.0.0.1", port, mode, client_context(ca)), settings


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.word.value)
async def test_nothing_is_said_to_a_server_whose_certificate_is_of_another_authority(authority, way):
    other = Authority.make("other", datetime.now(UTC), 1)
    with ThreadPoolExecutor(1) as executor:
        async with listening(authority, way) as (port, server):
            with pytest.raises(AuthenticationFailed, match="it was signed by another CA"):
                await RfbTransport.open(*opening(port, way.word, other.pem), executor)
            assert server.read == b""
            assert PASSWORD not in server.wire
            assert USER.encode() not in server.wire


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.word.value)
async def test_user_name_and_password_are_said_inside_of_tls_to_a_server_that_is_known(authority, way):
    with ThreadPoolExecutor(1) as executor:
        async with listening(authority, way) as (port, server), asyncio.timeout(30):
            opened = asyncio.create_task(RfbTransport.open(*opening(port, way.word, authority.pem), executor))
            await server.heard.wait()
            opened.cancel()
            await asyncio.gather(opened, return_exceptions=True)
            assert server.read == way.answer
            assert PASSWORD not in server.wire


class Late(ThreadPoolExecutor):
    """Runs `meanwhile` after each call, before its result is known."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__(1)
        self._meanwhile = meanwhile

    def submit(self, function, /, *arguments) -> Future:
        def then():
            result = function(*arguments)
            self._meanwhile()
            return result

        return super().submit(then)


@dataclass
class Meddler(Server):
    """Stands before a real server: when TLS has been agreed on, it says something in the clear, and lets TLS begin."""

    agreed: threading.Event = field(default_factory=threading.Event)
    said: threading.Event = field(default_factory=threading.Event)

    async def _in_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.agreed.set()
        await asyncio.sleep(0.1)
        writer.write(SESSION)
        await asyncio.sleep(0.1)
        self.said.set()
        await super()._in_tls(reader, writer)

    def interrupt(self) -> None:
        """Take the time between agreeing on TLS and beginning it for what is to be said in the clear."""
        if self.agreed.is_set():
            self.said.wait(10)
            time.sleep(0.1)


async def test_bytes_in_the_clear_that_come_while_tls_is_agreed_on_are_never_read(authority):
    """They would be taken for what the server says in TLS, were they in the reader when TLS begins."""
    async with listening(authority, Way(260, Security.X509_NONE, b"", b""), Meddler) as (port, server):
        with Late(server.interrupt) as executor, pytest.raises(RfbError, match="does not begin with TLS"):
            await RfbTransport.open(*opening(port, Security.X509_NONE, authority.pem), executor)
