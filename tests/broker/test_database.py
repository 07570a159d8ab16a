"""The database: migrations, the audit log, a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from edge.broker import audit
from edge.broker.database import Database, Unavailable
from edge.broker.rate_limit import MAX_REMEMBERED, RateLimit
from edge.broker.tables import metadata


@pytest.fixture
def database(tmp_path):
    database = Database.open(tmp_path / "broker.sqlite")
    yield database
    database.close()


def test_migrations_make_the_tables_that_the_code_knows(database):
    with database.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_database_is_private_and_safe_against_a_crash(database):
    assert database._path.stat().st_mode & 0o777 == 0o600
    with database.transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_opening_says_so_when_a_newer_program_made_the_database(database):
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer version"):
        Database.open(database._path)


def test_opening_says_so_when_the_file_is_something_else(tmp_path):
    path = tmp_path / "broker.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match="not a database"):
        Database.open(path)


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET actor = 'somebody else'"])
def test_audit_log_refuses_when_a_line_is_to_be_changed(database, statement):
    with database.transaction() as connection:
        audit.record(connection, 1.0, "admin:kim", "user.add", "lee", why="한글")
    with pytest.raises(IntegrityError, match="can only be added to"), database.transaction() as connection:
        connection.exec_driver_sql(statement)
    with database.transaction() as connection:
        (line,) = audit.entries(connection)
    assert (line.actor, line.subject, line.detail) == ("admin:kim", "lee", {"why": "한글"})


def test_nothing_is_kept_when_a_transaction_fails(database):
    def do_a_half():
        with database.transaction() as connection:
            audit.record(connection, 1.0, "a", "b", "c")
            audit.record(connection, 1.0, "a", "b", None)

    with pytest.raises(IntegrityError, match="NOT NULL"):
        do_a_half()
    with database.transaction() as connection:
        assert audit.entries(connection) == []


SMALL_DISK = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" "$3" "$1" disk'


@pytest.mark.parametrize("how", ["disk", "limit"])
def test_no_account_and_no_audit_line_is_lost_when_the_disk_is_full(tmp_path, how):
    script = Path(__file__).parent / "full_disk.py"
    command = [sys.executable, script, tmp_path, how]
    if how == "disk":
        private = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine gives no user namespaces, so no small file system can be mounted")
        command = [*private, "sh", "-c", SMALL_DISK, "sh", tmp_path, sys.executable, script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ran.stdout.splitlines()[-1:] == ["survived"], ran.stdout + ran.stderr


def test_rate_limit_lets_a_burst_pass_and_then_one_in_a_period():
    limit = RateLimit(burst=3, period_s=2.0)
    assert [limit.wait_s("a", 10.0) for _ in range(3)] == [0.0] * 3
    assert limit.wait_s("a", 10.0) == 2.0
    assert limit.wait_s("b", 10.0) == 0.0
    assert limit.wait_s("a", 12.0) == 0.0
    assert limit.wait_s("a", 12.0) == 2.0


def test_rate_limit_forgets_the_oldest_when_many_ask():
    limit = RateLimit(burst=1, period_s=1000.0)
    for number in range(MAX_REMEMBERED + 10):
        limit.wait_s(str(number), 0.0)
    assert len(limit._empty_at) == MAX_REMEMBERED
