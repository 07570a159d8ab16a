"""Users at an appliance, one after the other, against a real broker, bus and desktops."""

import asyncio
import gc
import time
from types import FrameType, ModuleType

import numpy as np
import pyotp
import pytest
from sqlalchemy import update

from edge.broker.tables import sessions
from edge.config import EdgedConfig, SessionConfig
from edge.control.messages import EndReason, Refusal, SessionEnded
from edge.display import screens
from edge.display.base import PointerInput
from edge.display.headless import HeadlessDisplay
from edge.display.words import Language
from edge.framebuffer.high import TileState
from edge.geometry import Size
from edge.input.chords import Chord
from edge.input.form import Submitted
from edge.input.keymap import Key
from edge.session import appliance, user_session
from edge.session.appliance import Appliance
from edge.session.certainty import COLOURS
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.own_screens import SCREEN_SIZE
from edge.session.phases import Happening, Phase
from edge.trust.keys import PrivateKey
from edge.trust.session_key import SessionKey
from tests.servers import require
from tests.session.seat import LOOK, RETURN, USER, seat, site, until

COLOUR = 0x13579B
"""What the desktop is painted with, and nothing else."""


@pytest.fixture
async def here(tmp_path):
    async with site(tmp_path) as made:
        yield made


def sign_ins(here):
    return here.acts().count("sign-in.accept")


async def test_lost_or_resized_desktop_needs_no_new_code_when_its_ticket_is_over(here, tmp_path, monkeypatch):
    monkeypatch.setattr(user_session, "_life_s", lambda ticket: 0.2)
    async with here.serving() as broker, seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        await asyncio.sleep(0.3)
        here.desktop.kill_rfb_server()
        await kim.at(Phase.LOST)
        await kim.at(Phase.DESKTOP)
        here.desktop.run("xrandr", "--newmode", "small", "30", "400", "410", "420", "460", "300", "310", "320", "330")
        here.desktop.run("xrandr", "--addmode", "screen", "small")
        here.desktop.run("xrandr", "--output", "screen", "--mode", "small")
        await until(lambda: kim.appliance.stage.size == Size(400, 300), "the new size is shown")
        # Even when nothing that was signed before is good any longer.
        lost = asyncio.create_task(kim.at(Phase.LOST))
        await broker.provider.bar(USER)
        await lost
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        assert sign_ins(here) == 1
        assert here.acts().count("ticket.issue") >= 4
        with broker.database.transaction() as connection:
            connection.execute(update(sessions).values(began_at=time.time() - 13 * 3600))
        here.desktop.kill_rfb_server()
        await kim.reads(LOOK.words.refusals[Refusal.SESSION_OVER])


async def test_locked_screen_opens_for_its_user_or_for_another_and_shows_nothing_meanwhile(here, tmp_path):
    lees_codes = here.add_user("lee")
    idle = SessionConfig(lock_minutes=10 / 60, sign_out_minutes=0)
    async with here.serving(), seat(here, tmp_path / "board", session=idle) as kim:
        await kim.signed_in(next(here.codes))
        here.desktop.run("xsetroot", "-solid", f"#{COLOUR:06x}")
        await kim.at(Phase.LOCKED)
        assert kim.appliance.session is None
        assert kim.appliance.greeter.view.locked_for == USER
        await kim.sees(lambda picture: not (picture == COLOUR).any(), "nothing of the desktop is shown")
        kim.sign_in("000000")
        await kim.at(Phase.LOCKED)
        await kim.reads(LOOK.words.refusals[Refusal.WRONG])
        kim.sign_in(next(here.codes))
        await kim.at(Phase.DESKTOP)
        kim.chord(Chord.LOCK)
        await kim.at(Phase.LOCKED)
        kim.press(Key.TAB, Key.ESCAPE, *map(ord, "lee"), RETURN, *map(ord, next(lees_codes)), RETURN)
        await kim.at(Phase.DESKTOP)
        assert kim.appliance.users.user.user == "lee"
        await kim.sees_exactly(here.desktop_of("lee"))
        kim.chord(Chord.SIGN_OUT)
        await kim.at(Phase.GREETER)
        await kim.reads("")
        await until(lambda: here.acts().count("session.end") == 3, "the broker knows that all have ended")


