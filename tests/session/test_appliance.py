"""The appliance against a real broker, a real bus and real desktops: what goes wrong, what it says, what it keeps."""

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pyotp
import pytest

from edge.broker.paths import DataDirectory
from edge.control.messages import EndReason, Refusal
from edge.display import screens
from edge.geometry import Size
from edge.session import condition
from edge.session.own_screens import SCREEN_SIZE
from edge.session.phases import Happening, Phase
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.identity import DeviceState
from edge.trust.keys import fingerprint
from tests.session.seat import DEVICE, LOOK, PATIENCE_S, RETURN, SIZE, USER, seat, site, until

SHIFT = 0xFFE1


@pytest.fixture
async def here(tmp_path):
    async with site(tmp_path) as made:
        yield made


async def test_transition_that_is_not_in_the_table_is_a_fault_of_the_program(here, tmp_path):
    async with seat(here, tmp_path / "board") as kim:
        with pytest.raises(AssertionError, match="cannot happen in the phase"):
            kim.appliance.machine.take(Happening.PICTURE)


async def test_device_enrols_itself_and_each_refusal_is_said_and_can_be_mended(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.reads("")
        await kim.at(Phase.GREETER)
        assert not here.enrolment_file.exists()
        totp = pyotp.TOTP(here.totp_secret)
        for code, refusal in (
            ("000000", Refusal.WRONG),
            (totp.at(time.time() - 120), Refusal.LATE),
            (totp.at(time.time() - 3600), Refusal.CLOCK),
        ):
            kim.sign_in(code)
            await kim.reads(LOOK.words.refusals[refusal])
        code = totp.now()
        await kim.signed_in(code)
        await kim.sees_exactly(here.desktop)
        await here.carried_out(lambda opened: opened.lock_user(USER))
        await kim.reads(LOOK.words.endings[EndReason.LOCKED])
        kim.sign_in(next(here.codes))
        await kim.reads(LOOK.words.refusals[Refusal.LOCKED])
        here.admin(lambda opened: opened.unlock_user(USER))
        kim.sign_in(code)
        await kim.reads(LOOK.words.refusals[Refusal.REUSED])
        await kim.signed_in(next(here.codes))


async def test_nothing_of_one_user_is_left_for_the_next(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
        kim.sign_in(next(here.codes))
        kim.press(RETURN, RETURN)  # what is typed too much must not send the code again
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        kim.appliance.session.pointer(100, 100, 0)
        stage = kim.appliance.stage
        await until(lambda: stage._cursor is not None, "the desktop's cursor has come")
        await here.carried_out(lambda opened: opened.stop_desktop(USER))
        await kim.reads(LOOK.words.endings[EndReason.STOPPED])
        assert kim.appliance.session is None
        assert stage._cursor is stage._pointer is stage._banner is None
        assert np.array_equal(stage.picture, kim.display.shown)
        assert np.array_equal(stage._source, stage._compositor._source)
        acts = [line.act for line in here.admin(lambda opened: opened.read_audit())]
        assert [act for act in acts if act.startswith("sign-in")] == ["sign-in.accept"]


async def test_desktop_stays_when_the_bus_is_killed_and_comes_back_and_when_it_is_resized(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        await kim.sees_exactly(here.desktop)
        connections = dict(kim.appliance.session._open)
        here.kill_bus()

        def bannered(picture):
            if not (trouble := kim.appliance._bus.trouble):
                return False
            banner = screens.banner(SIZE, LOOK, trouble)
            return np.array_equal(picture[: banner.shape[0], -banner.shape[1] :], banner)

        await kim.sees(bannered, "a banner says that the bus is away")
        await until(lambda: not kim.appliance.message, "the bus is back")
        await kim.sees_exactly(here.desktop)
        assert kim.appliance.session._open == connections
        here.desktop.run("xrandr", "--newmode", "small", "30", "400", "410", "420", "460", "300", "310", "320", "330")
        here.desktop.run("xrandr", "--addmode", "screen", "small")
        here.desktop.run("xrandr", "--output", "screen", "--mode", "small")
        await until(lambda: kim.appliance.stage.size == Size(400, 300), "the new size is shown")
        await kim.sees_exactly(here.desktop)
        assert kim.appliance.phase is Phase.DESKTOP


async def test_greeter_says_that_the_bus_is_down_and_signs_in_when_it_is_back(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
    async with seat(here, tmp_path / "board", sign_in_timeout_s=1.0) as kim:
        await kim.reads(f"the bus at 127.0.0.1:{here.config.bus.port}")
        kim.sign_in("123456")
        await kim.reads("tried for 1 s: the bus at")
    async with seat(here, tmp_path / "board") as kim:
        await kim.reads("the bus at")
        kim.sign_in(next(here.codes))
        await kim.at(Phase.SIGNING_IN)
        async with here.serving():
            await kim.at(Phase.DESKTOP)


async def test_greeter_says_that_the_clock_is_not_set_where_the_bus_is_not_reached(here, tmp_path, monkeypatch):
    mark = tmp_path / "timesync" / "synchronized"
    mark.parent.mkdir()
    monkeypatch.setattr(condition, "SYNCHRONISED", mark)
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
        await until(lambda: not kim.appliance.message, "on the bus there is nothing to say of it")
    async with seat(here, tmp_path / "board") as kim:
        await kim.reads(LOOK.words.clock_unset)
        mark.touch()
        async with here.serving():
            await until(lambda: not kim.appliance.message, "on the bus")


@pytest.mark.parametrize(("clock_off_s", "size"), [(3600, None), (-3600, Size(800, 600))])
async def test_lost_desktop_comes_back_by_the_same_ticket(here, tmp_path, caplog, clock_off_s, size):
    """Whatever the clock says, and whatever the display's size is."""
    clock = lambda: time.time() + clock_off_s  # noqa: E731 - an argument with a name
    async with here.serving(), seat(here, tmp_path / "board", size=size, now=clock) as kim:
        await kim.signed_in(next(here.codes))
        await kim.sees_exactly(here.desktop)
        session = kim.appliance.session
        session.key(SHIFT, down=True)
        await until(here.desktop.any_key_down, "Shift is down at the desktop")
        here.desktop.kill_rfb_server()
        await kim.at(Phase.LOST)

        def counts_down(picture):
            lost = [record.args[0] for record in caplog.records if record.msg == "desktop lost: %s"]
            shape = Size(picture.shape[1], picture.shape[0])
            look = kim.appliance.own.look
            return bool(lost) and np.array_equal(
                picture, screens.lost_connection(shape, look, str(lost[-1]), 1).picture
            )

        await kim.sees(counts_down, "the screen says what was lost")
        first = next(str(record.args[0]) for record in caplog.records if record.msg == "desktop lost: %s")
        assert first.startswith(f"127.0.0.1:{here.desktop.state['port']}: ")
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        await until(lambda: not here.desktop.any_key_down(), "Shift was let go of")
        assert kim.appliance.session is session
        accepted = [line for line in here.admin(lambda opened: opened.read_audit()) if line.act == "sign-in.accept"]
        assert len(accepted) == 1


@asynccontextmanager
async def broker_process(config_file):
    """Run `edgectl broker run`, so that it can be killed."""
    command = (sys.executable, "-m", "edge.cli", "broker", "run", "--json", "--config", str(config_file))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert b'"ready": true' in await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_desktop_goes_on_when_the_broker_is_killed_and_the_next_one_looks_after_it(here, tmp_path):
    file, config = tmp_path / "broker.toml", here.config
    file.write_text(
        f'data_dir = "{config.data_dir}"\n[bus]\nport = {config.bus.port}\n'
        f"[enrolment]\nport = {config.enrolment.port}\n"
        f"[desktops]\nwidth = {SIZE.width}\nheight = {SIZE.height}\nprogram = {list(config.desktops.program)!r}\n"
    )
    async with broker_process(file) as first, seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        session = kim.appliance.session
        first.kill()
        await first.wait()
        here.desktop.run("xsetroot", "-solid", "#123456")
        await kim.sees_exactly(here.desktop)
        here.desktop.kill_rfb_server()
        await kim.at(Phase.LOST)
        async with broker_process(file):
            await kim.at(Phase.DESKTOP)
            await kim.sees_exactly(here.desktop)
            assert kim.appliance.session is session
            assert not kim.appliance.message


async def test_revoked_device_says_so_and_comes_back_by_another_enrolment_file(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        await here.carried_out(lambda opened: opened.revoke_device(DEVICE))
        await kim.at(Phase.GREETER)
        await until(lambda: "was revoked" in kim.appliance._bus.trouble, "the bus refuses the device")
        kim.press(ord("1"), 0xFF08)  # who types has read the last message
        await kim.reads("was revoked: ask the administrator")
        here.enrolment_file.write_text("{}")
        await kim.reads("enrolment.json: not an enrolment file")
        here.expect_again()
        await until(lambda: not kim.appliance.message, "enrolled anew, and on the bus")
        await kim.signed_in(next(here.codes))
        assert not here.enrolment_file.exists()


async def test_device_whose_certificate_has_expired_says_so_and_enrols_anew(here, tmp_path):
    paths = DataDirectory(here.config.data_dir)
    authority = Authority.from_pem(paths.ca_certificate.read_bytes(), paths.ca_key.read_bytes(), "ca")
    state = DeviceState(tmp_path / "board")
    async with here.serving():
        async with seat(here, tmp_path / "board") as kim:
            await kim.at(Phase.GREETER)
        a_week_ago = Terms(datetime.now(UTC) - timedelta(days=8), timedelta(days=7), 99)
        certificate = authority.issue_client(DEVICE, state.key().public_key, a_week_ago)
        state.save(state.identity().renewed(to_pem(certificate), authority.pem))
        async with seat(here, tmp_path / "board") as kim:
            await kim.reads("has expired: set its clock, or enrol it again")
            here.expect_again()
            await until(lambda: not kim.appliance.message, "enrolled anew, and on the bus")
            await kim.signed_in(next(here.codes))


async def test_device_without_an_enrolment_file_says_what_to_do_and_enrols_when_it_comes(here, tmp_path):
    kept = here.enrolment_file.rename(tmp_path / "kept.json")
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        advice = "make it with `edgectl device add NAME` at the broker"
        text = f"{here.enrolment_file}: cannot be read: No such file or directory; {advice}"
        name = fingerprint(DeviceState(tmp_path / "board").key().public_key)
        number = f"{name[:4]}-{name[4:8]}-{name[8:12]}"
        expected = screens.enrol(SCREEN_SIZE, LOOK, screens.EnrolView(number, name, text)).picture
        await kim.sees(lambda picture: np.array_equal(picture, expected), "the screen says what to do")
        kept.rename(here.enrolment_file)
        await kim.at(Phase.GREETER)


async def test_damaged_identity_is_said_and_mended_by_an_enrolment_file(here, tmp_path):
    kept = here.enrolment_file.rename(tmp_path / "kept.json")
    state = tmp_path / "board"
    state.mkdir(mode=0o700)
    (state / "identity.json").write_text('{"device": "desk-1"')
    (state / "identity.json").chmod(0o600)
    async with here.serving(), seat(here, state) as kim:
        await kim.at(Phase.UNENROLLED)
        await asyncio.sleep(0.2)
        assert kim.appliance.phase is Phase.UNENROLLED
        kept.rename(here.enrolment_file)
        await kim.at(Phase.GREETER)
