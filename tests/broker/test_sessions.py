"""Sessions and the tickets within them: over a real bus, by real boards, and by those who are none."""

import asyncio
import sqlite3
import time

import pytest
from sqlalchemy import update

from edge.broker import audit, devices, reception, service
from edge.broker.administration import Administration
from edge.broker.database import Database
from edge.broker.installation import installation
from edge.broker.tables import sessions
from edge.control import messages, topics
from edge.control.messages import EndReason, Refusal, SessionEnded, SignInGranted, SignOut, TicketRequest
from edge.display.words import WORDS
from edge.errors import ControlError
from edge.geometry import Size
from edge.trust.session_key import SessionKey
from tests.board import PATIENCE_S, board, rfb
from tests.servers import require

require("mosquitto", "mosquitto")


@pytest.fixture
async def site(tmp_path):
    async with installation(tmp_path, size=Size(320, 240), program=("xterm",)) as made:
        yield made


def admin(site, what):
    with Administration.open(site.config, "admin:test") as opened:
        return what(opened)


async def ticket(desk, key, desktop):
    """Ask for a ticket in the session of `key`."""
    request = TicketRequest(session_request_pem=key.request_pem, desktop=desktop)
    topic = topics.ticket(desk.identity.device)
    return messages.decode_sign_in_reply(await desk.bus.request(topic, messages.encode(request), timeout_s=PATIENCE_S))


async def test_ticket_is_renewed_in_its_own_session_at_its_own_device_and_nowhere_else(site, tmp_path):
    admin(site, lambda opened: opened.add_device("desk-2", tmp_path / "desk-2.json"))
    async with (
        board(site.enrolment_file, tmp_path / "1") as desk,
        board(tmp_path / "desk-2.json", tmp_path / "2") as other,
    ):
        key = desk.session_key
        assert (await ticket(desk, key, site.desktop)).reason is Refusal.SESSION_OVER
        first = await desk.sign_in(site.user, await site.fresh_code())
        again = await ticket(desk, key, site.desktop)
        assert isinstance(again, SignInGranted)
        assert again.desktops == (site.desktop,)
        assert again.ticket.certificate_pem != first.ticket.certificate_pem
        async with rfb(again.ticket, key):
            pass
        assert (await ticket(desk, key, "moon")).reason is Refusal.NO_DESKTOP
        assert (await ticket(desk, SessionKey(), site.desktop)).reason is Refusal.SESSION_OVER
        # The key's request is no secret; whoever has it has neither the key nor the device.
        assert (await ticket(other, key, site.desktop)).reason is Refusal.SESSION_OVER
        ended = messages.encode(SignOut(session=key.name))
        await other.bus.publish(topics.sign_out(other.identity.device), ended)
        assert isinstance(await ticket(desk, key, site.desktop), SignInGranted)
        with site.broker.database.transaction() as connection:
            connection.execute(update(sessions).values(began_at=time.time() - 12.1 * 3600))
        assert (await ticket(desk, key, site.desktop)).reason is Refusal.SESSION_OVER
        assert isinstance(await desk.sign_in(site.user, await site.fresh_code()), SignInGranted)
        with site.broker.database.transaction() as connection:
            devices.revoke(connection, actor="test", name=site.device, now=time.time())
        assert (await ticket(desk, key, site.desktop)).reason is Refusal.DEVICE_REVOKED


