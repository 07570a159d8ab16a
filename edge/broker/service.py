"""The broker: composition root of enrolment, bus, reception and desktops, in one task group."""

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Never

from sqlalchemy import update

from edge.broker import acts, devices, sessions
from edge.broker.acts import Act, Pending
from edge.broker.authority import BrokerAuthority
from edge.broker.bus import Bus
from edge.broker.database import Database
from edge.broker.desktops.local import LocalProvider
from edge.broker.enrolment_server import EnrolmentServer
from edge.broker.paths import DataDirectory
from edge.broker.reception import SUBSCRIPTIONS, Reception
from edge.broker.sealing import MasterKey
from edge.broker.tables import tickets
from edge.config import BrokerConfig
from edge.control import topics
from edge.control.client import BusClient, Incoming
from edge.control.messages import EndReason, SessionEnded
from edge.errors import BrokerError, EdgeError
from edge.trust.tls import explain

ACTS_POLL_S = 0.3
ACT_RETRY_S = 5.0
OVERDUE_POLL_S = 30.0
RENEWAL_S = 24 * 3600.0

_log = logging.getLogger(__name__)


class Broker:
    """A broker on its data directory; see `running`.

    Making one raises `BrokerError` or `TrustError` if the data directory is not ready for it.
    """

    def __init__(self, config: BrokerConfig) -> None:
        paths = DataDirectory(config.data_dir)
        self.config = config
        self.authority = BrokerAuthority.load(config)
        master = MasterKey.load(paths.master_key)
        self.database = Database.open(paths.database)
        self.provider = LocalProvider(paths.desktops, config.desktops)
        self.bus = Bus(config, self.authority, self._revoked)
        self._enrolment = EnrolmentServer(config, self.authority, self.database, master)
        self._reception = Reception(config, self.authority, self.database, master, self.provider)
        self._client = BusClient(
            config.bus.near_host,
            config.bus.port,
            topics.BROKER,
            tls=self.authority.broker_context,
            subscriptions=SUBSCRIPTIONS,
            on_message=self._receive,
            explain=explain,
        )
        self._ready = asyncio.Event()

    async def run(self) -> Never:
        """Serve until cancelled. Desktops go on then, and the next broker finds them; the bus ends.

        A broker that is killed leaves the bus, too, and the next one goes on with it.
        """
        with _only_one(self.config):
            try:
                await self.bus.prepare()
                async with self.provider, self._enrolment.serving(), asyncio.TaskGroup() as tasks:
                    if self.config.bus.start:
                        tasks.create_task(self.bus.run(), name="bus")
                    tasks.create_task(self.bus.watch_certificates(), name="bus certificates")
                    tasks.create_task(self._renew_enrolment(), name="enrolment certificate")
                    tasks.create_task(self._client.run(), name="bus client")
                    await self._client.wait_connected()
                    tasks.create_task(self._carry_out(), name="acts")
                    tasks.create_task(self._end_overdue(), name="overdue sessions")
                    self._ready.set()
            finally:
                await self.bus.stop()
                self.database.close()
        raise AssertionError  # pragma: no cover  none of the tasks ends

    async def wait_ready(self) -> None:
        """Wait until devices can enrol and users can sign in."""
        await self._ready.wait()

    async def _receive(self, incoming: Incoming) -> None:
        await self._reception.receive(incoming, self._client)

    async def _carry_out(self) -> Never:
        """Do what the command line asks for."""
        while True:
            try:
                for pending in await asyncio.to_thread(self._pending):
                    await self._do(pending)
                    await asyncio.to_thread(self._done, pending)
            except EdgeError as error:
                _log.error("an act is put off: %s", error)
                await asyncio.sleep(ACT_RETRY_S)
            await asyncio.sleep(ACTS_POLL_S)

    async def _end_overdue(self) -> Never:
        """End the sessions that have lasted for as long as one may, and their connections."""
        while True:
            try:
                await asyncio.to_thread(self._ask_to_end_overdue)
            except EdgeError as error:
                _log.error("sessions that are over go on: %s", error)
            await asyncio.sleep(OVERDUE_POLL_S)

    def _ask_to_end_overdue(self) -> None:
        now = time.time()
        with self.database.transaction() as connection:
            since = now - self.config.sign_in.session_hours * 3600
            for ended in sessions.end_overdue(connection, since, now):
                acts.ask(connection, Act.TELL_DEVICE, acts.end_of_session(ended, EndReason.OVER))
                for desktop in sessions.held_at(connection, ended.device):
                    acts.ask(connection, Act.BAR_DESKTOP, desktop)

    async def _do(self, pending: Pending) -> None:
        match pending.act:
            case Act.REVOKE_DEVICE:
                await self.bus.revoke(pending.subject)
                await self._client.publish(topics.status(pending.subject), b"", retain=True)
            case Act.BAR_DESKTOP:
                await self.provider.bar(pending.subject)
            case Act.STOP_DESKTOP:
                await self.provider.stop(pending.subject)
            case Act.TELL_DEVICE:
                device, session, reason = pending.subject.split("/")
                await self._reception.tell(
                    device, SessionEnded(session=session, reason=EndReason(reason)), self._client
                )
        _log.info("%s %s: done", pending.act, pending.subject)

    def _pending(self) -> list[Pending]:
        with self.database.transaction() as connection:
            return acts.pending(connection)

    def _done(self, pending: Pending) -> None:
        with self.database.transaction() as connection:
            acts.done(connection, pending.id)
            if pending.act in {Act.BAR_DESKTOP, Act.STOP_DESKTOP}:
                these = update(tickets).where(tickets.c.desktop == pending.subject, tickets.c.ended_at.is_(None))
                connection.execute(these.values(ended_at=time.time()))

    def _revoked(self) -> list[tuple[int, datetime]]:
        with self.database.transaction() as connection:
            return devices.revoked_serials(connection, time.time())

    async def _renew_enrolment(self) -> Never:
        while True:
            await asyncio.sleep(RENEWAL_S)
            await self._enrolment.renew_certificate()


@asynccontextmanager
async def running(config: BrokerConfig) -> AsyncIterator[Broker]:
    """Run a broker in a task of its own while the block runs; raises what it raises on the way to being ready."""
    broker = Broker(config)
    task = asyncio.create_task(broker.run(), name="broker")
    ready = asyncio.create_task(broker.wait_ready(), name="broker ready")
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield broker
    finally:
        ready.cancel()
        task.cancel()
        await asyncio.gather(task, ready, return_exceptions=True)


def is_running(config: BrokerConfig) -> bool:
    """Whether a broker runs on this data directory."""
    try:
        with _only_one(config):
            return False
    except BrokerError:
        return True


@contextmanager
def _only_one(config: BrokerConfig) -> Iterator[None]:
    """Hold the data directory; raises `BrokerError` if another broker does. A killed broker holds nothing."""
    path = DataDirectory(config.data_dir).lock
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BrokerError(f"{config.data_dir}: another broker runs on it") from None
        yield
    finally:
        os.close(descriptor)
