"""A board without a screen, for tests: enrolled, on the bus, able to sign in and to open a ticket's desktop."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge.control import messages, topics
from edge.control.backoff import Backoff
from edge.control.client import Announcement, BusClient, BusState
from edge.control.messages import Presence, SignInReply, SignInRequest, Status, Ticket
from edge.trust.enrolment import enrol
from edge.trust.identity import DeviceState, Identity
from edge.trust.session_key import SessionKey
from edge.trust.tls import explain

PATIENCE_S = 30.0


@dataclass
class Board:
    """An enrolled device; `states` is what its connection to the bus went through."""

    state: DeviceState
    identity: Identity
    states: list[tuple[BusState, str]] = field(default_factory=list)
    session_key: SessionKey = field(default_factory=SessionKey)
    bus: BusClient = field(init=False)

    def __post_init__(self):
        device, boot = self.identity.device, self.state.next_boot()
        self._changed = asyncio.Event()
        self.bus = BusClient(
            self.identity.bus_host,
            self.identity.bus_port,
            device,
            tls=lambda: self.state.bus_context(self.identity),
            reply_topic=topics.replies(device),
            announcement=Announcement(
                topics.status(device),
                messages.encode(Status(presence=Presence.ONLINE, boot_sequence=boot)),
                messages.encode(Status(presence=Presence.OFFLINE, boot_sequence=boot)),
            ),
            on_state=self._note,
            explain=explain,
            backoff=Backoff(lambda: 0.0, first_s=0.2, longest_s=0.4),
        )

    def _note(self, state, text):
        self.states.append((state, text))
        self._changed.set()

    async def until(self, state, *, after=0):
        """Wait for `state` among what came after the first `after` states; return its text."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for found, text in self.states[after:]:
                    if found is state:
                        return text
                self._changed.clear()
                await self._changed.wait()

    async def sign_in(self, user, code) -> SignInReply:
        """Ask for a desktop with the board's session key."""
        request = SignInRequest(user=user, code=code, session_request_pem=self.session_key.request_pem)
        topic = topics.sign_in(self.identity.device)
        return messages.decode_sign_in_reply(
            await self.bus.request(topic, messages.encode(request), timeout_s=PATIENCE_S)
        )


@asynccontextmanager
async def board(enrolment_file: Path, directory: Path) -> AsyncIterator[Board]:
    """Enrol a board and keep it on the bus."""
    state = DeviceState(directory)
    made = Board(state, await enrol(enrolment_file, state))
    task = asyncio.create_task(made.bus.run())
    try:
        await made.until(BusState.CONNECTED)
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def rfb(ticket: Ticket, key: SessionKey, *, ca_pem: str | None = None):
    """Open the desktop of a ticket as far as ServerInit; yields its writer."""
    context = key.context(ca_pem or ticket.ca_pem, ticket.certificate_pem)
    reader, writer = await asyncio.open_connection(
        ticket.host, ticket.port, ssl=context, server_hostname=ticket.server_name
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(await reader.readexactly(12))
            (count,) = await reader.readexactly(1)
            assert 1 in await reader.readexactly(count)
            writer.write(b"\1")
            assert await reader.readexactly(4) == bytes(4)
            writer.write(b"\1")
            width, height = struct.unpack(">HH", (await reader.readexactly(24))[:4])
            assert (width, height) == (ticket.width, ticket.height)
        yield reader, writer
    finally:
        writer.transport.abort()


def key_events(text: str) -> bytes:
    """Type `text` as keysyms, each pressed and let go."""
    keysyms = [0xFF0D if char == "\n" else ord(char) if ord(char) < 256 else 0x1000000 + ord(char) for char in text]
    return b"".join(struct.pack(">BBHI", 4, down, 0, keysym) for keysym in keysyms for down in (1, 0))
