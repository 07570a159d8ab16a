"""What an administrator does, on the broker's data directory: the functions behind `edgectl`. They block."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select, update

from edge.broker import accounts, acts, audit, devices, sessions
from edge.broker.acts import Act
from edge.broker.authority import BrokerAuthority
from edge.broker.database import Database
from edge.broker.paths import DataDirectory
from edge.broker.sealing import MasterKey
from edge.broker.tables import desktops, tickets, users
from edge.broker.totp import Nearness, find_step, provisioning_uri
from edge.config import BrokerConfig
from edge.control.messages import EndReason
from edge.control.topics import device_name
from edge.errors import BrokerError, ControlError
from edge.trust.enrolment import EnrolmentFile
from edge.trust.private_file import write_private


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is shown once: the secret in the form that an authenticator reads, and the recovery codes."""

    name: str
    desktop: str | None
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    recovery_codes: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A desktop and whose it is."""

    desktop: str
    user: str | None


def initialise(config: BrokerConfig, actor: str) -> BrokerAuthority:
    """Make the CA, the master key and the database; raises `BrokerError` if they exist, and then changes nothing."""
    database = Database.open(DataDirectory(config.data_dir).database)
    try:
        with database.transaction() as connection:
            audit.record(connection, time.time(), actor, "ca.init", str(config.data_dir))
            return BrokerAuthority.init(config)
    finally:
        database.close()


class Administration:
    """One administrator's acts; `actor` is the name that the audit log gives them."""

    def __init__(self, config: BrokerConfig, actor: str) -> None:
        self._config, self._actor = config, actor
        paths = DataDirectory(config.data_dir)
        self._authority = BrokerAuthority.load(config)
        self._master = MasterKey.load(paths.master_key)
        self._database = Database.open(paths.database)

    @classmethod
    @contextmanager
    def open(cls, config: BrokerConfig, actor: str) -> Iterator["Administration"]:
        """Open the data directory; raises `BrokerError` or `TrustError` if it is not ready."""
        administration = cls(config, actor)
        try:
            yield administration
        finally:
            administration._database.close()

    def add_device(self, name: str, file: Path) -> EnrolmentFile:
        """Expect a device and write its enrolment file; if either fails, neither has happened."""
        draft = file.with_name(f".{file.name}.draft")
        try:
            with self._database.transaction() as connection:
                content = EnrolmentFile(
                    device=name,
                    host=self._config.enrolment.host,
                    port=self._config.enrolment.port,
                    ca_pem=self._authority.pem,
                    token=self._expect(connection, name),
                )
                write_private(draft, msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        return content

    def list_devices(self) -> list[devices.Device]:
        """List all devices."""
        with self._database.transaction() as connection:
            return devices.list_all(connection, time.time())

    def show_device(self, name: str) -> devices.Device:
        """Show one device."""
        with self._database.transaction() as connection:
            return devices.show(connection, name, time.time())

    def unlock_device(self, name: str) -> None:
        """Forget the failed sign-ins at a device."""
        with self._database.transaction() as connection:
            devices.unlock(connection, actor=self._actor, name=name, now=time.time())

    def revoke_device(self, name: str) -> list[int]:
        """Revoke a device; returns the numbers of the acts with which the broker throws it out everywhere."""
        with self._database.transaction() as connection:
            now = time.time()
            devices.revoke(connection, actor=self._actor, name=name, now=now)
            sessions.end_at(connection, name, now)
            numbers = [acts.ask(connection, Act.REVOKE_DEVICE, name)]
            return numbers + [
                acts.ask(connection, Act.BAR_DESKTOP, desktop) for desktop in devices.desktops_of(connection, name)
            ]

    def prepare_user(self, name: str, *, desktop: bool = True) -> NewUser:
        """Make a user's secret and recovery codes, without keeping them yet: see `add_user`."""
        secret = accounts.new_secret(secrets.token_bytes)
        codes = accounts.new_recovery_codes(secrets.token_bytes)
        uri = provisioning_uri(secret, accounts.user_name(name), self._config.sign_in.issuer)
        with self._database.transaction() as connection:
            if any(user.name == name for user in accounts.list_all(connection, time.time())):
                raise BrokerError(f"user {name} exists already")
        return NewUser(name, _desktop_name(name) if desktop else None, secret, uri, codes)

    def add_user(self, user: NewUser, first_code: str | None) -> None:
        """Keep a user whose authenticator shows `first_code`, which then no longer counts; None takes it on trust.

        Raises `BrokerError` if the code is wrong; nothing was kept then, and another code may be tried.
        """
        now, step = time.time(), 0
        if first_code is not None:
            found = find_step(user.secret, first_code.replace(" ", ""), now)
            if found.nearness is not Nearness.CURRENT:
                hint = {
                    Nearness.LATE: "it has run out; type the one that is shown now",
                    Nearness.CLOCK: f"it is {abs(found.offset_s) // 60} minutes off; set the clocks of both",
                }.get(found.nearness, "did the authenticator read this QR code?")
                raise BrokerError(f"the code does not confirm user {user.name}: {hint}")
            step = found.step
        with self._database.transaction() as connection:
            accounts.add(
                connection,
                self._master,
                secrets.token_bytes,
                actor=self._actor,
                name=user.name,
                secret=user.secret,
                codes=user.recovery_codes,
                last_step=step,
                now=now,
            )
            if user.desktop is not None:
                self._assign(connection, user.name, user.desktop)

    def list_users(self) -> list[accounts.User]:
        """List all users."""
        with self._database.transaction() as connection:
            return accounts.list_all(connection, time.time())

    def lock_user(self, name: str) -> list[int]:
        """Keep a user out; returns the numbers of the acts with which the broker ends the connections."""
        with self._database.transaction() as connection:
            accounts.lock(connection, actor=self._actor, name=name, now=time.time())
            user_id = accounts.find(connection, name).id
            held = select(tickets.c.desktop).where(tickets.c.user_id == user_id, tickets.c.ended_at.is_(None))
            found = list(connection.scalars(held.distinct()))
            told = self._end_sessions(connection, user_id, EndReason.LOCKED)
            return told + [acts.ask(connection, Act.BAR_DESKTOP, desktop) for desktop in found]

    def unlock_user(self, name: str) -> None:
        """Let a user in again."""
        with self._database.transaction() as connection:
            accounts.unlock(connection, actor=self._actor, name=name, now=time.time())

    def list_desktops(self) -> list[Assignment]:
        """List all desktops and whose they are."""
        with self._database.transaction() as connection:
            joined = select(desktops.c.name, users.c.name).outerjoin(users, desktops.c.user_id == users.c.id)
            return [Assignment(*row) for row in connection.execute(joined.order_by(desktops.c.name))]

    def assign_desktop(self, user: str, desktop: str) -> list[int]:
        """Give a desktop, new or not, to a user beside those that they have; who had it before loses it at once."""
        with self._database.transaction() as connection:
            told = self._end_sessions(connection, self._owner(connection, desktop), EndReason.ASSIGNED)
            self._assign(connection, user, desktop)
            return [*told, acts.ask(connection, Act.BAR_DESKTOP, desktop)]

    def withdraw_desktop(self, desktop: str) -> list[int]:
        """Take a desktop from its user; its connections end, its files stay."""
        with self._database.transaction() as connection:
            self._require(connection, desktop)
            told = self._end_sessions(connection, self._owner(connection, desktop), EndReason.ASSIGNED)
            connection.execute(update(desktops).where(desktops.c.name == desktop).values(user_id=None))
            audit.record(connection, time.time(), self._actor, "desktop.withdraw", desktop)
            return [*told, acts.ask(connection, Act.BAR_DESKTOP, desktop)]

    def stop_desktop(self, desktop: str) -> list[int]:
        """Ask the broker to stop a desktop."""
        with self._database.transaction() as connection:
            self._require(connection, desktop)
            audit.record(connection, time.time(), self._actor, "desktop.stop", desktop)
            told = self._end_sessions(connection, self._owner(connection, desktop), EndReason.STOPPED)
            return [*told, acts.ask(connection, Act.STOP_DESKTOP, desktop)]

    def read_audit(self, *, after_id: int = 0, limit: int = 1000) -> list[audit.Entry]:
        """Read the audit log, oldest first."""
        with self._database.transaction() as connection:
            return audit.entries(connection, after_id=after_id, limit=limit)

    def wait_done(self, numbers: list[int], timeout_s: float) -> bool:
        """Wait until the running broker has carried out these acts; False if it has not in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._database.transaction() as connection:
                if not any(acts.is_pending(connection, number) for number in numbers):
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)

    def set_done(self, numbers: list[int]) -> None:
        """Take acts from the queue that were carried out without the broker."""
        with self._database.transaction() as connection:
            for number in numbers:
                acts.done(connection, number)

    def _owner(self, connection: Connection, desktop: str) -> str | None:
        return connection.scalar(select(desktops.c.user_id).where(desktops.c.name == desktop))

    def _require(self, connection: Connection, desktop: str) -> None:
        if connection.scalar(select(desktops.c.name).where(desktops.c.name == desktop)) is None:
            raise BrokerError(f"there is no desktop {desktop}; `edgectl desktop list` shows which there are")

    def _end_sessions(self, connection: Connection, user_id: str | None, reason: EndReason) -> list[int]:
        """End a user's sessions; returns the numbers of the acts by which their devices hear of it."""
        if user_id is None:
            return []
        ended = sessions.end_of_user(connection, user_id, time.time())
        return [acts.ask(connection, Act.TELL_DEVICE, acts.end_of_session(each, reason)) for each in ended]

    def _expect(self, connection: Connection, name: str) -> str:
        return devices.add(
            connection,
            self._master,
            secrets.token_bytes,
            actor=self._actor,
            name=name,
            now=time.time(),
            token_lifetime_s=self._config.enrolment.token_hours * 3600.0,
        )

    def _assign(self, connection: Connection, user: str, desktop: str) -> None:
        try:
            device_name(desktop)
        except ControlError as error:
            raise BrokerError(str(error).replace("a device", "a desktop")) from error
        user_id, now = accounts.find(connection, user).id, time.time()
        if not connection.execute(update(desktops).where(desktops.c.name == desktop).values(user_id=user_id)).rowcount:
            connection.execute(desktops.insert().values(name=desktop, user_id=user_id, created_at=now))
        audit.record(connection, now, self._actor, "desktop.assign", desktop, user=user)


def _desktop_name(user: str) -> str:
    return user.replace(".", "-").replace("_", "-")[:63].strip("-")
