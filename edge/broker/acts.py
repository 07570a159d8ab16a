"""What the command line has decided and the running broker has to carry out: a queue in the database.

The row is written in the transaction of the decision, and deleted when the act is done: a broker that was down, or is
killed in between, does it when it is back.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, exists, select

from edge.broker.sessions import Ended
from edge.broker.tables import acts
from edge.control.messages import EndReason


class Act(StrEnum):
    """What has to be done; the subject is a device, a desktop, or what `end_of_session` makes."""

    REVOKE_DEVICE = "revoke-device"
    BAR_DESKTOP = "bar-desktop"
    STOP_DESKTOP = "stop-desktop"
    TELL_DEVICE = "tell-device"
    """That a session there is over."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One act that is still to be done."""

    id: int
    act: Act
    subject: str


def end_of_session(ended: Ended, reason: EndReason) -> str:
    """Return the subject of `TELL_DEVICE`."""
    return f"{ended.device}/{ended.session}/{reason}"


def ask(connection: Connection, act: Act, subject: str) -> int:
    """Queue an act and return its number."""
    number = connection.execute(acts.insert().values(act=act, subject=subject)).inserted_primary_key
    assert number is not None  # noqa: S101  an insert of one row has one
    return int(number[0])


def pending(connection: Connection) -> list[Pending]:
    """Read what is still to be done, in the order in which it was asked for."""
    return [Pending(row.id, Act(row.act), row.subject) for row in connection.execute(select(acts).order_by(acts.c.id))]


def done(connection: Connection, number: int) -> None:
    """Take an act that was carried out from the queue."""
    connection.execute(delete(acts).where(acts.c.id == number))


def is_pending(connection: Connection, number: int) -> bool:
    """Whether an act is still to be done."""
    return bool(connection.scalar(select(exists().where(acts.c.id == number))))
