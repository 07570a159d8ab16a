"""Failed attempts: counted per user name and per device, slowed from the fifth on, locked at the twentieth."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, and_, delete, select
from sqlalchemy.dialects.sqlite import insert

from edge.broker.tables import attempts

THROTTLED_FROM = 5
LOCKED_AT = 20
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 3600.0
# A device stands where many people use it: what they mistyped on other days is not held against it.
DEVICE_MEMORY_S = 24 * 3600.0


class Subject(StrEnum):
    """Whose attempts are counted."""

    USER = "user"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a name stands: `failures` in a row, and until when it is blocked (seconds since 1970)."""

    failures: int = 0
    blocked_until: float = 0.0

    @property
    def locked(self) -> bool:
        """Whether only an administrator can let it try again."""
        return self.failures >= LOCKED_AT


def wait_s(failures: int) -> float:
    """Return for how long the next attempt is refused after so many failures, in seconds."""
    if failures < THROTTLED_FROM:
        return 0.0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (failures - THROTTLED_FROM))


def standing(connection: Connection, subject: Subject, name: str, now: float) -> Standing:
    """Read how `name` stands, whether or not it is the name of anybody."""
    row = connection.execute(select(attempts).where(_is(subject, name))).one_or_none()
    if row is None or (_forgotten(subject, row.failures, row.last_failed_at, now)):
        return Standing()
    return Standing(row.failures, row.blocked_until)


def fail(connection: Connection, subject: Subject, name: str, now: float) -> Standing:
    """Count a failure and return how `name` stands now."""
    failures = standing(connection, subject, name, now).failures + 1
    row = {"failures": failures, "blocked_until": now + wait_s(failures), "last_failed_at": now}
    statement = insert(attempts).values(kind=subject, name=name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=row))
    return Standing(failures, row["blocked_until"])


def succeed(connection: Connection, user: str, device: str, now: float) -> None:
    """Forget the user's failures, and as many of the device's: somebody else's at it stay."""
    own = standing(connection, Subject.USER, user, now).failures
    forget(connection, Subject.USER, user)
    left = standing(connection, Subject.DEVICE, device, now).failures - own
    if left > 0:
        connection.execute(attempts.update().where(_is(Subject.DEVICE, device)).values(failures=left))
    else:
        forget(connection, Subject.DEVICE, device)


def forget(connection: Connection, subject: Subject, name: str) -> None:
    """Forget the failures of `name`: what an administrator's unlock does."""
    connection.execute(delete(attempts).where(_is(subject, name)))


def _is(subject: Subject, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  SQLAlchemy's own type is private
    return and_(attempts.c.kind == subject, attempts.c.name == name)


def _forgotten(subject: Subject, failures: int, last_failed_at: float, now: float) -> bool:
    return subject is Subject.DEVICE and failures < LOCKED_AT and now - last_failed_at > DEVICE_MEMORY_S
