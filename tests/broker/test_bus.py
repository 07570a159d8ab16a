"""Mosquitto's files, and what keeps them fresh."""

import asyncio
import itertools
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509

from edge.broker import bus
from edge.broker.authority import BrokerAuthority
from edge.broker.installation import installation
from edge.broker.mosquitto import ACCESS, BusFiles, render
from edge.broker.paths import DataDirectory
from edge.control.messages import SignInGranted
from edge.geometry import Size
from tests.board import board

PATIENCE_S = 30.0


def test_configuration_lets_nobody_in_without_a_certificate(tmp_path):
    text = render(BusFiles(tmp_path), "127.0.0.1", 8883, "edge")
    for line in (
        "allow_anonymous false",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "set_tcp_nodelay true",
        "listener 8883 127.0.0.1",
        f"crlfile {tmp_path}/crl.pem",
    ):
        assert line in text.splitlines()
    assert text.count("\nlistener ") == 1
    assert all("%u" in line for line in ACCESS.splitlines() if line.startswith("pattern"))


async def test_revocation_list_is_renewed_long_before_it_runs_out(tmp_path, monkeypatch):
    monkeypatch.setattr(bus, "RENEWAL_CHECK_S", 0.1)
    async with installation(tmp_path, size=Size(320, 240), program=("xterm",)) as site:
        crl = BusFiles(DataDirectory(site.config.data_dir).bus).crl
        short = msgspec.structs.replace(site.config.certificates, crl_days=1)
        authority = BrokerAuthority.load(msgspec.structs.replace(site.config, certificates=short))
        crl.write_bytes(authority.revocation_list([], crl.read_bytes()))

        def days_left():
            return (x509.load_pem_x509_crl(crl.read_bytes()).next_update_utc - datetime.now(UTC)).days

        async with asyncio.timeout(PATIENCE_S):
            while days_left() < 15:  # noqa: ASYNC110  what is waited for is a file
                await asyncio.sleep(0.05)
        async with board(site.enrolment_file, tmp_path / "board") as desk:
            assert isinstance(await desk.sign_in(site.user, await site.fresh_code()), SignInGranted)


async def test_lists_count_as_newer_when_many_are_made_within_a_second(tmp_path):
    async with installation(tmp_path, size=Size(320, 240), program=("xterm",)) as site:
        previous, updates = None, []
        for _ in range(5):
            previous = site.broker.authority.revocation_list([(7, datetime.now(UTC))], previous)
            updates.append(x509.load_pem_x509_crl(previous).last_update_utc)
        assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(updates))
        assert updates[-1] <= datetime.now(UTC)


async def test_codes_of_an_installation_are_never_the_same(tmp_path):
    async with installation(tmp_path, size=Size(320, 240), program=("xterm",)) as site:
        codes = [await site.fresh_code(), await site.fresh_code()]
        assert len(set(codes)) == 2
        third = asyncio.create_task(site.fresh_code())
        await asyncio.sleep(0)
        third.cancel()
        with suppress(asyncio.CancelledError):
            assert await third not in codes
