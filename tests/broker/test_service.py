"""The whole broker with real Mosquitto, real x11vnc and an enrolled board: what goes wrong, and what survives."""

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiomqtt
import msgspec
import pyotp
import pytest

from edge.broker import devices
from edge.broker.administration import Administration, initialise
from edge.broker.installation import configuration, installation
from edge.broker.mosquitto import BusFiles
from edge.broker.paths import DataDirectory
from edge.broker.processes import Process
from edge.broker.service import Broker, is_running, running
from edge.control import messages, topics
from edge.control.client import BusClient, BusState
from edge.control.messages import Refusal, SignInDenied, SignInGranted
from edge.errors import BrokerError, ControlError
from edge.geometry import Size
from edge.trust.certificates import Authority, Terms, load_certificate, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.tls import client_context, explain
from tests.board import board, rfb
from tests.servers import require

SMALL = Size(320, 240)
PATIENCE_S = 30.0

require("mosquitto", "mosquitto")


@pytest.fixture
async def site(tmp_path):
    async with installation(tmp_path, size=SMALL, program=("xterm",)) as made:
        yield made


async def until(true, what):
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  what is waited for are files and processes
            await asyncio.sleep(0.05)


def admin(site, what):
    with Administration.open(site.config, "admin:test") as opened:
        return what(opened)


async def carried_out(site, what):
    """Do what the command line does, and wait for the broker to have carried it out."""
    acts = await asyncio.to_thread(admin, site, what)
    assert await asyncio.to_thread(admin, site, lambda opened: opened.wait_done(acts, PATIENCE_S))


