"""Devices: their one-time tokens, their certificates, and their revocation.

Functions take an open transaction; each writes its line of the audit log in it.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from sqlalchemy import Connection, or_, select, update

from edge.broker import audit, throttle
from edge.broker.sealing import MasterKey, RandomBytes
from edge.broker.tables import certificates, devices, tickets
from edge.control.topics import device_name
from edge.errors import BrokerError

TOKEN_BYTES = 20


@dataclass(frozen=True, slots=True)
class Device:
    """A device, as an administrator sees it. Times are seconds since 1970, None for never."""

    name: str
    state: str
    presence: str
    created_at: float
    certificate_not_after: float | None
    revoked_at: float | None
    seen_at: float | None
    failures: int
    locked: bool


def add(
    connection: Connection,
    master: MasterKey,
    random_bytes: RandomBytes,
    *,
    actor: str,
    name: str,
    now: float,
    token_lifetime_s: float,
) -> str:
    """Expect a device of this name and return its one-time token, which is kept as a digest only.

    A device that was added before gets another token, and is no longer revoked: that is how it is enrolled again.
    Its old certificates stay revoked. Raises `ControlError` if the name cannot be a device's.
    """
    token = base64.b32encode(random_bytes(TOKEN_BYTES)).decode().lower()
    row = {
        "token_digest": master.digest(token, "token"),
        "token_expires_at": now + token_lifetime_s,
        "token_used_by": None,
        "revoked_at": None,
    }
    again = connection.execute(update(devices).where(devices.c.name == device_name(name)).values(row)).rowcount
    if not again:
        fresh = {"name": name, "created_at": now, "presence": "offline", "boot_sequence": 0}
        connection.execute(devices.insert().values(row | fresh))
    audit.record(connection, now, actor, "device.add", name, again=bool(again))
    return token


def redeem(connection: Connection, master: MasterKey, token: str, key_fingerprint: str, now: float) -> str | None:
    """Count a token for a key and return its device's name; None if it is wrong, spent on another key, or expired.

    One statement decides, so that of two keys that come at once with one token only the first gets in. The same key
    may come again: its first answer may have been lost.
    """
    this = (
        devices.c.token_digest == master.digest(token, "token"),
        devices.c.token_expires_at > now,
        devices.c.revoked_at.is_(None),
        or_(devices.c.token_used_by.is_(None), devices.c.token_used_by == key_fingerprint),
    )
    counted = update(devices).where(*this).values(token_used_by=key_fingerprint).returning(devices.c.name)
    name = connection.scalar(counted)
    return None if name is None else str(name)


def certified(connection: Connection, name: str, certificate: x509.Certificate, act: str, now: float) -> None:
    """Keep the serial number of a certificate that was issued to a device, so that it can be revoked."""
    row = {
        "serial": f"{certificate.serial_number:x}",
        "device": name,
        "issued_at": now,
        "not_after": certificate.not_valid_after_utc.timestamp(),
    }
    connection.execute(certificates.insert().values(row))
    audit.record(connection, now, f"device:{name}", act, name, serial=row["serial"])


def is_revoked(connection: Connection, name: str) -> bool:
    """Whether a device may not come in: it was revoked, or never added."""
    row = connection.execute(select(devices.c.revoked_at).where(devices.c.name == name)).one_or_none()
    return row is None or row.revoked_at is not None


def revoke(connection: Connection, *, actor: str, name: str, now: float) -> None:
    """Revoke a device, its token and its certificates; raises `BrokerError` if there is none of that name."""
    row = {"revoked_at": now, "token_digest": None, "token_expires_at": None}
    if not connection.execute(update(devices).where(devices.c.name == name).values(row)).rowcount:
        raise BrokerError(f"there is no device {name}; `edgectl device list` shows which there are")
    live = (certificates.c.device == name, certificates.c.revoked_at.is_(None))
    connection.execute(update(certificates).where(*live).values(revoked_at=now))
    audit.record(connection, now, actor, "device.revoke", name)


def revoked_serials(connection: Connection, now: float) -> list[tuple[int, datetime]]:
    """Read what belongs on the revocation list: revoked and not expired yet."""
    wanted = select(certificates).where(certificates.c.revoked_at.is_not(None), certificates.c.not_after > now)
    return [(int(row.serial, 16), datetime.fromtimestamp(row.revoked_at, UTC)) for row in connection.execute(wanted)]


def seen(connection: Connection, name: str, presence: str, boot_sequence: int, now: float) -> None:
    """Note what a device said of itself, unless it is of an earlier boot: a last will may come late."""
    row = {"presence": presence, "boot_sequence": boot_sequence, "seen_at": now}
    this = (devices.c.name == name, devices.c.boot_sequence <= boot_sequence)
    connection.execute(update(devices).where(*this).values(row))


def desktops_of(connection: Connection, name: str) -> list[str]:
    """Read at which desktops this device may have a session."""
    open_tickets = (tickets.c.device == name, tickets.c.ended_at.is_(None))
    found = connection.scalars(select(tickets.c.desktop).where(*open_tickets).distinct())
    return [str(desktop) for desktop in found]


def unlock(connection: Connection, *, actor: str, name: str, now: float) -> None:
    """Forget the failed sign-ins at a device; raises `BrokerError` if there is none of that name."""
    show(connection, name, now)
    throttle.forget(connection, throttle.Subject.DEVICE, name)
    audit.record(connection, now, actor, "device.unlock", name)


def show(connection: Connection, name: str, now: float) -> Device:
    """Read one device; raises `BrokerError` if there is none of that name."""
    for device in list_all(connection, now):
        if device.name == name:
            return device
    raise BrokerError(f"there is no device {name}; `edgectl device list` shows which there are")


def list_all(connection: Connection, now: float) -> list[Device]:
    """Read all devices, by name."""
    newest: dict[str, float] = {}
    for row in connection.execute(select(certificates).where(certificates.c.revoked_at.is_(None))):
        newest[row.device] = max(newest.get(row.device, 0.0), row.not_after)
    found = []
    for row in connection.execute(select(devices).order_by(devices.c.name)):
        not_after = newest.get(row.name)
        if row.revoked_at is not None:
            state = "revoked"
        elif not_after is None:
            state = "added"
        else:
            state = "enrolled" if not_after > now else "expired"
        standing = throttle.standing(connection, throttle.Subject.DEVICE, row.name, now)
        found.append(
            Device(
                row.name,
                state,
                row.presence,
                row.created_at,
                not_after,
                row.revoked_at,
                row.seen_at,
                standing.failures,
                standing.locked,
            )
        )
    return found
