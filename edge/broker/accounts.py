"""Users: their names, their sealed secrets and recovery codes, and whether an administrator has locked them.

Functions take an open transaction; each writes its line of the audit log in it.
"""

import base64
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.exc import IntegrityError

from edge.broker import audit, sessions, throttle
from edge.broker.sealing import MasterKey, RandomBytes
from edge.broker.tables import recovery_codes, users
from edge.broker.totp import SECRET_BYTES
from edge.errors import BrokerError

RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: nobody finds one by trying

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class User:
    """A user, as an administrator sees it. `failures` in a row are forgotten at the next success."""

    name: str
    desktops: tuple[str, ...]
    locked: bool
    failures: int
    recovery_codes_left: int
    created_at: float


def user_name(text: str) -> str:
    """Return `text` if it can name a user; raises `BrokerError`."""
    if not _NAME.fullmatch(text):
        raise BrokerError(
            f"{text!r} cannot name a user: use 1 to 64 of a-z, 0-9, '.', '_' and '-', the ends a-z or 0-9"
        )
    return text


def new_secret(random_bytes: RandomBytes) -> str:
    """Make a secret for one-time codes, Base32."""
    return base64.b32encode(random_bytes(SECRET_BYTES)).decode()


def new_recovery_codes(random_bytes: RandomBytes) -> list[str]:
    """Make the ten recovery codes, each of four groups of four letters and digits."""
    codes = [base64.b32encode(random_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def recovery_digest(master: MasterKey, user_id: str, code: str) -> bytes:
    """Return the digest by which a recovery code is found, however it was typed."""
    return master.digest(code.lower().replace("-", "").replace(" ", ""), f"recovery {user_id}")


def add(
    connection: Connection,
    master: MasterKey,
    random_bytes: RandomBytes,
    *,
    actor: str,
    name: str,
    secret: str,
    codes: list[str],
    last_step: int,
    now: float,
) -> None:
    """Add a user; steps up to `last_step` no longer count. Raises `BrokerError` if the name is taken."""
    identity = random_bytes(16).hex()
    row = {
        "id": identity,
        "name": user_name(name),
        "sealed_secret": master.seal(secret.encode(), identity, random_bytes),
        "last_step": last_step,
        "locked": False,
        "created_at": now,
    }
    try:
        connection.execute(users.insert().values(row))
    except IntegrityError as error:
        raise BrokerError(f"user {name} exists already") from error
    digests = [{"user_id": identity, "digest": recovery_digest(master, identity, code)} for code in codes]
    connection.execute(recovery_codes.insert(), digests)
    throttle.forget(connection, throttle.Subject.USER, name)
    audit.record(connection, now, actor, "user.add", name, confirmed=last_step > 0)


def find(connection: Connection, name: str) -> Row[Any]:
    """Read the row of a user; raises `BrokerError` if there is none of that name."""
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    if row is None:
        raise BrokerError(f"there is no user {name}; `edgectl user list` shows who there is")
    return row


def list_all(connection: Connection, now: float) -> list[User]:
    """Read all users, by name."""
    left = select(recovery_codes.c.user_id, func.count().label("left")).where(recovery_codes.c.used_at.is_(None))
    counts = {row.user_id: row.left for row in connection.execute(left.group_by(recovery_codes.c.user_id))}
    found = []
    for row in connection.execute(select(users).order_by(users.c.name)):
        standing = throttle.standing(connection, throttle.Subject.USER, row.name, now)
        locked = bool(row.locked) or standing.locked
        owned = sessions.desktops_of(connection, row.id)
        found.append(User(row.name, owned, locked, standing.failures, counts.get(row.id, 0), row.created_at))
    return found


def lock(connection: Connection, *, actor: str, name: str, now: float) -> None:
    """Keep a user out; raises `BrokerError` if there is none of that name."""
    connection.execute(update(users).where(users.c.id == find(connection, name).id).values(locked=True))
    audit.record(connection, now, actor, "user.lock", name)


def unlock(connection: Connection, *, actor: str, name: str, now: float) -> None:
    """Let a user in again, and forget the failures; raises `BrokerError` if there is none of that name."""
    connection.execute(update(users).where(users.c.id == find(connection, name).id).values(locked=False))
    throttle.forget(connection, throttle.Subject.USER, name)
    audit.record(connection, now, actor, "user.unlock", name)
