"""Run by the tests in a process of its own: administer and sign in on a disk that is full, and count what is left.

Usage: full_disk.py DIRECTORY disk|limit. With "disk", DIRECTORY is a small file system, which is filled up; with
"limit", no file may grow. The invariant: each act has happened together with its audit line, or not at all.
"""

import asyncio
import resource
import signal
import sys
import time
from pathlib import Path

import pyotp

from edge.broker.administration import Administration, initialise
from edge.broker.installation import configuration
from edge.broker.reception import Reception
from edge.control import messages, topics
from edge.control.client import Incoming
from edge.control.messages import SignInRequest
from edge.errors import EdgeError
from edge.trust.session_key import SessionKey

MANY = 5000


class Answer:
    """A bus that keeps the last answer."""

    async def publish(self, topic, body, *, retain=False, correlation=None):
        self.body = body


def fill(directory, how):
    """Leave no room; returns how to make some again."""
    if how == "limit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler.unlink


def until_it_fails(act):
    """Do `act(number)` until it is refused; returns how often it was done."""
    for number in range(MANY):
        try:
            act(number)
        except EdgeError as error:
            problem = str(error)
            break
    else:
        raise AssertionError("the disk was never full")
    assert ("nothing was changed" in problem and "disk" in problem) or "cannot be written" in problem, problem
    return number


def lines(opened, act):
    return [line for line in opened.read_audit(limit=100_000) if line.act == act]


def administer(opened, directory):
    added = until_it_fails(lambda number: opened.add_user(opened.prepare_user(f"user-{number}"), None))
    assert len(opened.list_users()) == len(lines(opened, "user.add")) == 1 + added

    def lock_and_unlock(_number):
        opened.lock_user("kim")
        opened.unlock_user("kim")

    until_it_fails(lock_and_unlock)
    locks, unlocks = len(lines(opened, "user.lock")), len(lines(opened, "user.unlock"))
    assert [user.locked for user in opened.list_users() if user.name == "kim"] == [locks > unlocks]

    devices = until_it_fails(lambda number: opened.add_device(f"new-{number}", directory / f"new-{number}.json"))
    assert len(opened.list_devices()) == len(lines(opened, "device.add")) == 1 + devices
    assert not (directory / f"new-{devices}.json").exists()


def sign_in(opened, config, authority, secret):
    reception = Reception(config, authority, opened._database, opened._master, provider=None)
    session_request = SessionKey().request_pem

    def ask(code):
        answer = Answer()
        request = SignInRequest(
            user="nobody" if code is None else "kim", code=code or "0", session_request_pem=session_request
        )
        incoming = Incoming(topics.sign_in("desk-1"), messages.encode(request), False, b"1")
        asyncio.run(reception.receive(incoming, answer))
        return messages.decode_sign_in_reply(answer.body).reason

    for _ in range(MANY):
        if ask(None) == "unavailable":
            break
    recorded = len(lines(opened, "sign-in.refuse"))
    right = pyotp.TOTP(secret).at(time.time())
    assert [ask(right), ask("000000")] == ["unavailable"] * 2, "what is right can be told from what is wrong"
    assert len(lines(opened, "sign-in.refuse")) == recorded
    assert lines(opened, "sign-in.accept") == []


def main():
    directory, how = Path(sys.argv[1]), sys.argv[2]
    config = configuration(directory / "broker")
    authority = initialise(config, "test")
    with Administration.open(config, "test") as opened:
        kim = opened.prepare_user("kim")
        opened.add_user(kim, None)
        opened.add_device("desk-1", directory / "desk-1.json")
        make_room = fill(directory, how)
        administer(opened, directory)
        sign_in(opened, config, authority, kim.secret)
        make_room()
        opened.add_user(opened.prepare_user("lee"), None)
        assert {"kim", "lee"} <= {user.name for user in opened.list_users()}
    print("survived")


if __name__ == "__main__":
    main()