async def test_session_ends_when_its_device_says_so_or_its_user_is_locked(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        await desk.sign_in(site.user, site.recovery_codes[0])
        ended = messages.encode(SignOut(session=desk.session_key.name))
        await desk.bus.publish(topics.sign_out(site.device), ended)
        assert (await ticket(desk, desk.session_key, site.desktop)).reason is Refusal.SESSION_OVER
        await desk.sign_in(site.user, site.recovery_codes[1])
        admin(site, lambda opened: opened.lock_user(site.user))
        assert (await ticket(desk, desk.session_key, site.desktop)).reason is Refusal.SESSION_OVER
        admin(site, lambda opened: opened.unlock_user(site.user))
        assert (await ticket(desk, desk.session_key, site.desktop)).reason is Refusal.SESSION_OVER


async def test_session_and_its_connection_end_when_they_have_lasted_long_enough(monkeypatch, tmp_path):
    monkeypatch.setattr(service, "OVERDUE_POLL_S", 0.1)
    async with (
        installation(tmp_path / "site", size=Size(320, 240), program=("xterm",)) as site,
        board(site.enrolment_file, tmp_path / "board") as desk,
    ):
        granted = await desk.sign_in(site.user, site.recovery_codes[0])
        async with rfb(granted.ticket, desk.session_key) as (reader, _), asyncio.timeout(PATIENCE_S):
            with site.broker.database.transaction() as connection:
                connection.execute(update(sessions).values(began_at=time.time() - 12.1 * 3600))
            await reader.read()  # until its end
        with site.broker.database.transaction() as connection:
            (ended,) = (line for line in audit.entries(connection) if line.act == "session.end")
        assert "time" in str(ended)


async def test_user_with_several_desktops_gets_a_ticket_for_the_one_that_is_asked_for(site, tmp_path):
    acts = admin(site, lambda opened: opened.assign_desktop(site.user, "work"))
    assert await asyncio.to_thread(admin, site, lambda opened: opened.wait_done(acts, PATIENCE_S))
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        granted = await desk.sign_in(site.user, site.recovery_codes[0])
        assert granted == SignInGranted(desktops=(site.desktop, "work"))
        chosen = await ticket(desk, desk.session_key, "work")
        assert chosen.ticket.desktop == "work"
        async with rfb(chosen.ticket, desk.session_key):
            pass


async def test_session_whose_key_another_device_shows_is_over_and_its_device_is_told(site, tmp_path):
    admin(site, lambda opened: opened.add_device("desk-2", tmp_path / "desk-2.json"))
    lee = admin(site, lambda opened: opened.prepare_user("lee"))
    admin(site, lambda opened: opened.add_user(lee, first_code=None))
    async with (
        board(site.enrolment_file, tmp_path / "1") as desk,
        board(tmp_path / "desk-2.json", tmp_path / "2") as other,
    ):
        await desk.sign_in(site.user, site.recovery_codes[0])
        other.session_key = desk.session_key
        await other.sign_in("lee", lee.recovery_codes[0])
        with site.broker.database.transaction() as connection:
            ended = [line for line in audit.entries(connection) if line.act == "session.end"]
        assert [line.actor for line in ended] == [f"device:{site.device}"]
        assert (await ticket(desk, desk.session_key, site.desktop)).reason is Refusal.SESSION_OVER


async def test_device_that_cannot_be_told_keeps_no_session_open(site, monkeypatch):
    class NoBus:
        def __init__(self, fails):
            self.fails = fails

        async def publish(self, topic, body, *, retain=False, correlation=None):
            if self.fails:
                raise ControlError("the bus was lost")
            await asyncio.Event().wait()

    monkeypatch.setattr(reception, "TELL_S", 0.05)
    ended = SessionEnded(session="0" * 64, reason=EndReason.LOCKED)
    for fails in (True, False):
        await site.broker._reception.tell(site.device, ended, NoBus(fails))


def test_every_reason_has_words_in_every_language():
    for words in WORDS.values():
        assert words.refusals.keys() == set(Refusal)
        assert words.endings.keys() == set(EndReason)


def test_database_of_the_first_version_keeps_what_is_in_it(tmp_path):
    path = tmp_path / "broker.sqlite"
    Database.open(path).close()
    with sqlite3.connect(path) as old:
        old.executescript(
            """
            DROP TABLE sessions; DROP TABLE tickets; DROP TABLE desktops;
            CREATE TABLE desktops (name TEXT PRIMARY KEY, user_id TEXT UNIQUE REFERENCES users(id),
                                   created_at FLOAT NOT NULL);
            CREATE TABLE tickets (serial TEXT PRIMARY KEY, desktop TEXT NOT NULL REFERENCES desktops(name),
                                  user_id TEXT NOT NULL REFERENCES users(id), device TEXT NOT NULL
                                  REFERENCES devices(name), issued_at FLOAT NOT NULL, ended_at FLOAT);
            INSERT INTO users VALUES ('1', 'kim', x'00', 0, 0, 1.0);
            INSERT INTO devices (name, created_at, presence, boot_sequence) VALUES ('desk-1', 1.0, 'offline', 0);
            INSERT INTO desktops VALUES ('kim', '1', 2.0);
            INSERT INTO tickets VALUES ('abc', 'kim', '1', 'desk-1', 3.0, NULL);
            UPDATE alembic_version SET version_num = '0001';
            """
        )
    old.close()
    database = Database.open(path)
    with database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO desktops VALUES ('work', '1', 4.0)")
        assert connection.exec_driver_sql("SELECT name, user_id FROM desktops ORDER BY name").all() == [
            ("kim", "1"),
            ("work", "1"),
        ]
        assert connection.exec_driver_sql("SELECT serial, desktop FROM tickets").all() == [("abc", "kim")]
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    database.close()
