"""The audit log: who did what to whom and when, in the same transaction as the act itself. It holds no secrets."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from edge.broker.tables import audit


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `at` is in seconds since 1970, `detail` is JSON."""

    id: int
    at: float
    actor: str
    act: str
    subject: str
    detail: dict[str, object]


def record(connection: Connection, at: float, actor: str, act: str, subject: str, **detail: object) -> None:
    """Add a line. If it cannot be added, the transaction, and so the act, fails."""
    line = {"at": at, "actor": actor, "act": act, "subject": subject, "detail": json.dumps(detail, ensure_ascii=False)}
    connection.execute(audit.insert().values(line))


def entries(connection: Connection, *, after_id: int = 0, limit: int = 1000) -> list[Entry]:
    """Read the log from the line after `after_id` on, oldest first."""
    lines = select(audit).where(audit.c.id > after_id).order_by(audit.c.id).limit(limit)
    return [
        Entry(line.id, line.at, line.actor, line.act, line.subject, json.loads(line.detail))
        for line in connection.execute(lines)
    ]