async def test_session_ends_when_nobody_comes_back_to_it(here, tmp_path):
    idle = SessionConfig(lock_minutes=1 / 60, sign_out_minutes=1 / 60)
    async with here.serving(), seat(here, tmp_path / "board", session=idle, user="", remember_name=True) as kim:
        await kim.at(Phase.GREETER)
        kim.press(*map(ord, USER), RETURN, *map(ord, next(here.codes)), RETURN)
        await kim.at(Phase.LOCKED)
        await kim.at(Phase.GREETER)
        assert kim.appliance.users.user is None
        assert kim.appliance.greeter.view.name == USER
        await until(lambda: "session.end" in here.acts(), "the broker knows")


async def test_desktop_goes_along_to_where_its_user_signs_in_next(here, tmp_path):
    there = here.add_device("desk-2", tmp_path / "second.json")
    async with here.serving(), seat(here, tmp_path / "1") as first, seat(there, tmp_path / "2") as second:
        await first.signed_in(next(here.codes))
        await first.sees_exactly(here.desktop)
        await second.signed_in(next(here.codes))
        await first.reads(LOOK.words.endings[EndReason.MOVED])
        assert first.appliance.users.user is None
        here.desktop.run("xsetroot", "-solid", f"#{COLOUR:06x}")
        await second.sees_exactly(here.desktop)
        assert second.appliance.phase is Phase.DESKTOP
        assert not (first.display.shown == COLOUR).any()


async def test_user_chooses_among_several_desktops_by_keys_and_by_pointing(here, tmp_path):
    here.admin(lambda opened: opened.assign_desktop(USER, "work"))
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
        kim.sign_in(next(here.codes))
        await kim.at(Phase.CHOOSING)
        kim.press(Key.DOWN, RETURN)
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop_of("work"))
        kim.chord(Chord.SWITCH)
        await kim.at(Phase.CHOOSING)
        await kim.pointed("1")
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        kim.chord(Chord.LOCK)
        await kim.at(Phase.LOCKED)
        kim.sign_in(next(here.codes))
        await kim.at(Phase.DESKTOP)
        assert kim.appliance.users.user.desktop == USER
        await here.carried_out(lambda opened: opened.withdraw_desktop(USER))
        await kim.reads(LOOK.words.endings[EndReason.ASSIGNED])


@pytest.mark.parametrize("clipboard", ["off", "between-desktops"])
async def test_text_goes_along_to_the_user_s_next_desktop_if_the_policy_lets_it(here, tmp_path, clipboard):
    require("xclip", "xclip")
    here.admin(lambda opened: opened.assign_desktop(USER, "work"))
    policy = SessionConfig(lock_minutes=0, sign_out_minutes=0, clipboard=clipboard)
    async with here.serving(), seat(here, tmp_path / "board", session=policy) as kim:
        await kim.at(Phase.GREETER)
        kim.sign_in(next(here.codes))
        await kim.at(Phase.CHOOSING)
        kim.press(RETURN)
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        user = kim.appliance.users.user
        with here.desktop.copied("Riverside 42"):
            if clipboard == "off":
                await asyncio.sleep(1)
                assert not user.clipboard.text
            else:
                await until(lambda: user.clipboard.text == "Riverside 42", "the text has come")
        if clipboard != "off":
            kim.chord(Chord.SWITCH)
            await kim.at(Phase.CHOOSING)
            kim.press(Key.DOWN, RETURN)
            await kim.at(Phase.DESKTOP)
            await until(lambda: '"Riverside 42"' in here.desktop_of("work").cut_buffer(), "the text is there")
        kim.chord(Chord.LOCK)
        await kim.at(Phase.LOCKED)
        assert not user.clipboard.text


