"""Letting users in and giving them tickets: the decision, the session, the desktop and its certificate, the record."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import update

from edge.broker import audit, devices, sessions, sign_in
from edge.broker.database import Database, Unavailable
from edge.broker.desktops.base import DesktopProvider, Endpoint
from edge.broker.sealing import MasterKey
from edge.broker.sessions import Ended
from edge.broker.sign_in import Accepted, Refused
from edge.broker.tables import tickets
from edge.config import BrokerConfig
from edge.control import messages
from edge.control.messages import EndReason, Refusal, SignInDenied, SignInGranted, SignInReply, SignInRequest, Ticket
from edge.errors import BrokerError, ControlError, EdgeError, TrustError
from edge.trust.certificates import to_pem
from edge.trust.keys import fingerprint, requested_key

Tell = Callable[[str, messages.SessionEnded], Awaitable[None]]
"""Tells a device that a session there is over."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _LetIn:
    """What a sign-in has decided: which sessions have `moved` here, and which desktops others `held`."""

    accepted: Accepted
    moved: tuple[Ended, ...]
    held: tuple[str, ...]


class Granting:
    """Answers sign-ins and requests for tickets of a device whose name the bus has verified."""

    def __init__(self, config: BrokerConfig, database: Database, master: MasterKey, provider: DesktopProvider) -> None:
        self._config, self._database, self._master, self._provider = config, database, master, provider

    async def sign_in(self, device: str, body: bytes, tell: Tell) -> SignInReply:
        """Let a user in; their session at another device ends, and so do its connections."""
        try:
            request = messages.decode(body, SignInRequest)
            key = requested_key(request.session_request_pem)
        except (ControlError, TrustError) as error:
            _log.warning("device %s: %s", device, error)
            return _denied(Refused(Refusal.MALFORMED))
        try:
            decision = await asyncio.to_thread(self._decide, device, request, key)
            if isinstance(decision, Refused):
                return _denied(decision)
            for moved in decision.moved:
                _log.info("device %s: its user has signed in at %s", moved.device, device)
                ended = messages.SessionEnded(session=moved.session, reason=EndReason.MOVED)
                await tell(moved.device, ended)
            for desktop in decision.held:
                await self._provider.bar(desktop)
                await asyncio.to_thread(self._end_tickets, desktop)
        except (BrokerError, TrustError) as error:
            return _failed(error)
        desktops = decision.accepted.desktops
        chosen = request.desktop if request.desktop in desktops else desktops[0] if len(desktops) == 1 else None
        if chosen is None:
            return SignInGranted(desktops=desktops[: messages.MAX_DESKTOPS])
        return await self._ticket(device, request.user, decision.accepted, chosen, key)

    async def ticket(self, device: str, body: bytes) -> SignInReply:
        """Give another ticket in a session that is open at this very device, to the holder of its key."""
        try:
            request = messages.decode(body, messages.TicketRequest)
            key = requested_key(request.session_request_pem)
        except (ControlError, TrustError) as error:
            _log.warning("device %s: %s", device, error)
            return _denied(Refused(Refusal.MALFORMED))
        try:
            found = await asyncio.to_thread(self._session, device, fingerprint(key))
        except BrokerError as error:
            return _failed(error)
        if isinstance(found, Refused):
            return _denied(found)
        user, accepted = found
        if request.desktop not in accepted.desktops:
            return _denied(Refused(Refusal.NO_DESKTOP))
        return await self._ticket(device, user, accepted, request.desktop, key)

    async def _ticket(
        self, device: str, user: str, accepted: Accepted, desktop: str, key: ec.EllipticCurvePublicKey
    ) -> SignInReply:
        """Start `desktop` and sign a ticket for it."""
        try:
            endpoint = await self._provider.start(desktop)
            now, term = datetime.now(UTC), timedelta(minutes=self._config.certificates.ticket_minutes)
            certificate = await self._provider.admit(desktop, key, now, term)
            await asyncio.to_thread(self._record_ticket, device, user, accepted, desktop, certificate, fingerprint(key))
        except (BrokerError, TrustError) as error:
            return _failed(error)
        ticket = _ticket(desktop, endpoint, certificate)
        return SignInGranted(desktops=accepted.desktops[: messages.MAX_DESKTOPS], ticket=ticket)

    def _decide(self, device: str, request: SignInRequest, key: ec.EllipticCurvePublicKey) -> "_LetIn | Refused":
        """Decide and, in the same transaction, begin the session."""
        now = time.time()
        with self._database.transaction() as connection:
            decision = sign_in.decide(
                connection, self._master, device=device, user=request.user, code=request.code, now=now
            )
            if isinstance(decision, Refused):
                return decision
            ended = sessions.begin(
                connection, session=fingerprint(key), user_id=decision.user_id, device=device, now=now
            )
            moved = tuple(each for each in ended if each.device != device)
            return _LetIn(decision, moved, sessions.held_elsewhere(connection, decision.user_id, device))

    def _session(self, device: str, session: str) -> tuple[str, Accepted] | Refused:
        """Read whose open session this is and which desktops they have, or why there is none."""
        now = time.time()
        since = now - self._config.sign_in.session_hours * 3600
        with self._database.transaction() as connection:
            if devices.is_revoked(connection, device):
                return Refused(Refusal.DEVICE_REVOKED)
            row = sessions.find(connection, session=session, device=device, since=since)
            if row is None:
                return Refused(Refusal.SESSION_OVER)
            if row.locked:
                return Refused(Refusal.LOCKED)
            return row.name, Accepted(row.id, sessions.desktops_of(connection, row.id))

    def _end_tickets(self, desktop: str) -> None:
        with self._database.transaction() as connection:
            these = update(tickets).where(tickets.c.desktop == desktop, tickets.c.ended_at.is_(None))
            connection.execute(these.values(ended_at=time.time()))

    def _record_ticket(
        self, device: str, user: str, accepted: Accepted, desktop: str, certificate: x509.Certificate, session: str
    ) -> None:
        now = time.time()
        row = {
            "serial": f"{certificate.serial_number:x}",
            "desktop": desktop,
            "user_id": accepted.user_id,
            "device": device,
            "issued_at": now,
        }
        with self._database.transaction() as connection:
            # Meanwhile: the desktop may have taken seconds to start.
            if devices.is_revoked(connection, device):
                raise BrokerError(f"device {device} was revoked while the desktop was started")
            if sessions.find(connection, session=session, device=device, since=0.0) is None:
                raise BrokerError(f"device {device}: the session ended while the desktop was started")
            connection.execute(tickets.insert().values(row))
            audit.record(connection, now, f"user:{user}", "ticket.issue", desktop, device=device)

    async def sign_out(self, device: str, body: bytes) -> None:
        """Note that a user has gone; raises `ControlError` if the message is malformed."""
        session = messages.decode(body, messages.SignOut).session
        await asyncio.to_thread(self._record_sign_out, device, session)

    def _record_sign_out(self, device: str, session: str) -> None:
        with self._database.transaction() as connection:
            sessions.end(connection, session=session, device=device, now=time.time())


def _denied(refused: Refused) -> SignInDenied:
    return SignInDenied(reason=refused.reason, text=refused.text, retry_after_s=refused.retry_after_s)


def _failed(error: EdgeError) -> SignInDenied:
    _log.error("sign-in: %s", error)
    return _denied(Refused(Refusal.UNAVAILABLE if isinstance(error, Unavailable) else Refusal.DESKTOP_FAILED))


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
