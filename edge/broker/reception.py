"""What the broker answers on the bus: sign-ins, renewals, and what devices say of themselves."""

import asyncio
import logging
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography import x509

from edge.broker import audit, devices, sign_in
from edge.broker.authority import BrokerAuthority
from edge.broker.database import Database, Unavailable
from edge.broker.desktops.base import DesktopProvider, Endpoint
from edge.broker.sealing import MasterKey
from edge.broker.sign_in import Accepted, Refused
from edge.broker.tables import tickets
from edge.config import BrokerConfig
from edge.control import messages, topics
from edge.control.client import Incoming
from edge.control.messages import Refusal, SignInDenied, SignInGranted, SignInReply, SignInRequest, Ticket
from edge.errors import BrokerError, ControlError, TrustError
from edge.trust.certificates import to_pem
from edge.trust.keys import requested_key

# At most so often may one device try: what is refused at once still costs a line of the audit log.
PAUSE_AFTER_REFUSAL_S = 0.25
SUBSCRIPTIONS = (topics.SIGN_IN_REQUESTS, topics.RENEWAL_REQUESTS, topics.STATUSES)

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
        self._config, self._authority, self._database = config, authority, database
        self._master, self._provider = master, provider
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
        else:
            async with self._one_at_a_time[device]:
                await self._answer(device, incoming, bus)

    async def _answer(self, device: str, incoming: Incoming, bus: Publisher) -> None:
        """Answer on the device's own topic, whatever response topic it asked for; what came again, as before."""
        correlation, reply = self._last.get(device, (None, b""))
        pause_s = 0.0
        if correlation is None or correlation != incoming.correlation:
            if incoming.topic == topics.sign_in(device):
                answer: messages.Message = await self._sign_in(device, incoming.body)
            else:
                answer = await self._renew(device, incoming.body)
            reply = messages.encode(answer)
            self._last[device] = (incoming.correlation, reply)
            pause_s = PAUSE_AFTER_REFUSAL_S if isinstance(answer, SignInDenied) else 0.0
        await bus.publish(topics.replies(device), reply, correlation=incoming.correlation)
        await asyncio.sleep(pause_s)

    async def _sign_in(self, device: str, body: bytes) -> SignInReply:
        try:
            request = messages.decode(body, SignInRequest)
            key = requested_key(request.session_request_pem)
        except (ControlError, TrustError) as error:
            _log.warning("device %s: %s", device, error)
            return _denied(Refused(Refusal.MALFORMED))
        try:
            decision = await asyncio.to_thread(self._decide, device, request)
            if isinstance(decision, Refused):
                return _denied(decision)
            endpoint = await self._provider.start(decision.desktop)
            now, term = datetime.now(UTC), timedelta(minutes=self._config.certificates.ticket_minutes)
            certificate = await self._provider.admit(decision.desktop, key, now, term)
            await asyncio.to_thread(self._record_ticket, device, request.user, decision, certificate)
        except Unavailable as error:
            _log.error("sign-in: %s", error)
            return _denied(Refused(Refusal.UNAVAILABLE))
        except (BrokerError, TrustError) as error:
            _log.error("sign-in: %s", error)
            return _denied(Refused(Refusal.DESKTOP_FAILED))
        return SignInGranted(ticket=_ticket(decision.desktop, endpoint, certificate))

    def _decide(self, device: str, request: SignInRequest) -> Accepted | Refused:
        with self._database.transaction() as connection:
            return sign_in.decide(
                connection, self._master, device=device, user=request.user, code=request.code, now=time.time()
            )

    def _record_ticket(self, device: str, user: str, accepted: Accepted, certificate: x509.Certificate) -> None:
        now = time.time()
        row = {
            "serial": f"{certificate.serial_number:x}",
            "desktop": accepted.desktop,
            "user_id": accepted.user_id,
            "device": device,
            "issued_at": now,
        }
        with self._database.transaction() as connection:
            if devices.is_revoked(connection, device):  # meanwhile: the desktop may have taken seconds to start
                raise BrokerError(f"device {device} was revoked while the desktop was started")
            connection.execute(tickets.insert().values(row))
            audit.record(connection, now, f"user:{user}", "ticket.issue", accepted.desktop, device=device)

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


def _denied(refused: Refused) -> SignInDenied:
    return SignInDenied(reason=refused.reason, text=refused.text, retry_after_s=refused.retry_after_s)


def _ticket(desktop: str, endpoint: Endpoint, certificate: x509.Certificate) -> Ticket:
    return Ticket(
        desktop=desktop,
        host=endpoint.host,
        port=endpoint.port,
        tls=endpoint.tls,
        server_name=endpoint.server_name,
        ca_pem=endpoint.ca_pem,
        certificate_pem=to_pem(certificate),
        not_after=certificate.not_valid_after_utc.timestamp(),
        width=endpoint.size.width,
        height=endpoint.size.height,
    )
