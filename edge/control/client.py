"""A client of the bus: MQTT 5 over mutual TLS that never gives up, with requests that are answered.

Source: MQTT 5.0 sections 3.1 (CONNECT), 4.10 (request and response).
"""

import asyncio
import logging
import random
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Never

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.control.backoff import Backoff
from edge.control.messages import MAX_MESSAGE_BYTES
from edge.errors import ControlError, EdgeError

MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 1024  # a message with its topic and properties
KEEPALIVE_S = 15
CONNECT_TIMEOUT_S = 10.0
# In TLS 1.3 the refusal of a certificate comes after the handshake, and paho drops it: ask again if nothing else comes.
SILENCE_S = 1.0
FAREWELL_S = 2.0
FIRST_RESEND_S = 1.0

_log = logging.getLogger(__name__)
_paho_log = _log.getChild("paho")
_paho_log.setLevel(logging.CRITICAL)  # what it says is in `BusState`, in words for people


class BusState(StrEnum):
    """Whether the bus can be used; `LOST` and `REFUSED` go on trying."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is published, retained, when the client connects and when it goes; `offline` is also its last will."""

    topic: str
    online: bytes
    offline: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came. `correlation` is None unless it is a request or an answer."""

    topic: str
    body: bytes = field(repr=False)
    retained: bool
    correlation: bytes | None


OnMessage = Callable[[Incoming], Awaitable[None]]
OnState = Callable[[BusState, str], None]
Explain = Callable[[OSError, str], str]


def _plain(error: OSError, peer: str) -> str:
    return f"{peer}: {error.strerror or error}"


class BusClient:
    """A connection to the bus that is made again whenever it is lost; `run` it in a task.

    `tls` is called for each attempt, so that a renewed certificate is used for the next one. `on_state` hears of each
    change with a text for people; `on_message` gets what comes on `subscriptions`, several at a time; `explain` puts
    a failure of the connection to a peer into words (see `edge.trust.tls.explain`).
    """

    def __init__(
        self,
        host: str,
        port: int,
        name: str,
        *,
        tls: Callable[[], ssl.SSLContext],
        reply_topic: str | None = None,
        subscriptions: Sequence[str] = (),
        announcement: Announcement | None = None,
        on_message: OnMessage | None = None,
        on_state: OnState | None = None,
        explain: Explain = _plain,
        backoff: Backoff | None = None,
    ) -> None:
        self._host, self._port, self._name, self._tls = host, port, name, tls
        self._reply_topic, self._announcement = reply_topic, announcement
        self._subscriptions = [*subscriptions, *([reply_topic] if reply_topic else [])]
        self._on_message, self._on_state = on_message, on_state
        self._explain = explain
        self._backoff = backoff or Backoff(random.random)
        self._trouble = f"{self.peer} cannot be reached"
        self._client: aiomqtt.Client | None = None
        self._connected, self._lost = asyncio.Event(), asyncio.Event()
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}

    @property
    def peer(self) -> str:
        """The bus, for messages."""
        return f"the bus at {self._host}:{self._port}"

    async def run(self) -> Never:
        """Connect, serve and connect again until cancelled; then say farewell."""
        async with asyncio.TaskGroup() as handlers:  # what a message started may outlive the connection that it came by
            while True:
                self._say(BusState.CONNECTING, self.peer)
                try:
                    async with self._connection() as client:
                        await self._serve(client, handlers)
                except _RefusedError as error:
                    self._say(BusState.REFUSED, str(error))
                except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                    self._say(BusState.LOST, self._reason(error))
                await asyncio.sleep(self._backoff.next_s())
        raise AssertionError  # pragma: no cover  the loop has no end

    async def wait_connected(self) -> None:
        """Wait until the bus can be used."""
        await self._connected.wait()

    async def request(self, topic: str, body: bytes, *, timeout_s: float) -> bytes:
        """Publish a request until its answer comes; waits for the bus, too, if it is gone.

        What nobody subscribes to is lost without a word, and the broker may just be coming back: so it is sent again,
        with the same correlation data, by which the broker knows it. It expires with the wait, so that a broker that
        comes back later does not act on it. Raises `ControlError` if no answer comes in time.
        """
        if self._reply_topic is None:
            raise ControlError(f"{self._name} has no topic for replies, so it cannot ask for one")
        correlation = secrets.token_bytes(16)
        properties = _properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = self._reply_topic
        properties.CorrelationData = correlation
        properties.MessageExpiryInterval = max(1, int(timeout_s))
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[correlation] = answer
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(topic, body, properties, answer)
        except TimeoutError:
            if self._connected.is_set():
                raise ControlError(f"{self.peer} works, but the broker did not answer within {timeout_s:g} s") from None
            raise ControlError(f"tried for {timeout_s:g} s: {self._trouble}") from None
        finally:
            del self._waiting[correlation]
            answer.cancel()

    async def _ask(self, topic: str, body: bytes, properties: Properties, answer: asyncio.Future[bytes]) -> bytes:
        wait_s = FIRST_RESEND_S
        while True:
            try:
                await self._publish(topic, body, retain=False, properties=properties)
            except ControlError as error:
                _log.debug("%s: sent again: %s", topic, error)
            await asyncio.wait({answer}, timeout=wait_s)
            if answer.done():
                return answer.result()
            wait_s *= 2

    async def publish(self, topic: str, body: bytes, *, retain: bool = False, correlation: bytes | None = None) -> None:
        """Publish at least once; waits for the bus if it is gone. With `correlation` it answers a request."""
        properties = _properties(PacketTypes.PUBLISH)
        if correlation is not None:
            properties.CorrelationData = correlation
        await self._publish(topic, body, retain=retain, properties=properties)

    async def _publish(self, topic: str, body: bytes, *, retain: bool, properties: Properties) -> None:
        await self._connected.wait()
        assert self._client is not None  # noqa: S101  set while _connected is
        sending = asyncio.ensure_future(self._client.publish(topic, body, qos=1, retain=retain, properties=properties))
        # aiomqtt would wait for an acknowledgement on a connection that is gone
        losing = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({sending, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ControlError(f"{self.peer} was lost before it took a message")
            sending.result()
        except aiomqtt.MqttError as error:
            raise ControlError(f"{self.peer} was lost: {error}") from error
        finally:
            sending.cancel()
            losing.cancel()
            await asyncio.gather(sending, losing, return_exceptions=True)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiomqtt.Client]:
        client = self._new_client()
        await self._open(client)
        try:
            for topic in self._subscriptions:
                await client.subscribe(topic, qos=1)
            if self._announcement:
                await client.publish(self._announcement.topic, self._announcement.online, qos=1, retain=True)
            self._client = client
            self._lost = asyncio.Event()
            self._connected.set()
            self._backoff.reset()
            self._say(BusState.CONNECTED, self.peer)
            yield client
        finally:
            self._connected.clear()
            self._lost.set()
            self._client = None
            await self._close(client)

    async def _open(self, client: aiomqtt.Client) -> None:
        opening = asyncio.ensure_future(client.__aenter__())
        try:
            await asyncio.wait({opening}, timeout=SILENCE_S)
            if not opening.done() and (refusal := await self._refusal()):
                raise _RefusedError(refusal)
            await opening
        except aiomqtt.MqttError as error:
            if isinstance(error.__context__, ssl.SSLCertVerificationError):
                raise _RefusedError(self._reason(error)) from error
            raise
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)

    async def _close(self, client: aiomqtt.Client) -> None:
        try:
            async with asyncio.timeout(FAREWELL_S):
                if self._announcement:
                    await client.publish(self._announcement.topic, self._announcement.offline, qos=1, retain=True)
                await client.__aexit__(None, None, None)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            _log.debug("%s was gone before the farewell: %s", self.peer, error)

    async def _serve(self, client: aiomqtt.Client, handlers: asyncio.TaskGroup) -> None:
        async for message in client.messages:
            correlation = getattr(message.properties, "CorrelationData", None)
            body = message.payload if isinstance(message.payload, bytes) else b""
            topic = str(message.topic)
            if topic == self._reply_topic:
                answer = self._waiting.get(correlation or b"")
                if answer is not None and not answer.done():
                    answer.set_result(body)
            elif self._on_message is not None:
                incoming = Incoming(topic, body, bool(message.retain), correlation)
                handlers.create_task(self._handle(incoming, self._on_message), name=f"message on {topic}")

    async def _handle(self, incoming: Incoming, on_message: OnMessage) -> None:
        try:
            await on_message(incoming)
        except EdgeError as error:
            _log.warning("%s: %s", incoming.topic, error)
        except Exception:  # noqa: BLE001  one message that cannot be handled must not take the bus from all others
            _log.exception("%s: a message could not be handled", incoming.topic)

    def _new_client(self) -> aiomqtt.Client:
        properties = _properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        last_will, context = self._announcement, self._tls()
        context.sslsocket_class = _SelfClosingSocket
        return aiomqtt.Client(
            self._host,
            self._port,
            identifier=self._name,
            logger=_paho_log,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(last_will.topic, last_will.offline, qos=1, retain=True) if last_will else None,
            timeout=CONNECT_TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=256,
            properties=properties,
            tls_context=context,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _refusal(self) -> str | None:
        """Open a TLS connection and wait for an alert; None if none comes."""
        writer = None
        try:
            async with asyncio.timeout(SILENCE_S * 2):
                reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls())
                await reader.read(1)
        except ssl.SSLError as error:
            return self._reason(error)
        except (OSError, TimeoutError):
            return None
        finally:
            if writer is not None:
                writer.transport.abort()
        return None

    def _reason(self, error: BaseException) -> str:
        # aiomqtt wraps what went wrong with the connection and hides it, save for the context
        cause = error.__context__ if isinstance(error, aiomqtt.MqttError) else error
        return self._explain(cause, self.peer) if isinstance(cause, OSError) else f"{self.peer}: {error}"

    def _say(self, state: BusState, text: str) -> None:
        level = logging.INFO if state in {BusState.CONNECTED, BusState.CONNECTING} else logging.WARNING
        _log.log(level, "%s: %s", state, text)
        if state in {BusState.LOST, BusState.REFUSED}:
            self._trouble = text
        if self._on_state is not None:
            self._on_state(state, text)


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


class _SelfClosingSocket(ssl.SSLSocket):
    """A socket that is closed when its handshake fails: paho would leave that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _RefusedError(ControlError):
    """One side did not accept the other's certificate."""
