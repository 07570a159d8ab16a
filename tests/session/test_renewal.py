"""Renewing the device's certificate at a real broker, over the real bus."""

import asyncio
import time

import pytest

from edge.control import messages
from edge.errors import TrustError
from edge.session.renewal import keep_renewed, renew
from edge.trust.certificates import Authority, load_certificate
from edge.trust.keys import PrivateKey
from tests.board import board
from tests.session.seat import DEVICE, site, until


@pytest.fixture
async def here(tmp_path):
    async with site(tmp_path) as made, made.serving():
        yield made


def serial(identity):
    return load_certificate(identity.certificate_pem, "certificate").serial_number


def renewals(here):
    return [line.act for line in here.admin(lambda opened: opened.read_audit())].count("device.renew")


async def test_renewed_certificate_is_kept_and_is_for_the_same_key(here, tmp_path):
    async with board(here.enrolment_file, tmp_path / "board") as desk:
        renewed = await renew(desk.bus, desk.state, desk.identity)
        assert serial(renewed) != serial(desk.identity)
        assert desk.state.identity() == renewed
        assert load_certificate(renewed.certificate_pem, "new").public_key() == desk.state.key().public_key


async def test_certificate_is_renewed_at_half_its_life_and_not_before(here, tmp_path):
    async with board(here.enrolment_file, tmp_path / "board") as desk:
        current, first, clock_off_s = [desk.identity], desk.identity, 0.0
        task = asyncio.create_task(keep_renewed(desk.bus, desk.state, current, lambda: time.time() + clock_off_s))
        await asyncio.sleep(0.2)
        assert current == [first]
        task.cancel()
        # A clock that is days ahead, too: half of the new one's life is over for it at once, and it does not hurry.
        clock_off_s = 30 * 24 * 3600.0
        task = asyncio.create_task(keep_renewed(desk.bus, desk.state, current, lambda: time.time() + clock_off_s))
        await until(lambda: current != [first], "renewed")
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert renewals(here) == 1
        assert desk.state.identity() == current[0]


async def test_refused_or_wrong_answer_changes_nothing(here, tmp_path, monkeypatch):
    async with board(here.enrolment_file, tmp_path / "board") as desk:
        now = load_certificate(desk.identity.certificate_pem, "now").not_valid_before_utc
        stranger = Authority.make("stranger", now, 1)
        for wrong in (stranger.pem, "no certificate", desk.identity.ca_pem):
            answer = messages.encode(messages.RenewalGranted(certificate_pem=wrong, ca_pem=desk.identity.ca_pem))

            async def answered(*_, timeout_s, answer=answer):
                return answer

            with monkeypatch.context() as patched:
                patched.setattr(desk.bus, "request", answered)
                with pytest.raises(TrustError):
                    await renew(desk.bus, desk.state, desk.identity)
        await here.carried_out(lambda opened: opened.revoke_device(DEVICE))
        assert desk.state.identity() == desk.identity
        assert PrivateKey.load_or_make(tmp_path / "board" / "device.key").public_key == desk.state.key().public_key
