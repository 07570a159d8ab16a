"""One user's desktop on the stage: connected to, shown, and connected to again after each loss."""

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

from edge.control.backoff import Backoff
from edge.display import screens
from edge.errors import AuthenticationFailed, ConnectionClosed, EdgeError, SignInRefused
from edge.input.keymap import Key
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings
from edge.rfb.events import Connected
from edge.session.clipboard import CarryingTransport
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.own_screens import OwnScreens
from edge.session.phases import Happening, Machine, Phase
from edge.session.stage import Stage
from edge.session.tasks import first_of
from edge.session.transport import RfbTransport
from edge.session.user_session import UserSession, may_pass

FIRST_PICTURE_S = 60.0
"""A server that shows nothing for so long is stuck, though its machine still answers."""

_log = logging.getLogger(__name__)


class Showing:
    """Shows the desktop that `user` has chosen; `leave` is called when they press Escape on the way to it."""

    def __init__(
        self,
        user: UserSession,
        own: OwnScreens,
        stage: Stage,
        machine: Machine,
        settings: DesktopSettings,
        upscaler: Upscaler | CubicUpscaler | None,
        chance: Callable[[], float],
        leave: Callable[[], None],
        *,
        carry_text: bool,
    ) -> None:
        self.session: DesktopSession | None = None
        self._user, self._own, self._stage, self._machine = user, own, stage, machine
        self._settings, self._upscaler = settings, upscaler
        self._backoff = Backoff(chance)
        self._leave = leave
        self._carry_text = carry_text
        self._again = asyncio.Event()

    async def run(self) -> None:
        """Show it, until cancelled. Raises `SignInRefused` if the broker gives no more tickets."""
        try:
            while True:
                self._again.clear()
                trouble = await self._once()
                if trouble is None:
                    self._machine.take(Happening.AGAIN)
                    continue
                _log.warning("desktop lost: %s", trouble)
                self._machine.take(Happening.BROKEN)
                await self._count_down(str(trouble), self._backoff.next_s())
                self._machine.take(Happening.AGAIN)
        finally:
            if self.session is not None:
                self.session.wipe()

    def again(self) -> None:
        """Connect anew, now."""
        self._again.set()

    async def _once(self) -> EdgeError | None:
        """Connect and show, until that breaks: by what, or by nothing if it is to be done again."""
        self._show_step(0)
        try:
            if self.session is None:
                endpoint = await self._user.endpoint()
                self.session = DesktopSession(
                    endpoint, self._settings, self._upscaler, self._stage, connect=self._connect
                )
            session = self.session
            await first_of(session.run, lambda: self._note_picture(session), self._again.wait)
        except AuthenticationFailed as error:
            self._user.distrust()
            return error
        except SignInRefused as error:
            if not may_pass(error):
                raise
            return error
        except EdgeError as error:
            return error
        return None

    async def _connect(
        self, name: str, settings: ConnectionSettings, executor: Executor
    ) -> tuple[RfbTransport, Connected]:
        """Open a connection by a ticket that is good, however long ago the user signed in."""
        endpoint = await self._user.endpoint()
        self._show_step(1)
        transport, connected = await CarryingTransport.open(endpoint, settings, executor)
        if self._carry_text and name == "full":
            transport.clipboard = self._user.clipboard
        self._show_step(2)
        return transport, connected

    def _show_step(self, step: int) -> None:
        if self._machine.phase is Phase.CONNECTING and (self._stage.on_screen or step == 0):
            desktop = self._user.desktop
            self._own.show(lambda size, look: screens.connecting(size, look, desktop, step), self._typed)

    async def _note_picture(self, session: DesktopSession) -> None:
        """Note when the desktop is there, and go on waiting with the session."""
        session.shown.clear()
        try:
            async with asyncio.timeout(FIRST_PICTURE_S):
                await session.shown.wait()
        except TimeoutError:
            raise ConnectionClosed(f"the desktop sent no picture within {FIRST_PICTURE_S:.0f} s") from None
        self._backoff.reset()
        self._machine.take(Happening.PICTURE)
        await asyncio.Event().wait()

    async def _count_down(self, reason: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while (left_s := ends_at - loop.time()) > 0 and not self._again.is_set():
            scene = partial(screens.lost_connection, reason=reason, retry_in_s=math.ceil(left_s))
            self._own.show(scene, self._typed)
            try:
                async with asyncio.timeout(min(1.0, left_s)):
                    await self._again.wait()
            except TimeoutError:
                pass

    def _typed(self, keysym: int, _pointed: bool) -> None:
        match keysym:
            case Key.ESCAPE:
                self._leave()
            case Key.RETURN | Key.KP_ENTER if self._machine.phase is Phase.LOST:
                self.again()
            case _:
                pass
