"""The broker's database: SQLite through SQLAlchemy Core, brought to its newest tables when it is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import alembic.command
import alembic.config
import alembic.util
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError

from edge.errors import BrokerError

BUSY_TIMEOUT_MS = 10_000


class Unavailable(BrokerError):
    """The database cannot be read or written; nothing of what was asked for has happened."""


class Database:
    """The open database. Its methods block: call them in a thread."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine, self._path = engine, path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the database at `path`, which is made if it does not exist; raises `Unavailable`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        database = cls(engine, path)
        try:
            with database.transaction() as connection:
                config = alembic.config.Config()
                config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            database.close()
            raise Unavailable(f"{path}: made by a newer version of this program: {error}") from error
        except Unavailable:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Do all of the block or nothing, one at a time; raises `Unavailable`, `IntegrityError` comes through."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise Unavailable(f"{self._path}: {error.orig}; nothing was changed. {_advice(error)}") from error


def _advice(error: DatabaseError) -> str:
    match getattr(error.orig, "sqlite_errorname", ""):
        case "SQLITE_FULL" | "SQLITE_IOERR_WRITE" | "SQLITE_IOERR_SHMSIZE":
            return "The disk is full: free some space there, then try again."
        case "SQLITE_BUSY" | "SQLITE_LOCKED":
            return "Another program holds the database: try again."
        case "SQLITE_CANTOPEN" | "SQLITE_READONLY" | "SQLITE_PERM":
            return "Run this as the user who owns the data directory."
        case _:
            return "Look at the file system and the rights of the file."


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # or sqlite3 would begin on its own, and too late
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # What reads before it writes must not find the lock taken half-way through.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
