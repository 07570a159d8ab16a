"""What the broker answers on the bus: sign-ins, tickets, renewals, and what devices say of themselves."""

import asyncio
import logging
import time
from collections import defaultdict
from functools import partial
from typing import Protocol

from cryptography import x509

from edge.broker import devices
from edge.broker.authority import BrokerAuthority
from edge.broker.database import Database
from edge.broker.desktops.base import DesktopProvider
from edge.broker.granting import Granting
from edge.broker.sealing import MasterKey
from edge.config import BrokerConfig
from edge.control import messages, topics
from edge.control.client import Incoming
from edge.control.messages import SignInDenied
from edge.errors import BrokerError, ControlError, TrustError
from edge.trust.certificates import to_pem
from edge.trust.keys import requested_key

# At most so often may one device try: what is refused at once still costs a line of the audit log.
PAUSE_AFTER_REFUSAL_S = 0.25
TELL_S = 5.0
"""How long the bus may be gone before a device finds out by itself: its desktop is barred next."""
SUBSCRIPTIONS = (
    topics.SIGN_IN_REQUESTS,
    topics.TICKET_REQUESTS,
    topics.SIGN_OUTS,
    topics.RENEWAL_REQUESTS,
    topics.STATUSES,
)

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """What the reception needs of the bus."""

    async def publish(self, topic: str, body: bytes, *, retain: bool = False, correlation: bytes | None = None) -> None:
        """Publish at least once."""
        ...


class Reception:
    """Answers requests. A device's name is taken from the topic, which the bus lets nobody else write to."""

    def __init__(
        self,
        config: BrokerConfig,
        authority: BrokerAuthority,
        database: Database,
        master: MasterKey,
        provider: DesktopProvider,
    ) -> None:
        self._authority, self._database = authority, database
        self._granting = Granting(config, database, master, provider)
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last: dict[str, tuple[bytes | None, bytes]] = {}

    async def receive(self, incoming: Incoming, bus: Publisher) -> None:
        """Handle one message; raises `ControlError` if it is malformed, `BrokerError` if it cannot be recorded."""
        device = topics.device_of(incoming.topic)
        if not incoming.body:
            return
        if incoming.topic == topics.status(device):
            await self._note(device, messages.decode(incoming.body, messages.Status))
        elif incoming.retained:
            await bus.publish(incoming.topic, b"", retain=True)
            raise ControlError(f"device {device} sent a request to be retained; it was dropped")
        elif incoming.topic == topics.sign_out(device):
            await self._granting.sign_out(device, incoming.body)
        else:
            async with self._one_at_a_time[device]:
                await self._answer(device, incoming, bus)

    async def tell(self, device: str, ended: messages.SessionEnded, bus: Publisher) -> None:
        """Tell a device that a session there is over; no bus and no device keeps it from being so."""
        try:
            async with asyncio.timeout(TELL_S):
                await bus.publish(topics.jobs(device), messages.encode(ended))
        except (ControlError, TimeoutError) as error:
            _log.warning("device %s was not told that a session is over: %s", device, error)

    async def _answer(self, device: str, incoming: Incoming, bus: Publisher) -> None:
        """Answer on the device's own topic, whatever response topic it asked for; what came again, as before."""
        correlation, reply = self._last.get(device, (None, b""))
        pause_s = 0.0
        if correlation is None or correlation != incoming.correlation:
            if incoming.topic == topics.sign_in(device):
                answer: messages.Message = await self._granting.sign_in(
                    device, incoming.body, partial(self.tell, bus=bus)
                )
            elif incoming.topic == topics.ticket(device):
                answer = await self._granting.ticket(device, incoming.body)
            else:
                answer = await self._renew(device, incoming.body)
            reply = messages.encode(answer)
            self._last[device] = (incoming.correlation, reply)
            pause_s = PAUSE_AFTER_REFUSAL_S if isinstance(answer, SignInDenied) else 0.0
        await bus.publish(topics.replies(device), reply, correlation=incoming.correlation)
        await asyncio.sleep(pause_s)

    async def _renew(self, device: str, body: bytes) -> messages.RenewalReply:
        try:
            key = requested_key(messages.decode(body, messages.RenewalRequest).request_pem)
            certificate = self._authority.issue_device(device, key)
            await asyncio.to_thread(self._record_renewal, device, certificate)
        except (ControlError, TrustError, BrokerError) as error:
            _log.warning("device %s: no renewal: %s", device, error)
            return messages.RenewalDenied(text=str(error)[:1024])
        return messages.RenewalGranted(certificate_pem=to_pem(certificate), ca_pem=self._authority.pem)

    def _record_renewal(self, device: str, certificate: x509.Certificate) -> None:
        now = time.time()
        with self._database.transaction() as connection:
            if devices.is_revoked(connection, device):
                raise BrokerError(f"device {device} was revoked")
            devices.certified(connection, device, certificate, "device.renew", now)

    async def _note(self, device: str, status: messages.Status) -> None:
        await asyncio.to_thread(self._record_status, device, status)

    def _record_status(self, device: str, status: messages.Status) -> None:
        with self._database.transaction() as connection:
            devices.seen(connection, device, status.presence, status.boot_sequence, time.time())