async def test_user_signs_in_and_opens_the_desktop(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        granted = await desk.sign_in(site.user, await site.fresh_code())
        assert isinstance(granted, SignInGranted)
        ticket = granted.ticket
        assert (ticket.desktop, ticket.width, ticket.height) == (site.desktop, 320, 240)
        assert 0 < ticket.not_after - time.time() <= 5 * 60
        async with rfb(ticket, desk.session_key):
            again = await desk.sign_in(site.user, await site.fresh_code())
        assert again.ticket.port == ticket.port
        acts = [line.act for line in admin(site, Administration.read_audit)]
        assert acts[-4:] == ["sign-in.accept", "ticket.issue"] * 2
        assert admin(site, lambda opened: opened.show_device(site.device)).presence == "online"
    await until(lambda: admin(site, lambda o: o.show_device(site.device)).presence == "offline", "it said farewell")


async def test_user_is_refused_over_the_bus_with_reason_and_text(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        code = await site.fresh_code()
        assert isinstance(await desk.sign_in(site.user, code), SignInGranted)
        hour_ago = pyotp.TOTP(site.totp_secret).at(time.time() - 3600)
        late = pyotp.TOTP(site.totp_secret).at(time.time() - 120)
        for wrong, reason in (
            (code, Refusal.REUSED),
            (late, Refusal.LATE),
            (hour_ago, Refusal.CLOCK),
            ("000000", Refusal.WRONG),
            ("x", Refusal.WRONG),
        ):
            assert await desk.sign_in(site.user, wrong) == SignInDenied(reason=reason, text=reason.text)
        throttled = await desk.sign_in(site.user, "000000")
        assert throttled.reason is Refusal.THROTTLED
        assert throttled.retry_after_s > 0
        admin(site, lambda opened: (opened.unlock_user(site.user), opened.unlock_device(site.device)))
        await carried_out(site, lambda opened: opened.lock_user(site.user))
        assert (await desk.sign_in(site.user, site.recovery_codes[0])).reason is Refusal.LOCKED
        admin(site, lambda opened: opened.unlock_user(site.user))
        assert isinstance(await desk.sign_in(site.user, site.recovery_codes[1]), SignInGranted)


async def test_request_is_refused_when_it_is_malformed(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        topic = topics.sign_in(site.device)
        no_request = messages.encode(messages.SignInRequest(user="demo", code="123456", session_request_pem="x"))
        for body in (b"nonsense", b"{}", no_request):
            answer = messages.decode_sign_in_reply(await desk.bus.request(topic, body, timeout_s=PATIENCE_S))
            assert answer.reason is Refusal.MALFORMED
        await desk.bus.publish(topic, b"{}", retain=True)
        assert isinstance(await desk.sign_in(site.user, await site.fresh_code()), SignInGranted)


async def test_device_is_thrown_out_and_cannot_come_back_when_it_is_revoked(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        granted = await desk.sign_in(site.user, await site.fresh_code())
        async with rfb(granted.ticket, desk.session_key) as (reader, _):
            await carried_out(site, lambda opened: opened.revoke_device(site.device))
            async with asyncio.timeout(PATIENCE_S):
                while await reader.read(65536):
                    pass
        assert "was revoked" in await desk.until(BusState.REFUSED)
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            async with rfb(granted.ticket, desk.session_key):
                pass
        states = len(desk.states)
        await desk.until(BusState.REFUSED, after=states)
        assert BusState.CONNECTED not in [state for state, _ in desk.states[states:]]
        assert admin(site, lambda opened: opened.show_device(site.device)).state == "revoked"
        admin(site, lambda opened: opened.add_device(site.device, site.enrolment_file))
    async with board(site.enrolment_file, tmp_path / "again") as desk:
        assert isinstance(await desk.sign_in(site.user, await site.fresh_code()), SignInGranted)


async def test_many_devices_are_revoked_within_one_second(site, tmp_path):
    for number in range(3):
        admin(site, lambda opened, n=number: opened.add_device(f"desk-{n}", tmp_path / f"desk-{n}.json"))
    async with (
        board(tmp_path / "desk-0.json", tmp_path / "0") as first,
        board(tmp_path / "desk-1.json", tmp_path / "1") as second,
        board(tmp_path / "desk-2.json", tmp_path / "2") as third,
    ):
        for name in ("desk-0", "desk-1"):
            await carried_out(site, lambda opened, n=name: opened.revoke_device(n))
        for gone in (first, second):
            assert "was revoked" in await gone.until(BusState.REFUSED)
        assert [state for state, _ in third.states] == [BusState.CONNECTING, BusState.CONNECTED]


@pytest.mark.parametrize("flaw", ["expired", "foreign", "none"])
async def test_bus_refuses_and_the_board_says_why_when_its_certificate_is_not_good(site, tmp_path, flaw):
    key, now = PrivateKey.make(), datetime.now(UTC)
    paths = DataDirectory(site.config.data_dir)
    ours = Authority.from_pem(paths.ca_certificate.read_bytes(), paths.ca_key.read_bytes(), "ca")
    issuer = Authority.make("edge CA", now, 1) if flaw == "foreign" else ours
    begin = now - timedelta(hours=2) if flaw == "expired" else now
    certificate = to_pem(issuer.issue_client(site.device, key.public_key, Terms(begin, timedelta(hours=1), 99)))
    context = client_context(ours.pem, None if flaw == "none" else certificate, key)
    said = asyncio.get_running_loop().create_future()

    def listen(state, text):
        if state is BusState.REFUSED and not said.done():
            said.set_result(text)

    bus = BusClient(
        "127.0.0.1", site.config.bus.port, site.device, tls=lambda: context, on_state=listen, explain=explain
    )
    task = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            text = await said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert {"expired": "has expired", "foreign": "does not know the CA", "none": "wants a client certificate"}[
        flaw
    ] in text


async def test_board_refuses_the_bus_when_another_ca_signed_it(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        stranger = Authority.make("stranger", datetime.now(UTC), 1)
        desk.identity = msgspec.structs.replace(desk.identity, ca_pem=stranger.pem)
        states = len(desk.states)
        await kill_bus(site)
        assert "another installation" in await desk.until(BusState.REFUSED, after=states)


async def test_device_sees_and_takes_nothing_of_another(site, tmp_path):
    admin(site, lambda opened: opened.add_device("desk-2", tmp_path / "desk-2.json"))
    async with (
        board(site.enrolment_file, tmp_path / "one") as one,
        board(tmp_path / "desk-2.json", tmp_path / "two") as two,
    ):
        client = aiomqtt.Client(  # asks for the other's name as its client id, and to hear everything
            "127.0.0.1",
            site.config.bus.port,
            identifier=one.identity.device,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=two.state.bus_context(two.identity),
        )
        async with client:
            await client.subscribe("#", qos=1)
            await client.subscribe(topics.replies(one.identity.device), qos=1)
            await client.publish(topics.status(one.identity.device), b"gone", qos=1, retain=True)
            await client.publish(topics.sign_in(one.identity.device), b"{}", qos=1)
            assert isinstance(await one.sign_in(site.user, await site.fresh_code()), SignInGranted)
            await asyncio.sleep(0.5)
            assert len(client.messages) == 0
        assert [state for state, _ in one.states] == [BusState.CONNECTING, BusState.CONNECTED]
        assert admin(site, lambda opened: opened.show_device(one.identity.device)).presence == "online"


async def test_certificate_is_renewed_over_the_bus_and_refused_to_the_revoked(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        request = messages.encode(messages.RenewalRequest(request_pem=desk.state.key().signing_request(site.device)))
        topic = topics.renewal(site.device)
        answer = messages.decode_renewal_reply(await desk.bus.request(topic, request, timeout_s=PATIENCE_S))
        renewed = desk.identity.renewed(answer.certificate_pem, answer.ca_pem)
        old = load_certificate(desk.identity.certificate_pem, "old")
        assert load_certificate(renewed.certificate_pem, "new").serial_number != old.serial_number
        desk.identity = renewed
        states = len(desk.states)
        await kill_bus(site)
        await desk.until(BusState.CONNECTED, after=states)
        with site.broker.database.transaction() as connection:
            devices.revoke(connection, actor="test", name=site.device, now=time.time())
        denied = messages.decode_renewal_reply(await desk.bus.request(topic, request, timeout_s=PATIENCE_S))
        assert "was revoked" in denied.text


async def kill_bus(site):
    """Kill Mosquitto, and wait for another."""
    files = BusFiles(DataDirectory(site.config.data_dir).bus)

    def process():
        return msgspec.json.decode(files.process.read_bytes(), type=tuple[Process, str])[0]

    killed = process()
    os.kill(killed.pid, signal.SIGKILL)
    await until(lambda: process() != killed, "another bus was started")


async def test_everything_goes_on_when_the_bus_was_killed(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        granted = await desk.sign_in(site.user, await site.fresh_code())
        async with rfb(granted.ticket, desk.session_key):  # the session does not need the bus
            states = len(desk.states)
            await kill_bus(site)
            await desk.until(BusState.CONNECTED, after=states)
            assert isinstance(await desk.sign_in(site.user, await site.fresh_code()), SignInGranted)


async def test_request_fails_with_a_reason_when_the_bus_is_gone(site, tmp_path):
    async with board(site.enrolment_file, tmp_path / "board") as desk:
        desk.identity = msgspec.structs.replace(desk.identity)
        desk.bus._port = 1
        states = len(desk.states)
        await kill_bus(site)
        await desk.until(BusState.LOST, after=states)
        with pytest.raises(ControlError, match=r"tried for 0\.5 s: the bus at 127\.0\.0\.1:1: .*refused"):
            await desk.bus.request(topics.sign_in(site.device), b"{}", timeout_s=0.5)


@asynccontextmanager
async def broker_process(config_file):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "edge.cli",
        "broker",
        "run",
        "--json",
        "--config",
        str(config_file),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert b'"ready": true' in await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_desktops_bus_and_accounts_survive_when_the_broker_is_killed(tmp_path):
    config = configuration(tmp_path / "data", size=SMALL, program=("xterm",))
    config_file = tmp_path / "broker.toml"
    config_file.write_text(
        f'data_dir = "data"\n[bus]\nport = {config.bus.port}\n[enrolment]\nport = {config.enrolment.port}\n'
        '[desktops]\nwidth = 320\nheight = 240\nprogram = ["xterm"]\n'
    )
    initialise(config, "test")
    with Administration.open(config, "test") as opened:
        opened.add_device("desk-1", tmp_path / "desk-1.json")
        kim = opened.prepare_user("kim")
        opened.add_user(kim, None)
    try:
        async with broker_process(config_file) as first, board_of(tmp_path) as desk:
            granted = await desk.sign_in("kim", kim.recovery_codes[0])
            async with rfb(granted.ticket, desk.session_key) as (reader, _):
                first.kill()
                await first.wait()
                with pytest.raises(ControlError, match="did not answer"):
                    await desk.bus.request(topics.sign_in("desk-1"), b"{}", timeout_s=1.0)
                async with broker_process(config_file) as second:
                    again = await desk.sign_in("kim", kim.recovery_codes[1])
                    assert again.ticket.port == granted.ticket.port
                    assert [state for state, _ in desk.states] == [BusState.CONNECTING, BusState.CONNECTED]
                    assert not reader.at_eof()
                    assert (await desk.sign_in("kim", kim.recovery_codes[0])).reason is Refusal.WRONG
                    second.terminate()
                    assert await second.wait() == 0
    finally:
        async with running(config) as broker:
            await broker.provider.stop_all()


def board_of(tmp_path):
    return board(tmp_path / "desk-1.json", tmp_path / "board")


async def test_second_broker_is_refused_on_the_same_data(site):
    assert is_running(site.config)
    with pytest.raises(BrokerError, match="another broker runs on it"):
        async with running(site.config):
            pass


async def test_broker_says_what_is_missing_when_it_cannot_start(tmp_path):
    config = configuration(tmp_path / "data")
    with pytest.raises(BrokerError, match="edgectl ca init"):
        Broker(config)
    initialise(config, "test")
    without = msgspec.structs.replace(config, bus=msgspec.structs.replace(config.bus, program="no-such-program"))
    with pytest.raises(BrokerError, match="no-such-program is not installed; run: apt-get install mosquitto"):
        async with running(without):
            pass