async def test_user_signs_in_and_out_by_touch_alone_in_their_own_language(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board", user="") as kim:
        await kim.at(Phase.GREETER)
        await kim.pointed("F2", "Tab", "Tab", *USER, "Tab", *pyotp.TOTP(here.totp_secret).now())
        assert kim.appliance.own.look.language is Language.KOREAN
        await kim.pointed("Return")
        await kim.at(Phase.DESKTOP)
        await kim.sees_exactly(here.desktop)
        here.desktop.kill_rfb_server()
        await kim.at(Phase.LOST)
        await kim.pointed("Escape")
        await kim.at(Phase.GREETER)
        assert kim.appliance.users.user is None


async def test_status_page_and_map_lie_over_the_desktop_and_go_again(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board", size=Size(800, 600)) as kim:
        await kim.at(Phase.GREETER)
        kim.press(Key.F1)
        await until(lambda: kim.appliance.own._page is not None, "the page is open")
        kim.press(Key.ESCAPE)
        await kim.reads("")
        await kim.signed_in(next(here.codes))
        await kim.sees_exactly(here.desktop)
        desktop = kim.display.shown.copy()
        kim.chord(Chord.STATUS)
        await kim.sees(lambda picture: not np.array_equal(picture, desktop), "the page is shown")
        here.desktop.run("xsetroot", "-solid", f"#{COLOUR:06x}")
        await asyncio.sleep(0.5)
        assert not (kim.display.shown == COLOUR).any()
        kim.press(Key.ESCAPE)
        await kim.sees_exactly(here.desktop)
        high = kim.appliance.session._desktop._high
        high.state[:] = TileState.RESTORED
        kim.chord(Chord.EXACTNESS)
        await kim.sees(lambda picture: bool((picture == COLOURS[TileState.RESTORED]).any()), "the map is shown")
        kim.chord(Chord.EXACTNESS)
        await kim.sees_exactly(here.desktop)
        assert not here.desktop.any_key_down()


async def test_finger_that_rests_in_the_corner_of_the_desktop_locks_it_and_signs_out(here, tmp_path, monkeypatch):
    monkeypatch.setattr(appliance, "HOLD_S", 0.2)
    async with here.serving(), seat(here, tmp_path / "board", size=Size(800, 600)) as kim:
        await kim.at(Phase.GREETER)
        await kim.signed_in(next(here.codes))
        kim.display.inject(PointerInput(1, 1, 1), PointerInput(1, 1, 0), PointerInput(400, 300, 1))
        await asyncio.sleep(0.5)
        assert kim.appliance.own._page is None
        kim.display.inject(PointerInput(400, 300, 0), PointerInput(2, 2, 1))
        await until(lambda: kim.appliance.own._page is not None, "the page is open")
        # The finger trembles, and is taken away: that closes nothing.
        kim.display.inject(PointerInput(3, 2, 1), PointerInput(3, 2, 0))
        await kim.pointed("l")
        await kim.at(Phase.LOCKED)
        kim.sign_in(next(here.codes))
        await kim.at(Phase.DESKTOP)
        kim.display.inject(PointerInput(2, 2, 1))
        await until(lambda: kim.appliance.own._page is not None, "the page is open")
        kim.display.inject(PointerInput(2, 2, 0))
        assert "d" not in kim.to_point_at()
        await kim.pointed("q")
        await kim.at(Phase.GREETER)
        assert not here.desktop.any_key_down()


async def test_touch_that_closes_the_page_does_not_reach_the_desktop_until_it_is_let_go_of(here, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(DesktopSession, "pointer", lambda _session, x, y, buttons: sent.append((x, y, buttons)))
    async with here.serving(), seat(here, tmp_path / "board", size=Size(800, 600)) as kim:
        await kim.at(Phase.GREETER)
        await kim.signed_in(next(here.codes))
        kim.chord(Chord.STATUS)
        await until(lambda: kim.appliance.own._page is not None, "the page is open")
        # A finger trembles before it is taken away.
        touched = [PointerInput(*at) for at in ((5, 300, 1), (6, 300, 1), (6, 300, 0), (7, 300, 0))]
        kim.display.inject(*touched)
        await until(lambda: sent, "the pointer is the desktop's again")
        assert kim.appliance.own._page is None
        assert sent == [(7, 300, 0)]


async def test_finger_does_not_rest_any_more_when_it_leaves_the_corner_over_a_page(here, tmp_path, monkeypatch):
    monkeypatch.setattr(appliance, "HOLD_S", 3600)
    async with here.serving(), seat(here, tmp_path / "board", size=Size(800, 600)) as kim:
        await kim.at(Phase.GREETER)
        await kim.signed_in(next(here.codes))
        kim.display.inject(PointerInput(2, 2, 1))
        await until(lambda: kim.appliance._resting is not None, "the finger rests")
        kim.chord(Chord.STATUS)
        await until(lambda: kim.appliance.own._page is not None, "the page is open")
        kim.display.inject(PointerInput(2, 2, 0))
        await until(lambda: kim.appliance._resting is None, "the finger does not rest any more")


async def test_nobody_signs_in_during_an_update(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
        (tmp_path / "update").write_text("42\n")
        await kim.at(Phase.UPDATING)
        expected = screens.updating(SCREEN_SIZE, kim.appliance.own.look, 42).picture
        await kim.sees(lambda picture: np.array_equal(picture, expected), "how far the update is")
        kim.press(*map(ord, "123456"), RETURN)
        (tmp_path / "update").unlink()
        await kim.reads("")


async def test_session_that_ends_while_a_code_is_typed_is_over_and_nobody_is_half_in(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        kim.chord(Chord.LOCK)
        await kim.at(Phase.LOCKED)
        ended = SessionEnded(session=kim.appliance.users.user.name, reason=EndReason.LOCKED)
        kim.appliance.users.end(ended)
        kim.sign_in("000000")
        await kim.reads(LOOK.words.endings[EndReason.LOCKED])
        assert kim.appliance.phase is Phase.GREETER
        await kim.signed_in(next(here.codes))


async def test_code_that_is_typed_as_an_update_begins_counts_for_nothing(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.at(Phase.GREETER)
        kim.appliance.greeter._submitted.put_nowait(Submitted(USER, "000000"))
        kim.appliance.machine.take(Happening.UPDATE)
        await asyncio.sleep(0.1)
        assert kim.appliance.phase is Phase.UPDATING
        kim.appliance.greeter.greet()
        kim.appliance.machine.take(Happening.UPDATED)
        await kim.signed_in(next(here.codes))


async def test_last_screen_says_goodbye(tmp_path):
    display = HeadlessDisplay()
    config = EdgedConfig(state_dir=tmp_path / "board", enrolment_file=tmp_path / "none")
    appliance = Appliance(display, LOOK, config, None, DesktopSettings())
    running = asyncio.create_task(appliance.run())
    await display.shows(np.any)
    appliance.stop()
    async with asyncio.timeout(20):
        await running
    assert appliance.phase is Phase.STOPPING
    assert np.array_equal(display.shown, screens.stopping(SCREEN_SIZE, LOOK).picture)


def reachable(root):
    """Everything that an object leads to, code and modules aside."""
    seen, pending = set(), [root]
    while pending:
        each = pending.pop()
        if id(each) in seen or isinstance(each, (type, ModuleType, FrameType)):
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, np.ndarray) and each.base is not None:
            pending.append(each.base)
        pending.extend(gc.get_referents(each))


async def test_no_pixel_and_no_key_of_one_user_is_left_in_any_object(here, tmp_path):
    async with here.serving(), seat(here, tmp_path / "board") as kim:
        await kim.signed_in(next(here.codes))
        here.desktop.run("xsetroot", "-solid", f"#{COLOUR:06x}")
        await kim.sees(lambda picture: (picture == COLOUR).sum() > 1000, "the colour is shown")
        await kim.sees_exactly(here.desktop)

        def found(root):
            return [
                each
                for each in reachable(root)
                if (isinstance(each, np.ndarray) and each.dtype == np.uint32 and (each == COLOUR).any())
                or isinstance(each, SessionKey | DesktopSession)
            ]

        kept = [each for each in found(kim.appliance) if isinstance(each, np.ndarray)]
        assert len(kept) >= 3
        keys = sum(isinstance(each, PrivateKey) for each in gc.get_objects())
        kim.chord(Chord.SIGN_OUT)
        await kim.reads("")
        await asyncio.sleep(0.2)
        assert found(kim.appliance) == found(kim.display) == []
        # Those that are still held, by this test, were overwritten.
        assert not any((each == COLOUR).any() for each in kept)
        assert sum(isinstance(each, PrivateKey) for each in gc.get_objects()) < keys
        assert kim.appliance.users.user is None
