"""The decision whether a user may in: one transaction with its line of the audit log, so that nobody enters unrecorded.

What an attacker can learn by asking is kept small: a name that does not exist is answered, throttled and locked as one
that does, and a code that turns out to belong to a time to come is burned, or "your clock is wrong" would hand it over.
"""

import math
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import Connection, and_, delete, exists, select, update
from sqlalchemy.dialects.sqlite import insert

from edge.broker import accounts, audit, sessions, throttle
from edge.broker.sealing import MasterKey
from edge.broker.tables import burned_steps, devices, recovery_codes, users
from edge.broker.throttle import Subject
from edge.broker.totp import DIGITS, STEP_S, Match, Nearness, find_step
from edge.control.messages import Refusal

NOBODY = "A" * 32  # the secret against which the codes of names that do not exist are held, for the time it takes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The user may in, at any of these desktops."""

    user_id: str
    desktops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The user may not in; `retry_after_s` is not 0 for `THROTTLED` alone."""

    reason: Refusal
    retry_after_s: float = 0.0

    @property
    def text(self) -> str:
        """The sentence for the user."""
        wait = f" Try again in {math.ceil(self.retry_after_s)} s." if self.retry_after_s else ""
        return self.reason.text + wait


def decide(
    connection: Connection, master: MasterKey, *, device: str, user: str, code: str, now: float
) -> Accepted | Refused:
    """Decide about `user` with `code` at `device` (whose name the bus has verified); `now` is in seconds since 1970."""
    revoked = connection.scalar(select(devices.c.revoked_at).where(devices.c.name == device))
    known = connection.scalar(select(exists().where(devices.c.name == device)))
    if revoked is not None or not known:
        return _refuse(connection, Refused(Refusal.DEVICE_REVOKED), device, user, now)
    for subject, name in ((Subject.DEVICE, device), (Subject.USER, user)):
        standing = throttle.standing(connection, subject, name, now)
        if standing.locked:
            return _refuse(connection, Refused(Refusal.LOCKED), device, user, now, by=str(subject))
        if standing.blocked_until > now:
            blocked = Refused(Refusal.THROTTLED, standing.blocked_until - now)
            return _refuse(connection, blocked, device, user, now, by=str(subject))
    return _verify(connection, master, device, user, code.replace(" ", ""), now)


def _verify(
    connection: Connection, master: MasterKey, device: str, user: str, code: str, now: float
) -> Accepted | Refused:
    row = connection.execute(select(users).where(users.c.name == user)).one_or_none()
    secret = NOBODY if row is None else master.open(row.sealed_secret, row.id).decode()
    recovery = len(code) != DIGITS
    found = Match(Nearness.NONE) if recovery else find_step(secret, code, now)
    if row is None:
        return _fail(connection, Refusal.WRONG, device, user, now)
    if recovery:
        reason = None if _spend_recovery_code(connection, master, row.id, code, now) else Refusal.WRONG
    else:
        reason = _spend(connection, row.id, found, now)
    if reason is not None:
        return _fail(connection, reason, device, user, now, offset_s=found.offset_s)
    throttle.succeed(connection, user, device, now)
    if row.locked:
        return _refuse(connection, Refused(Refusal.LOCKED), device, user, now, by="administrator")
    desktops = sessions.desktops_of(connection, row.id)
    if not desktops:
        return _refuse(connection, Refused(Refusal.NO_DESKTOP), device, user, now)
    how = "recovery code" if recovery else "code"
    audit.record(connection, now, f"user:{user}", "sign-in.accept", " ".join(desktops), device=device, by=how)
    return Accepted(row.id, desktops)


def _spend(connection: Connection, user_id: str, found: Match, now: float) -> Refusal | None:
    """Count the code that was found; None if it is good."""
    match found.nearness:
        case Nearness.NONE:
            return Refusal.WRONG
        case Nearness.LATE:
            return Refusal.LATE
        case Nearness.CLOCK:
            _burn(connection, user_id, found.step, now)
            return Refusal.CLOCK
        case Nearness.CURRENT:
            return None if _spend_step(connection, user_id, found.step) else Refusal.REUSED
        case _:
            assert_never(found.nearness)


def _spend_step(connection: Connection, user_id: str, step: int) -> bool:
    """Count a step; False if it, or a later one, was counted already. One statement: two at once cannot both win."""
    burned = exists().where(and_(burned_steps.c.user_id == user_id, burned_steps.c.step == step))
    later = update(users).where(users.c.id == user_id, users.c.last_step < step, ~burned).values(last_step=step)
    return connection.execute(later).rowcount == 1


def _spend_recovery_code(connection: Connection, master: MasterKey, user_id: str, code: str, now: float) -> bool:
    this = and_(
        recovery_codes.c.user_id == user_id,
        recovery_codes.c.digest == accounts.recovery_digest(master, user_id, code),
        recovery_codes.c.used_at.is_(None),
    )
    return connection.execute(update(recovery_codes).where(this).values(used_at=now)).rowcount == 1


def _burn(connection: Connection, user_id: str, step: int, now: float) -> None:
    connection.execute(delete(burned_steps).where(burned_steps.c.step < int(now) // STEP_S - 2))
    if step * STEP_S > now:
        connection.execute(insert(burned_steps).values(user_id=user_id, step=step).on_conflict_do_nothing())


def _fail(connection: Connection, reason: Refusal, device: str, user: str, now: float, **detail: object) -> Refused:
    """Count a failure against user and device, and record the refusal."""
    throttle.fail(connection, Subject.DEVICE, device, now)
    failures = throttle.fail(connection, Subject.USER, user, now).failures
    return _refuse(connection, Refused(reason), device, user, now, failures=failures, **detail)


def _refuse(connection: Connection, refused: Refused, device: str, user: str, now: float, **detail: object) -> Refused:
    audit.record(connection, now, f"user:{user}", "sign-in.refuse", refused.reason, device=device, **detail)
    return refused
