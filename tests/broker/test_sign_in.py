"""The decision whether a user may in, on a real database, at times of the test's choosing."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from edge.broker import accounts, audit, devices, sign_in, throttle
from edge.broker.database import Database
from edge.broker.sealing import MasterKey
from edge.broker.sign_in import Accepted, Refused
from edge.broker.tables import desktops, users
from edge.broker.throttle import Subject
from edge.broker.totp import STEP_S
from edge.control.messages import Refusal
from edge.errors import BrokerError

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = 1_800_000_000.0
HOUR = 3600.0


class Desk:
    """A database with a user "kim", a desktop and a device, and a clock that the test sets."""

    def __init__(self, path):
        self.database = Database.open(path)
        self.master = MasterKey(bytes(32))
        self.codes = accounts.new_recovery_codes(secrets.token_bytes)
        with self.database.transaction() as connection:
            devices.add(
                connection,
                self.master,
                secrets.token_bytes,
                actor="test",
                name="desk-1",
                now=NOW,
                token_lifetime_s=HOUR,
            )
            self.add_user(connection, "kim")
            kim = accounts.find(connection, "kim").id
            connection.execute(desktops.insert().values(name="kim", user_id=kim, created_at=NOW))

    def add_user(self, connection, name):
        accounts.add(
            connection,
            self.master,
            secrets.token_bytes,
            actor="test",
            name=name,
            secret=SECRET,
            codes=self.codes,
            last_step=0,
            now=NOW,
        )

    def decide(self, code, now=NOW, user="kim", device="desk-1"):
        with self.database.transaction() as connection:
            return sign_in.decide(connection, self.master, device=device, user=user, code=code, now=now)

    def fail(self, times, now=NOW, user="kim", device="desk-1"):
        """Fail so often, each time when it is allowed again; returns the last refusal and when it was."""
        refusal = None
        for _ in range(times):
            refusal = self.decide("000000", now, user, device)
            while refusal.reason is Refusal.THROTTLED:
                now += refusal.retry_after_s
                refusal = self.decide("000000", now, user, device)
        return refusal, now

    def log(self, act="sign-in.refuse"):
        with self.database.transaction() as connection:
            return [entry for entry in audit.entries(connection) if entry.act == act]


def code_at(now):
    return pyotp.TOTP(SECRET).generate_otp(int(now) // STEP_S)


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "broker.sqlite")
    yield desk
    desk.database.close()


@pytest.mark.parametrize("offset", [-STEP_S, 0, STEP_S])
def test_user_is_let_in_when_the_code_is_of_the_window(desk, offset):
    decision = desk.decide(code_at(NOW + offset))
    assert isinstance(decision, Accepted)
    assert decision.desktops == ("kim",)
    assert [entry.actor for entry in desk.log("sign-in.accept")] == ["user:kim"]


def test_user_is_let_in_when_the_code_has_a_space(desk):
    code = code_at(NOW)
    assert isinstance(desk.decide(f"{code[:3]} {code[3:]}"), Accepted)


def test_refused_as_wrong_when_the_code_is_wrong(desk):
    assert desk.decide("000000") == Refused(Refusal.WRONG)
    assert desk.decide("") == Refused(Refusal.WRONG)
    assert [entry.subject for entry in desk.log()] == ["wrong", "wrong"]


def test_refused_as_reused_when_the_code_or_a_later_one_counted(desk):
    assert isinstance(desk.decide(code_at(NOW + STEP_S)), Accepted)
    assert desk.decide(code_at(NOW + STEP_S)) == Refused(Refusal.REUSED)
    assert desk.decide(code_at(NOW)) == Refused(Refusal.REUSED)
    assert isinstance(desk.decide(code_at(NOW + 2 * STEP_S), NOW + 2 * STEP_S), Accepted)


def test_one_of_many_is_let_in_when_all_come_at_once_with_the_same_code(desk):
    with ThreadPoolExecutor(8) as pool:
        decisions = list(pool.map(desk.decide, [code_at(NOW)] * 8))
    assert sum(isinstance(decision, Accepted) for decision in decisions) == 1


def test_refused_as_late_when_the_code_has_run_out(desk):
    assert desk.decide(code_at(NOW - 2 * STEP_S)) == Refused(Refusal.LATE)


@pytest.mark.parametrize("offset", [-HOUR, HOUR])
def test_refused_as_clock_and_counted_when_the_clock_is_off_by_an_hour(desk, offset):
    assert desk.decide(code_at(NOW + offset)) == Refused(Refusal.CLOCK)
    assert desk.log()[-1].detail == {"device": "desk-1", "failures": 1, "offset_s": int(offset)}


def test_code_of_a_time_to_come_is_burned_when_it_was_shown_too_early(desk):
    desk.decide(code_at(NOW + HOUR))
    assert desk.decide(code_at(NOW + HOUR), NOW + HOUR) == Refused(Refusal.REUSED)
    assert isinstance(desk.decide(code_at(NOW + HOUR + STEP_S), NOW + HOUR + STEP_S), Accepted)


def test_throttled_from_the_fifth_failure_even_with_the_right_code(desk):
    assert [desk.decide("000000").reason for _ in range(5)] == [Refusal.WRONG] * 5
    refused = desk.decide(code_at(NOW))
    assert refused.reason is Refusal.THROTTLED
    assert "Try again in 2 s." in refused.text
    assert isinstance(desk.decide(code_at(NOW), NOW + refused.retry_after_s), Accepted)


def test_success_forgets_the_user_s_failures_and_leaves_those_of_others(desk):
    desk.fail(2, user="lee")
    desk.fail(2)
    desk.decide(code_at(NOW))
    with desk.database.transaction() as connection:
        assert throttle.standing(connection, Subject.USER, "kim", NOW).failures == 0
        assert throttle.standing(connection, Subject.DEVICE, "desk-1", NOW).failures == 2
    assert isinstance(desk.decide(code_at(NOW + STEP_S)), Accepted)


@pytest.mark.parametrize("spread", [True, False])
def test_locked_at_the_twentieth_failure_until_an_administrator_unlocks(desk, spread):
    with desk.database.transaction() as connection:
        for number in range(2, 6):
            devices.add(
                connection,
                desk.master,
                secrets.token_bytes,
                actor="test",
                name=f"desk-{number}",
                now=NOW,
                token_lifetime_s=HOUR,
            )
    now = NOW
    for turn in range(4):
        last, now = desk.fail(5, now, device=f"desk-{turn + 1}" if spread else "desk-1")
        assert last.reason is Refusal.WRONG
    at = "desk-5" if spread else "desk-1"
    now += 10 * HOUR
    assert desk.decide(code_at(now), now, device=at) == Refused(Refusal.LOCKED)
    with desk.database.transaction() as connection:
        assert accounts.list_all(connection, now)[0].locked
        accounts.unlock(connection, actor="test", name="kim", now=now)
        if not spread:
            devices.unlock(connection, actor="test", name="desk-1", now=now)
    assert isinstance(desk.decide(code_at(now), now, device=at), Accepted)


def test_device_is_locked_when_many_names_are_tried_at_it(desk):
    now = NOW
    for number in range(20):
        _, now = desk.fail(1, now, user=f"name-{number}")
    assert desk.decide(code_at(now + 2 * HOUR), now + 2 * HOUR) == Refused(Refusal.LOCKED)


def test_device_forgets_after_a_day_and_a_user_does_not(desk):
    desk.fail(4)
    with desk.database.transaction() as connection:
        later = NOW + 25 * HOUR
        assert throttle.standing(connection, Subject.DEVICE, "desk-1", later).failures == 0
        assert throttle.standing(connection, Subject.USER, "kim", later).failures == 4


def test_unknown_name_is_answered_exactly_as_a_wrong_code(desk):
    known, unknown = [], []
    for user, answers in (("kim", known), ("nobody", unknown)):
        now = NOW
        for _ in range(22):
            refused = desk.decide("000000", now, user, f"{'desk-1'}")
            answers.append((refused, now - NOW))
            now += refused.retry_after_s
        with desk.database.transaction() as connection:
            throttle.forget(connection, Subject.DEVICE, "desk-1")
    assert known == unknown
    assert {refused.reason for refused, _ in known} == {Refusal.WRONG, Refusal.THROTTLED}


def test_administrator_s_lock_is_told_only_to_who_has_the_right_code(desk):
    with desk.database.transaction() as connection:
        accounts.lock(connection, actor="test", name="kim", now=NOW)
    assert desk.decide("000000") == Refused(Refusal.WRONG)
    assert desk.decide(code_at(NOW)) == Refused(Refusal.LOCKED)


def test_refused_when_no_desktop_is_assigned(desk):
    with desk.database.transaction() as connection:
        desk.add_user(connection, "lee")
    assert desk.decide(code_at(NOW), user="lee") == Refused(Refusal.NO_DESKTOP)


def test_refused_when_the_device_was_revoked_or_never_added(desk):
    with desk.database.transaction() as connection:
        devices.revoke(connection, actor="test", name="desk-1", now=NOW)
    assert desk.decide(code_at(NOW)) == Refused(Refusal.DEVICE_REVOKED)
    assert desk.decide(code_at(NOW), device="desk-9") == Refused(Refusal.DEVICE_REVOKED)


def test_recovery_code_lets_in_once_however_it_is_typed(desk):
    code = desk.codes[3]
    assert isinstance(desk.decide(code.upper().replace("-", " ")), Accepted)
    assert desk.decide(code) == Refused(Refusal.WRONG)
    assert isinstance(desk.decide(desk.codes[4]), Accepted)
    with desk.database.transaction() as connection:
        assert accounts.list_all(connection, NOW)[0].recovery_codes_left == 8


def test_database_holds_neither_secret_nor_codes(desk):
    with desk.database.transaction() as connection:
        connection.exec_driver_sql("SELECT 1")
    desk.database.close()
    for file in desk.database._path.parent.iterdir():
        content = file.read_bytes()
        assert SECRET.encode() not in content
        assert not any(code.encode() in content for code in desk.codes)


def test_sealed_secret_does_not_open_in_another_user_s_row(desk):
    with desk.database.transaction() as connection:
        desk.add_user(connection, "lee")
        sealed = accounts.find(connection, "kim").sealed_secret
        connection.execute(users.update().where(users.c.name == "lee").values(sealed_secret=sealed))
    with pytest.raises(BrokerError, match="does not open"):
        desk.decide(code_at(NOW), user="lee")
