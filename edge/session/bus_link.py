"""The device on the bus: announced, its certificate fresh, its broker listened to."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Never, assert_never

from edge.control import topics
from edge.control.backoff import Backoff
from edge.control.client import Announcement, BusClient, BusState, Incoming
from edge.control.messages import Presence, SessionEnded, SignOut, Status, decode, encode
from edge.errors import ControlError, TrustError
from edge.session.renewal import keep_renewed
from edge.session.telemetry import keep_reporting
from edge.session.users import Users
from edge.trust.identity import DeviceState, Identity
from edge.trust.tls import explain

_log = logging.getLogger(__name__)


class BusLink:
    """Keeps a device on the bus and serves its users there; `on_change` hears when `says` or `trouble` changes."""

    def __init__(
        self,
        state: DeviceState,
        users: Users,
        on_change: Callable[[], None],
        now: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.says = ""
        """The bus and how it is, for an administrator."""
        self.trouble = ""
        """What is wrong with it; "" when nothing is."""
        self.refused = False
        """Whether one side does not trust the other."""
        self._state, self._users, self._on_change = state, users, on_change
        self._now, self._chance = now, chance

    async def serve(self, identity: Identity, boot: int) -> None:
        """Serve users as the device of `identity`, until cancelled."""
        current, device = [identity], identity.device
        self.trouble, self.refused = "", False
        bus = BusClient(
            identity.bus_host,
            identity.bus_port,
            device,
            tls=lambda: self._context(current[0]),
            reply_topic=topics.replies(device),
            subscriptions=[topics.jobs(device)],
            announcement=_announcement(device, boot),
            on_message=self._on_job,
            on_state=self._on_state,
            explain=explain,
            backoff=Backoff(self._chance),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(bus.run(), name="bus")
            group.create_task(keep_renewed(bus, self._state, current, self._now), name="renew the certificate")
            group.create_task(self._report_gone(bus, device), name="report who has gone")
            group.create_task(keep_reporting(bus, device, lambda: self._users.session), name="telemetry")
            group.create_task(self._users.serve(bus, device), name="users")

    def _context(self, identity: Identity) -> ssl.SSLContext:
        """Return the context for the bus; what hinders it is a loss of the bus, which goes on trying."""
        try:
            return self._state.bus_context(identity)
        except TrustError as error:
            raise OSError(0, str(error)) from error

    async def _report_gone(self, bus: BusClient, device: str) -> Never:
        """Tell the broker of each session that has ended here, however long that takes."""
        while True:
            name = await self._users.gone.get()
            try:
                await bus.publish(topics.sign_out(device), encode(SignOut(session=name)))
            except ControlError as error:
                _log.warning("not reported yet: %s", error)
                self._users.gone.put_nowait(name)

    async def _on_job(self, incoming: Incoming) -> None:
        self._users.end(decode(incoming.body, SessionEnded))

    def _on_state(self, state: BusState, text: str) -> None:
        self.says, self.refused = text, state is BusState.REFUSED
        match state:
            case BusState.LOST | BusState.REFUSED:
                self.trouble = text
            case BusState.CONNECTED:
                self.trouble = ""
            case BusState.CONNECTING:
                pass  # what was wrong is so until it is connected
            case _:
                assert_never(state)
        self._on_change()


def _announcement(device: str, boot: int) -> Announcement:
    return Announcement(
        topics.status(device),
        online=encode(Status(presence=Presence.ONLINE, boot_sequence=boot)),
        offline=encode(Status(presence=Presence.OFFLINE, boot_sequence=boot)),
    )
