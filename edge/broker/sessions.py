"""Who is signed in where: one user at a device, one device for a user.

A session is known by the fingerprint of the key that the device made for it: who shows a signing request by that key,
on the device's own topic of the bus, is who was let in. Functions take an open transaction.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from edge.broker import audit
from edge.broker.tables import desktops, sessions, tickets, users


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over, and at which device it was."""

    session: str
    device: str


def begin(connection: Connection, *, session: str, user_id: str, device: str, now: float) -> list[Ended]:
    """Begin a session; the user's others end, wherever they are, and whoever else's at `device`. Return those."""
    # The request for a key is no secret: a session that another device shows it for is over, too, and not overwritten.
    at_once = or_(sessions.c.user_id == user_id, sessions.c.device == device, sessions.c.id == session)
    another = or_(sessions.c.id != session, sessions.c.device != device)
    ended = _end(connection, now, "sign-in", at_once, another)
    row = {"user_id": user_id, "device": device, "began_at": now, "ended_at": None}
    connection.execute(insert(sessions).values(id=session, **row).on_conflict_do_update(["id"], set_=row))
    return ended


def find(connection: Connection, *, session: str, device: str, since: float) -> Row[Any] | None:
    """Read the user of an open session that began at `device` after `since`; None if there is none."""
    this = (
        sessions.c.id == session,
        sessions.c.device == device,
        sessions.c.ended_at.is_(None),
        sessions.c.began_at > since,
    )
    return connection.execute(select(users).join(sessions, sessions.c.user_id == users.c.id).where(*this)).one_or_none()


def end(connection: Connection, *, session: str, device: str, now: float) -> None:
    """End a session because its device says so; nothing happens if it is over, or not that device's."""
    _end(connection, now, "device", sessions.c.id == session, sessions.c.device == device)


def end_of_user(connection: Connection, user_id: str, now: float) -> list[Ended]:
    """End a user's sessions because an administrator says so."""
    return _end(connection, now, "administrator", sessions.c.user_id == user_id)


def end_at(connection: Connection, device: str, now: float) -> list[Ended]:
    """End the sessions at a device because an administrator says so."""
    return _end(connection, now, "administrator", sessions.c.device == device)


def end_overdue(connection: Connection, since: float, now: float) -> list[Ended]:
    """End the sessions that began before `since`, because nobody's may last longer."""
    return _end(connection, now, "time", sessions.c.began_at <= since)


def desktops_of(connection: Connection, user_id: str) -> tuple[str, ...]:
    """Read a user's desktops, by name."""
    rows = connection.scalars(select(desktops.c.name).where(desktops.c.user_id == user_id).order_by(desktops.c.name))
    return tuple(str(name) for name in rows)


def held_elsewhere(connection: Connection, user_id: str, device: str) -> tuple[str, ...]:
    """Read which of a user's desktops another device than `device` may be connected to."""
    other = (tickets.c.user_id == user_id, tickets.c.device != device, tickets.c.ended_at.is_(None))
    return tuple(str(name) for name in connection.scalars(select(tickets.c.desktop).where(*other).distinct()))


def held_at(connection: Connection, device: str) -> tuple[str, ...]:
    """Read which desktops `device` may be connected to."""
    at = (tickets.c.device == device, tickets.c.ended_at.is_(None))
    return tuple(str(name) for name in connection.scalars(select(tickets.c.desktop).where(*at).distinct()))


def _end(connection: Connection, now: float, by: str, *which: Any) -> list[Ended]:  # noqa: ANN401  SQL expressions
    over = update(sessions).where(sessions.c.ended_at.is_(None), *which).values(ended_at=now)
    ended = [Ended(row.id, row.device) for row in connection.execute(over.returning(sessions.c.id, sessions.c.device))]
    for each in ended:
        audit.record(connection, now, f"device:{each.device}", "session.end", each.session[:16], by=by)
    return ended
