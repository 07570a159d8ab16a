"""Desktops of this machine: real Xvfb, openbox, xterm and x11vnc."""

import asyncio
import json
import os
import signal
import ssl
import struct
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from edge.broker.desktops.desktop import LocalDesktop
from edge.broker.desktops.local import LocalProvider
from edge.broker.desktops.probe import probe
from edge.config import DesktopsConfig
from edge.control.messages import Ticket
from edge.errors import BrokerError
from edge.trust.certificates import Authority, to_pem
from edge.trust.keys import requested_key
from edge.trust.session_key import SessionKey
from tests.board import key_events, rfb
from tests.servers import require

PATIENCE_S = 30.0

for program, package in (("Xvfb", "xvfb"), ("x11vnc", "x11vnc"), ("openbox", "openbox"), ("xterm", "xterm")):
    require(program, package)


def config(*program):
    return DesktopsConfig(width=320, height=240, program=program or ("xterm",))


@asynccontextmanager
async def provider(directory, *program):
    async with LocalProvider(directory, config(*program)) as opened:
        try:
            yield opened
        finally:
            await opened.stop_all()


async def ticket_for(opened, name, key):
    endpoint = await opened.start(name)
    certificate = await opened.admit(name, requested_key(key.request_pem), datetime.now(UTC), timedelta(minutes=5))
    return Ticket(
        desktop=name,
        host=endpoint.host,
        port=endpoint.port,
        tls=endpoint.tls,
        server_name=endpoint.server_name,
        ca_pem=endpoint.ca_pem,
        certificate_pem=to_pem(certificate),
        not_after=certificate.not_valid_after_utc.timestamp(),
        width=endpoint.size.width,
        height=endpoint.size.height,
    )


def parts(directory, name):
    """The running processes of a desktop by part."""
    running = LocalDesktop(directory / name, name, config())._running
    return {part: process.pid for part, process in running.parts().items()} if running else {}


async def until(true, what):
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  what is waited for are files and processes
            await asyncio.sleep(0.05)


async def test_hangul_arrives_when_it_is_typed_as_keysyms(tmp_path):
    typed, text = tmp_path / "typed.txt", "Az1!~ 한국어 가나다라마바사 é"
    shell = f'touch {typed}.ready; read -r line; printf %s "$line" > {typed}; sleep 100'
    async with provider(tmp_path / "desktops", "xterm", "-e", "sh", "-c", shell) as opened:
        key = SessionKey()
        ticket = await ticket_for(opened, "kim", key)
        await until(Path(f"{typed}.ready").exists, "the shell is there")
        async with rfb(ticket, key) as (_, writer):
            for buttons in (0, 1, 0):  # a click gives the focus
                writer.write(struct.pack(">BBHH", 5, buttons, 100, 100))
            writer.write(key_events(text + "\n"))
            await until(lambda: typed.exists() and typed.stat().st_size > 0, "the line was read")
    assert typed.read_text() == text


async def test_desktop_is_kept_for_the_next_sign_in_and_by_the_next_broker(tmp_path):
    directory = tmp_path / "desktops"
    async with LocalProvider(directory, config()) as first:
        endpoint = await first.start("kim")
        assert await first.start("kim") == endpoint
    before = parts(directory, "kim")
    async with provider(directory) as second:
        assert await second.start("kim") == endpoint
        assert parts(directory, "kim") == before
        (state,) = await second.states()
        assert state.running
        assert all(state.processes.values())
        os.kill(before["rfb-server"], signal.SIGKILL)
        await until(lambda: parts(directory, "kim")["rfb-server"] != before["rfb-server"], "x11vnc is back")
    assert parts(directory, "kim") == {}


async def test_x11vnc_comes_back_at_its_place_when_it_is_killed(tmp_path):
    async with provider(tmp_path) as opened:
        key = SessionKey()
        ticket = await ticket_for(opened, "kim", key)
        before = parts(tmp_path, "kim")
        os.kill(before["rfb-server"], signal.SIGKILL)
        await until(lambda: parts(tmp_path, "kim")["rfb-server"] != before["rfb-server"], "x11vnc is back")
        assert await opened.start("kim")
        async with rfb(ticket, key):  # the same ticket, the same port
            pass
        after = parts(tmp_path, "kim")
    assert {part: pid for part, pid in after.items() if part != "rfb-server"} == {
        part: pid for part, pid in before.items() if part != "rfb-server"
    }


async def test_program_is_started_again_at_the_next_sign_in_when_the_user_closed_it(tmp_path):
    async with provider(tmp_path) as opened:
        await opened.start("kim")
        before = parts(tmp_path, "kim")
        os.kill(before["program"], signal.SIGTERM)
        await until(lambda: not psutil.pid_exists(before["program"]) or _is_zombie(before["program"]), "it has ended")
        await opened.start("kim")
        after = parts(tmp_path, "kim")
        assert after["program"] != before["program"]
        assert after["x-server"] == before["x-server"]


