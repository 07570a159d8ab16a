"""One user after the other: let in, shown a desktop, locked, unlocked, and gone without a trace."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, Never, TypeVar

from edge.config import SessionConfig
from edge.control.client import BusClient
from edge.control.messages import SessionEnded
from edge.display import screens
from edge.errors import ControlError, SignInRefused, TrustError
from edge.input.chords import Chord
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler
from edge.session.chooser import Chooser
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.greeter import Greeter
from edge.session.idle import Idle
from edge.session.own_screens import OwnScreens
from edge.session.phases import Happening, Machine, Phase
from edge.session.showing import Showing
from edge.session.stage import Stage
from edge.session.tasks import first_of
from edge.session.user_session import UserSession, loop_clock
from edge.session.wording import Message

T = TypeVar("T")
Command = Chord | SessionEnded | TrustError
"""What ends what the user is doing: a chord, the broker, or that this device is not trusted any more."""


class Users:
    """Serves whoever comes; `serve` never returns. `gone` takes the names of sessions to be reported to the broker."""

    def __init__(
        self,
        own: OwnScreens,
        stage: Stage,
        machine: Machine,
        greeter: Greeter,
        idle: Idle,
        policy: SessionConfig,
        settings: DesktopSettings,
        upscaler: Upscaler | CubicUpscaler | None,
        timeout_s: float,
        chance: Callable[[], float],
    ) -> None:
        self.gone: asyncio.Queue[str] = asyncio.Queue()
        self._own, self._stage, self._machine, self._greeter = own, stage, machine, greeter
        self._idle, self._policy = idle, policy
        self._settings, self._upscaler, self._chance = settings, upscaler, chance
        self._timeout_s = timeout_s
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._user: UserSession | None = None
        self._showing: Showing | None = None

    @property
    def session(self) -> DesktopSession | None:
        """The desktop that is shown or being connected to."""
        return None if self._showing is None else self._showing.session

    @property
    def user(self) -> UserSession | None:
        """Who is signed in, behind a lock or not."""
        return self._user

    async def serve(self, bus: BusClient, device: str) -> Never:
        """Let in one user after the other; the greeter is open already."""
        while True:
            self._user = user = await self._let_in(bus, device, None)
            try:
                message = await self._stay(bus, device, user)
            finally:
                self._forget()
            # The form first: whoever sees that it is the greeter's turn may type.
            self._greeter.greet(message)
            self._machine.take(Happening.ENDED)

    def take(self, chord: Chord) -> None:
        """Do what a chord asks for, if anybody is signed in."""
        if self._user is None or self._machine.phase is Phase.SIGNING_IN:
            return
        if chord is Chord.RECONNECT:
            if self._showing is not None:
                self._showing.again()
        elif chord is not Chord.SWITCH or len(self._user.desktops) > 1:
            self._commands.put_nowait(chord)

    def end(self, ended: SessionEnded) -> None:
        """Let a session that the broker has ended be over, if it is this one."""
        if self._user is not None and ended.session == self._user.name:
            self._commands.put_nowait(ended)

    def evict(self, error: TrustError) -> None:
        """Let the session be over, because this device may not have one."""
        if self._user is not None:
            self._commands.put_nowait(error)

    async def _stay(self, bus: BusClient, device: str, user: UserSession) -> Message:
        """Serve a user until they leave, or somebody else comes in over the lock; return what to say then."""
        while True:
            self._machine.take(Happening.TICKET if user.desktop else Happening.SEVERAL)
            over = await self._use(user)
            if over is not None:
                return over
            self._wipe(user)
            self._greeter.lock(user.user)
            self._machine.take(Happening.LOCK)
            outcome = await self._locked(bus, device, user)
            if not isinstance(outcome, UserSession):
                return outcome
            self._user = user = outcome

    async def _use(self, user: UserSession) -> Message | None:
        """Let a user choose and use desktops, until they are gone; None if they are to be locked out."""
        while True:
            if self._machine.phase is Phase.CHOOSING:
                command = await self._unless(lambda: self._choose(user))
            else:
                command = await self._unless(lambda: self._show(user))
            match command:
                case None if self._machine.phase is Phase.CHOOSING:
                    self._machine.take(Happening.CHOSEN)
                case Chord.LOCK:
                    return None
                case Chord.SWITCH if self._machine.can(Happening.SWITCH):
                    self._stage.forget()
                    self._machine.take(Happening.SWITCH)
                case Chord.SIGN_OUT:
                    self.gone.put_nowait(user.name)
                    return ""
                case SessionEnded() | SignInRefused() | TrustError():
                    return command
                case _:
                    pass

    async def _choose(self, user: UserSession) -> None:
        chooser = Chooser(self._own, user.desktops, user.desktop)
        chooser.show()
        desktop = await chooser.chosen
        if desktop is None:
            self._commands.put_nowait(Chord.SIGN_OUT)
            await asyncio.Event().wait()
        else:
            user.choose(desktop)

    async def _show(self, user: UserSession) -> None:
        self._showing = Showing(
            user,
            self._own,
            self._stage,
            self._machine,
            self._settings,
            self._upscaler,
            self._chance,
            lambda: self._commands.put_nowait(Chord.SIGN_OUT),
            carry_text=self._policy.clipboard == "between-desktops",
        )
        try:
            await self._showing.run()
        finally:
            self._showing = None

    async def _unless(self, what: Callable[[], Coroutine[Any, Any, None]]) -> Command | SignInRefused | None:
        """Do `what` until it is done, or a command comes, or nobody has been here for too long."""
        came: list[Command] = []

        async def command() -> None:
            came.append(await self._commands.get())

        async def idle() -> None:
            await self._idle.lasts(self._policy.lock_minutes * 60)
            came.append(Chord.LOCK)

        try:
            await first_of(what, command, idle)
        except SignInRefused as error:
            return error
        return came[0] if came else None

    async def _locked(self, bus: BusClient, device: str, user: UserSession) -> UserSession | Message:
        """Wait for the user's next code, or another's; or until the session is over, and return what to say."""
        outcome: list[UserSession | Message] = []

        def over(message: Message) -> None:
            self._greeter.close()
            outcome.append(message)

        async def unlock() -> None:
            outcome.append(await self._let_in(bus, device, user))

        async def end() -> None:
            while isinstance(command := await self._commands.get(), Chord):
                if command is Chord.SIGN_OUT and self._machine.phase is Phase.LOCKED:
                    self.gone.put_nowait(user.name)
                    over("")
                    return
            await self._machine.reached(Phase.LOCKED)
            over(command)

        async def idle() -> None:
            await self._idle.lasts((self._policy.lock_minutes + self._policy.sign_out_minutes) * 60)
            await self._machine.reached(Phase.LOCKED)
            self.gone.put_nowait(user.name)
            over("")

        endings = [unlock, end]
        if self._policy.sign_out_minutes:
            endings.append(idle)
        await first_of(*endings)
        return outcome[0]

    async def _let_in(self, bus: BusClient, device: str, locked: UserSession | None) -> UserSession:
        """Ask for names and codes until the broker lets somebody in."""
        while True:
            submitted = await self._greeter.submitted()
            self._machine.take(Happening.CODE)
            self._own.show(screens.signing_in)
            user = UserSession(bus, device, submitted.name, self._timeout_s, loop_clock)
            desktop = locked.desktop if locked is not None and locked.user == user.user else ""
            try:
                await user.sign_in(submitted.code, desktop)
            except (ControlError, SignInRefused, TrustError) as error:
                user.wipe()
                self._greeter.refuse(error)
                self._machine.take(Happening.REFUSED if locked is None else Happening.STILL_LOCKED)
                continue
            self._greeter.let_in(user.user)
            self._empty(self._commands)
            return user

    def _wipe(self, user: UserSession) -> None:
        """Forget what the user saw, and by which key."""
        self._own.open_page(None)
        self._stage.forget()
        user.wipe()
        gc.collect()

    def _forget(self) -> None:
        """Forget the user altogether."""
        if self._user is not None:
            self._wipe(self._user)
        self._user = None

    @staticmethod
    def _empty(queue: asyncio.Queue[T]) -> None:
        while not queue.empty():
            queue.get_nowait()
