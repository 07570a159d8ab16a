"""The appliance: enrol, greet, sign in, show the desktop, and come back from whatever is lost, for ever."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_never

from edge.config import EdgedConfig
from edge.display import screens
from edge.display.base import CloseRequested, Display, InputEvent, KeyInput, PointerInput
from edge.display.page import Look, Screen
from edge.errors import TrustError
from edge.geometry import Size
from edge.input.chords import Chord, Chords
from edge.input.corner import HOLD_S, rests_in_corner
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings
from edge.session import condition
from edge.session.bus_link import BusLink
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.enrolling import Enrolment
from edge.session.greeter import Greeter
from edge.session.idle import Idle
from edge.session.own_screens import OwnScreens
from edge.session.phases import Happening, Machine, Phase
from edge.session.stage import Stage
from edge.session.tasks import first_of
from edge.session.updating import Updating
from edge.session.user_session import loop_clock
from edge.session.users import Users
from edge.trust.identity import DeviceState
from edge.trust.keys import fingerprint

_DOINGS = (Chord.LOCK, Chord.SWITCH, Chord.SIGN_OUT)
FAREWELL_S = 2.0
"""How long a display may take for the last screen; one that hangs must not keep the device from its end."""


class Appliance:
    """One display, one user at a time, as `config` says. `run` returns when it is told to stop, or its window closed.

    `now` is the wall clock in seconds since 1970, `chance` gives floats in [0, 1). Make it in an event loop.
    """

    def __init__(
        self,
        display: Display,
        look: Look,
        config: EdgedConfig,
        upscaler: Upscaler | CubicUpscaler | None,
        settings: DesktopSettings,
        *,
        framebuffer: Path | None = None,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.machine = Machine(self._on_phase)
        self.stage = Stage(display, framebuffer)
        self._display = display
        self._state = DeviceState(config.state_dir)
        self._enrolment = Enrolment(config.enrolment_file, self._state, chance)
        self._device = self._enrolment_trouble = ""
        self._idle = Idle(loop_clock)
        self._chords = Chords()
        self._stop = asyncio.Event()
        self.own = OwnScreens(display, self.stage, look, self._draw_status, self._on_doing)
        self._resting: asyncio.TimerHandle | None = None
        self.greeter = Greeter(self.own, config.sign_in.user, remember=config.sign_in.remember_name)
        self.users = Users(
            self.own,
            self.stage,
            self.machine,
            self.greeter,
            self._idle,
            config.session,
            settings,
            upscaler,
            config.sign_in.timeout_s,
            chance,
        )
        self._bus = BusLink(self._state, self.users, self._on_bus, now, chance)
        self._updating = Updating(config.update_file, self.own, self.machine, self.greeter)

    @property
    def phase(self) -> Phase:
        """What it is doing."""
        return self.machine.phase

    @property
    def session(self) -> DesktopSession | None:
        """The desktop that is shown or being connected to."""
        return self.users.session

    @property
    def message(self) -> str:
        """What the greeter says below the form."""
        return self.greeter.message

    async def reached(self, phase: Phase) -> None:
        """Wait until it does `phase`."""
        await self.machine.reached(phase)

    async def run(self) -> None:
        """Be an appliance until told to stop.

        Raises `DisplayError` if the display fails, and `TrustError` if the state directory cannot be used.
        """
        boot = self._state.next_boot()
        self.own.show(screens.starting)
        await first_of(lambda: self._work(boot), lambda: self.stage.run(self._note_shown))

    def stop(self) -> None:
        """Let `run` end, with a last screen that says so."""
        self._stop.set()

    async def _work(self, boot: int) -> None:
        await first_of(lambda: self._live(boot), self._take_input, self.own.run, self._updating.run, self._stop.wait)
        self.machine.take(Happening.STOP)
        self.own.show(screens.stopping)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self.stage.turn()

    async def _live(self, boot: int) -> None:
        while True:
            identity = await self._enrolment.identity(self._say_not_enrolled)
            self._device = identity.device
            self.own.look = replace(self.own.look, foot=identity.device)
            self._say_not_enrolled_anew("")
            self.greeter.greet()
            self.machine.take(Happening.ENROLLED)
            await first_of(partial(self._bus.serve, identity, boot), self._enrol_anew)

    async def _enrol_anew(self) -> None:
        """Return when the device has another identity and nobody is signed in, nor can be any more."""
        await self._enrolment.anew(self._say_not_enrolled_anew)
        while not self.machine.can(Happening.ENROLLED_ANEW):
            await self.reached(Phase.GREETER)
        self.machine.take(Happening.ENROLLED_ANEW)

    def _say_not_enrolled(self, text: str) -> None:
        name = fingerprint(self._state.key().public_key)
        number = "-".join(name[at : at + 4] for at in (0, 4, 8))
        self.own.show(partial(screens.enrol, view=screens.EnrolView(number, name, text)))

    def _say_not_enrolled_anew(self, text: str) -> None:
        self._enrolment_trouble = text
        self._note_trouble()

    def _on_bus(self) -> None:
        self._note_trouble()
        self._evict_if_refused()

    def _evict_if_refused(self) -> None:
        """End a session that is broken anyway if the bus refuses this device: it was revoked, or has expired."""
        if self._bus.refused and self.phase in {Phase.LOST, Phase.CONNECTING}:
            self.users.evict(TrustError(self._bus.says))

    def _note_trouble(self) -> None:
        """Say what is wrong at the greeter; over a desktop in a corner, which does not need the bus."""
        trouble = self._enrolment_trouble or self._bus.trouble
        if trouble and condition.waits_for_time(condition.SYNCHRONISED):
            trouble = f"{self.own.look.words.clock_unset} ({trouble})"
        self.greeter.note_trouble(trouble)
        if self.phase is Phase.DESKTOP:
            self._show_banner()

    def _show_banner(self) -> None:
        trouble = self._bus.trouble
        self.stage.set_banner(screens.banner(self.own.size, self.own.look, trouble) if trouble else None)

    async def _take_input(self) -> None:
        while True:
            event = await self._display.next_input()
            if isinstance(event, CloseRequested):
                return
            self._idle.touch()
            self._on_input(event)

    def _on_input(self, event: InputEvent) -> None:
        match event:
            case KeyInput(keysym=keysym, down=down):
                chord, passes = self._chords.take(keysym, down=down)
                if chord is not None:
                    self._on_chord(chord)
                elif passes and self.own.in_front:
                    if down:
                        self.own.key(keysym)
                elif passes and self.session is not None:
                    self.session.key(keysym, down=down)
            case PointerInput(x=x, y=y, buttons=buttons):
                session = None if self.own.holds_pointer else self.session
                self._watch_corner(session is not None and rests_in_corner(x, y, buttons, self.own.size))
                if session is not None:
                    session.pointer(x, y, buttons)
                elif self.own.holds_pointer:
                    self.own.pointer(x, y, buttons)
            case CloseRequested():
                pass

    def _watch_corner(self, rests: bool) -> None:
        if not rests and self._resting is not None:
            self._resting.cancel()
            self._resting = None
        elif rests and self._resting is None:
            self._resting = asyncio.get_running_loop().call_later(HOLD_S, self._on_rested)

    def _on_rested(self) -> None:
        self._resting = None
        if self.session is not None and not self.own.in_front:
            self.own.hold()
            self._on_chord(Chord.STATUS)

    def _on_doing(self, keysym: int) -> None:
        for chord in _DOINGS:
            if keysym == ord(chord):
                self._on_chord(chord)

    def _on_chord(self, chord: Chord) -> None:
        if self.session is not None:
            self.session.release()
        match chord:
            case Chord.STATUS:
                self.own.toggle_status()
            case Chord.EXACTNESS:
                if self.session is not None:
                    self.session.toggle_map()
            case Chord.LOCK | Chord.RECONNECT | Chord.SWITCH | Chord.SIGN_OUT:
                self.users.take(chord)
            case _:
                assert_never(chord)

    def _on_phase(self, phase: Phase) -> None:
        if phase is Phase.DESKTOP:
            self._show_banner()
        self._evict_if_refused()
        if phase is not Phase.GREETER and phase is not Phase.LOCKED:
            self.greeter.close()

    def _draw_status(self, size: Size, look: Look) -> Screen:
        doings: list[tuple[str, str]] = []
        if (user := self.users.user) is not None and self.phase is not Phase.LOCKED:
            words = {Chord.LOCK: look.words.lock, Chord.SWITCH: look.words.switch, Chord.SIGN_OUT: look.words.sign_out}
            offered = (chord for chord in _DOINGS if chord is not Chord.SWITCH or len(user.desktops) > 1)
            doings = [(words[chord], chord.value) for chord in offered]
        rows = condition.condition(self._device, self._bus.says, user, self.session)
        return screens.status(size, look, rows, doings)

    def _note_shown(self) -> None:
        if self.session is not None:
            self.session.note_shown()


def connection_settings() -> ConnectionSettings:
    """Return the settings for a desktop of a ticket: nothing is spoken outside of mutual TLS."""
    return ConnectionSettings(transport_secure=True)