async def test_another_desktop_is_started_when_the_x_server_was_killed(tmp_path):
    async with provider(tmp_path) as opened:
        await opened.start("kim")
        before = parts(tmp_path, "kim")
        os.kill(before["x-server"], signal.SIGKILL)
        await until(lambda: not parts(tmp_path, "kim"), "the rest was ended")
        await opened.start("kim")
        assert parts(tmp_path, "kim")["x-server"] != before["x-server"]


async def test_stop_ends_exactly_one_desktop(tmp_path):
    async with provider(tmp_path, "sh", "-c", "xterm & exec xterm") as opened:
        await opened.start("kim")
        await opened.start("lee")
        processes = [p for pid in parts(tmp_path, "kim").values() for p in family(pid)]
        assert len(processes) >= 5
        lee = parts(tmp_path, "lee")
        await opened.stop("kim")
        await opened.stop("kim")
        assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
        assert parts(tmp_path, "kim") == {}
        assert parts(tmp_path, "lee") == lee
        assert all(psutil.pid_exists(pid) for pid in lee.values())
        assert [(state.name, state.running) for state in await opened.states()] == [("kim", False), ("lee", True)]


def family(pid):
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _is_zombie(pid):
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_client_refuses_the_desktop_when_another_ca_signed_it(tmp_path):
    async with provider(tmp_path) as opened:
        key = SessionKey()
        ticket = await ticket_for(opened, "kim", key)
        stranger = Authority.make("stranger", datetime.now(UTC), 1)
        with pytest.raises(ssl.SSLCertVerificationError):
            async with rfb(ticket, key, ca_pem=stranger.pem):
                pass


async def test_desktop_refuses_when_the_client_s_certificate_is_foreign_or_expired(tmp_path):
    async with provider(tmp_path) as opened:
        key, now = SessionKey(), datetime.now(UTC)
        kim, lee = await ticket_for(opened, "kim", key), await ticket_for(opened, "lee", key)
        late = await opened.admit("kim", requested_key(key.request_pem), now - timedelta(hours=1), timedelta(minutes=5))
        for certificate_pem in (lee.certificate_pem, to_pem(late)):
            context = key.context(kim.ca_pem, certificate_pem)
            assert await probe(kim.host, kim.port, kim.server_name, context)
        assert await probe(kim.host, kim.port, kim.server_name, key.context(kim.ca_pem, kim.certificate_pem)) is None
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(kim.host, kim.port)
            writer.write(b"RFB 003.008\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(12)
            writer.transport.abort()


async def test_tickets_are_void_and_the_desktop_goes_on_when_it_is_barred(tmp_path):
    async with provider(tmp_path) as opened:
        key = SessionKey()
        old = await ticket_for(opened, "kim", key)
        before = parts(tmp_path, "kim")
        async with rfb(old, key) as (reader, _):
            await opened.bar("kim")
            async with asyncio.timeout(PATIENCE_S):
                while await reader.read(65536):
                    pass
        new = await ticket_for(opened, "kim", key)
        context = key.context(new.ca_pem, old.certificate_pem)
        assert await probe(new.host, new.port, new.server_name, context)
        async with rfb(new, key):
            pass
        assert parts(tmp_path, "kim")["program"] == before["program"]


async def test_start_says_what_to_install_when_a_program_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    async with LocalProvider(tmp_path, config()) as opened:
        with pytest.raises(BrokerError, match="Xvfb is not installed; run: apt-get install xvfb"):
            await opened.start("kim")


async def test_number_of_another_process_is_never_taken_for_a_desktop_s(tmp_path):
    directory = tmp_path / "desktops"
    async with LocalProvider(directory, config()) as opened:
        await opened.start("kim")
        state_file = directory / "kim" / "state.json"
        state = state_file.read_text()
        await opened.stop("kim")
    bystander = await asyncio.create_subprocess_exec("sleep", "100", start_new_session=True)
    try:
        changed = json.loads(state)
        for part in ("x_server", "program", "window_manager", "rfb_server"):
            changed[part]["pid"] = bystander.pid
        state_file.write_text(json.dumps(changed))
        state_file.chmod(0o600)
        async with LocalProvider(directory, config()) as opened:
            assert not (await opened.states())[0].running
            await opened.stop("kim")
        assert bystander.returncode is None
        assert psutil.Process(bystander.pid).status() != psutil.STATUS_ZOMBIE
    finally:
        bystander.kill()
        await bystander.wait()
