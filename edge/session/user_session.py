"""One user at this device, from the code to the end: the key made for it, the desktops, the ticket of one of them."""

import asyncio
from collections.abc import Callable

from edge.control import topics
from edge.control.client import BusClient
from edge.control.messages import (
    Message,
    Refusal,
    SignInDenied,
    SignInGranted,
    SignInRequest,
    Ticket,
    TicketRequest,
    decode_sign_in_reply,
    encode,
)
from edge.errors import ControlError, SignInRefused
from edge.session.clipboard import Clipboard
from edge.session.transport import Endpoint, TlsMode
from edge.trust.certificates import CLIENT_BACKDATE, load_certificate
from edge.trust.session_key import SessionKey

QUICK_S = 3.0
"""How long another ticket is waited for while the one at hand may still do."""
PASSING = frozenset({Refusal.UNAVAILABLE, Refusal.DESKTOP_FAILED, Refusal.MALFORMED})
"""Refusals of a ticket that are worth another try; after any other the session is over."""


class UserSession:
    """What the broker has granted to `user` at `device`; nothing of it is kept anywhere else."""

    def __init__(self, bus: BusClient, device: str, user: str, timeout_s: float, clock: Callable[[], float]) -> None:
        self.user = user
        self.desktops: tuple[str, ...] = ()
        self.desktop = ""
        """The one that is shown, or to be shown; "" while there is a choice."""
        self.clipboard = Clipboard()
        self._bus, self._device = bus, device
        self._timeout_s = timeout_s
        self._clock = clock
        self._key: SessionKey | None = SessionKey()
        self.name = self._key.name
        self._ticket: Ticket | None = None
        self._got_at = 0.0

    async def sign_in(self, code: str, desktop: str = "") -> None:
        """Ask the broker to let the user in, to `desktop` if it is theirs.

        Raises `SignInRefused`, or `ControlError` if there is no answer.
        """
        request = SignInRequest(user=self.user, code=code, session_request_pem=self._held.request_pem, desktop=desktop)
        await self._ask(topics.sign_in(self._device), request, self._timeout_s)

    def choose(self, desktop: str) -> None:
        """Take another desktop."""
        if desktop != self.desktop:
            self.desktop, self._ticket = desktop, None

    async def endpoint(self) -> Endpoint:
        """Return where the desktop is, by a ticket that is good: another one is asked for at half of its life.

        By no clock at all, which may be wrong. Raises `SignInRefused` if the broker gives no more tickets, and
        `ControlError` if it cannot be asked and the ticket is over.
        """
        age_s = self._clock() - self._got_at
        life_s = 0.0 if self._ticket is None else _life_s(self._ticket)
        if age_s >= life_s / 2:
            request = TicketRequest(session_request_pem=self._held.request_pem, desktop=self.desktop)
            over = age_s >= life_s
            try:
                await self._ask(topics.ticket(self._device), request, self._timeout_s if over else QUICK_S)
            except (ControlError, SignInRefused) as error:
                if over or not may_pass(error):
                    raise
        if (ticket := self._ticket) is None:
            raise ControlError(f"the broker answered a request for the desktop {self.desktop!r} without a ticket")
        return Endpoint(
            ticket.host,
            ticket.port,
            TlsMode(ticket.tls),
            self._held.context(ticket.ca_pem, ticket.certificate_pem),
            ticket.server_name,
        )

    def distrust(self) -> None:
        """Note that the desktop refused the ticket: another one is asked for."""
        self._ticket = None

    def wipe(self) -> None:
        """Forget the key, the ticket and what was cut."""
        self._key = self._ticket = None
        self.clipboard.text = ""

    @property
    def _held(self) -> SessionKey:
        if self._key is None:
            raise ControlError("the session is over, and its key is gone")
        return self._key

    async def _ask(self, topic: str, request: Message, timeout_s: float) -> None:
        reply = await self._bus.request(topic, encode(request), timeout_s=timeout_s)
        match decode_sign_in_reply(reply):
            case SignInGranted(desktops=desktops, ticket=ticket):
                self.desktops = desktops
                if ticket is not None:
                    self._ticket, self._got_at, self.desktop = ticket, self._clock(), ticket.desktop
            case SignInDenied(reason=reason, text=text, retry_after_s=retry_after_s):
                raise SignInRefused(reason, text, retry_after_s)


def may_pass(error: ControlError | SignInRefused) -> bool:
    """Whether it is worth asking for a ticket again after this."""
    return isinstance(error, ControlError) or error.reason in PASSING


def loop_clock() -> float:
    """Tell the event loop's time, in seconds, which nobody sets."""
    return asyncio.get_running_loop().time()


def _life_s(ticket: Ticket) -> float:
    """For how long the desktop takes a ticket, in seconds from when it came: its issuer dates it back a little."""
    certificate = load_certificate(ticket.certificate_pem, "the ticket's certificate")
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc - CLIENT_BACKDATE).total_seconds()
