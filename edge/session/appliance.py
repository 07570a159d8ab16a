"""The appliance: enrol, greet, sign in, show the desktop, and come back from whatever is lost, for ever."""

import asyncio
import logging
import math
import random
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import assert_never

from edge.control import topics
from edge.control.backoff import Backoff
from edge.control.client import Announcement, BusClient, BusState
from edge.control.messages import (
    Presence,
    SignInDenied,
    SignInGranted,
    SignInRequest,
    Status,
    Ticket,
    decode_sign_in_reply,
    encode,
)
from edge.display import screens
from edge.display.base import CloseRequested, Display, InputEvent, KeyInput, PointerInput
from edge.errors import AuthenticationFailed, ConnectionClosed, ControlError, EdgeError, SignInRefused, TrustError
from edge.geometry import Size
from edge.input.form import Field, SignInForm, Submitted
from edge.pixels import Picture
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.enrolling import Enrolment
from edge.session.phases import NEXT, Phase
from edge.session.renewal import keep_renewed
from edge.session.stage import Stage
from edge.session.tasks import first_of
from edge.session.transport import Endpoint, TlsMode
from edge.trust.certificates import load_certificate
from edge.trust.identity import DeviceState, Identity
from edge.trust.session_key import SessionKey
from edge.trust.tls import explain

_log = logging.getLogger(__name__)

FIRST_PICTURE_S = 60.0
"""A server that shows nothing for so long is stuck, though its machine still answers."""
SCREEN_SIZE = Size(1920, 1080)
"""Of the screens before the desktop, where the display takes any size."""


class Appliance:
    """One display, one user at a time. `run` returns only when the display's window is closed.

    `now` is the wall clock in seconds since 1970, `chance` gives floats in [0, 1).
    """

    def __init__(
        self,
        display: Display,
        look: screens.Look,
        state: DeviceState,
        enrolment_file: Path,
        upscaler: Upscaler | CubicUpscaler | None,
        settings: DesktopSettings,
        *,
        user: str = "",
        sign_in_timeout_s: float = 60.0,
        framebuffer: Path | None = None,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.phase = Phase.STARTING
        self.session: DesktopSession | None = None
        """The desktop that is shown or being connected to."""
        self.stage = Stage(display, framebuffer)
        self._display = display
        self._look = look
        self._state = state
        self._enrolment = Enrolment(enrolment_file, state, chance)
        self._upscaler = upscaler
        self._settings = settings
        self._now = now
        self._chance = chance
        self._sign_in_timeout_s = sign_in_timeout_s
        self._form = SignInForm(name=user).refused()
        self._message = ""
        self._bus_trouble = ""
        self._enrolment_trouble = ""
        self._submitted: asyncio.Queue[Submitted] = asyncio.Queue()
        self._entered = asyncio.Condition()

    async def run(self) -> None:
        """Be an appliance until the window is closed.

        Raises `DisplayError` if the display fails, and `TrustError` if the state directory cannot be used.
        """
        boot = self._state.next_boot()
        self._show(screens.starting(self._size, self._look))
        await first_of(lambda: self._live(boot), self._take_input, lambda: self.stage.run(self._note_shown))

    async def reached(self, phase: Phase) -> None:
        """Wait until it does `phase`."""
        async with self._entered:
            await self._entered.wait_for(lambda: self.phase is phase)

    @property
    def message(self) -> str:
        """What the greeter says below the form."""
        return self._message or self._enrolment_trouble or self._bus_trouble

    async def _live(self, boot: int) -> None:
        while True:
            await self._enter(Phase.ENROLLING)
            identity = await self._enrolment.identity(self._say_not_enrolled)
            self._enrolment_trouble = self._bus_trouble = ""
            await first_of(partial(self._serve, identity, boot), self._enrol_anew)

    async def _serve(self, identity: Identity, boot: int) -> None:
        current = [identity]
        bus = BusClient(
            identity.bus_host,
            identity.bus_port,
            identity.device,
            tls=lambda: self._bus_context(current[0]),
            reply_topic=topics.replies(identity.device),
            announcement=_announcement(identity.device, boot),
            on_state=self._on_bus,
            explain=explain,
            backoff=Backoff(self._chance),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(bus.run(), name="bus")
            group.create_task(keep_renewed(bus, self._state, current, self._now), name="renew the certificate")
            group.create_task(self._serve_users(bus, identity.device), name="users")

    def _bus_context(self, identity: Identity) -> ssl.SSLContext:
        """Return the context for the bus; what hinders it is a loss of the bus, which goes on trying."""
        try:
            return self._state.bus_context(identity)
        except TrustError as error:
            raise OSError(0, str(error)) from error

    async def _enrol_anew(self) -> None:
        """Return when the device has another identity and nobody is signed in."""
        await self._enrolment.anew(self._say_not_enrolled_anew)
        await self.reached(Phase.GREETER)

    def _say_not_enrolled(self, text: str) -> None:
        self._show(screens.error(self._size, self._look, text))

    def _say_not_enrolled_anew(self, text: str) -> None:
        before, self._enrolment_trouble = self._enrolment_trouble, text
        if text != before and self.phase is Phase.GREETER:
            self._show_form()

    async def _serve_users(self, bus: BusClient, device: str) -> None:
        while True:
            await self._enter(Phase.GREETER)
            self._show_form()
            submitted = await self._submitted.get()
            await self._enter(Phase.SIGNING_IN)
            self._message = ""
            self._show(screens.connecting(self._size, self._look, self._look.words.signing_in))
            key = SessionKey()
            try:
                ticket = await self._ticket(bus, device, submitted, key)
                self._message = await self._show_desktop(ticket, key)
            except (ControlError, SignInRefused, TrustError) as error:
                self._message = str(error)
            self.stage.forget()

    async def _ticket(self, bus: BusClient, device: str, submitted: Submitted, key: SessionKey) -> Ticket:
        request = SignInRequest(user=submitted.name, code=submitted.code, session_request_pem=key.request_pem)
        reply = await bus.request(topics.sign_in(device), encode(request), timeout_s=self._sign_in_timeout_s)
        match decode_sign_in_reply(reply):
            case SignInGranted(ticket=ticket):
                return ticket
            case SignInDenied(reason=reason, text=text):
                raise SignInRefused(reason, text)

    async def _show_desktop(self, ticket: Ticket, key: SessionKey) -> str:
        """Show the desktop of `ticket`, and again after each loss while the ticket is good; return why it ended."""
        endpoint = Endpoint(
            ticket.host,
            ticket.port,
            TlsMode(ticket.tls),
            key.context(ticket.ca_pem, ticket.certificate_pem),
            ticket.server_name,
        )
        self.session = session = DesktopSession(endpoint, self._settings, self._upscaler, self.stage)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + _life_s(ticket)
        backoff = Backoff(self._chance)
        try:
            while True:
                await self._enter(Phase.CONNECTING)
                step = self._look.words.to_desktop.format(desktop=ticket.desktop)
                self._show(screens.connecting(self._size, self._look, step))
                try:
                    await first_of(session.run, lambda: self._note_desktop(session, backoff))
                except AuthenticationFailed as error:
                    return self._lost_for_good(error)
                except EdgeError as error:
                    if loop.time() >= ends_at:
                        return self._lost_for_good(error)
                    await self._enter(Phase.LOST)
                    _log.warning("desktop lost: %s", error)
                    await self._count_down(str(error), backoff.next_s())
                    if loop.time() >= ends_at:
                        return self._lost_for_good(error)
        finally:
            self.session = None

    async def _note_desktop(self, session: DesktopSession, backoff: Backoff) -> None:
        """Note when the desktop is there, and go on waiting with the session."""
        session.shown.clear()
        try:
            async with asyncio.timeout(FIRST_PICTURE_S):
                await session.shown.wait()
        except TimeoutError:
            raise ConnectionClosed(f"the desktop sent no picture within {FIRST_PICTURE_S:.0f} s") from None
        backoff.reset()
        await self._enter(Phase.DESKTOP)
        self._show_banner()
        await asyncio.Event().wait()

    def _lost_for_good(self, error: EdgeError) -> str:
        _log.warning("desktop lost, a new ticket is needed: %s", error)
        return self._look.words.sign_in_again.format(reason=error)

    async def _count_down(self, reason: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while (left_s := ends_at - loop.time()) > 0:
            self._show(screens.lost_connection(self._size, self._look, reason, math.ceil(left_s)))
            await asyncio.sleep(min(1.0, left_s))

    def _on_bus(self, state: BusState, text: str) -> None:
        match state:
            case BusState.LOST | BusState.REFUSED:
                self._bus_trouble = text
            case BusState.CONNECTED:
                self._bus_trouble = ""
            case BusState.CONNECTING:
                return  # what was wrong is so until it is connected
            case _:
                assert_never(state)
        if self.phase is Phase.GREETER:
            self._show_form()
        elif self.phase is Phase.DESKTOP:
            self._show_banner()

    async def _take_input(self) -> None:
        while True:
            event = await self._display.next_input()
            if isinstance(event, CloseRequested):
                return
            self._on_input(event)

    def _on_input(self, event: InputEvent) -> None:
        match event:
            case KeyInput(keysym=keysym, down=down) if self.phase is Phase.DESKTOP and self.session is not None:
                self.session.key(keysym, down=down)
            case PointerInput(x=x, y=y, buttons=buttons) if self.phase is Phase.DESKTOP and self.session is not None:
                self.session.pointer(x, y, buttons)
            case KeyInput(keysym=keysym, down=True) if self.phase is Phase.GREETER:
                typed = self._form.typed(keysym)
                if isinstance(typed, Submitted):
                    # The code is used up now: Enter once more must not send it again.
                    self._form = SignInForm(name=typed.name).refused()
                    self._submitted.put_nowait(typed)
                else:
                    self._form, self._message = typed, ""
                    self._show_form()
            case _:
                pass

    async def _enter(self, phase: Phase) -> None:
        if phase not in NEXT[self.phase]:
            raise AssertionError(f"{phase} cannot follow {self.phase}")
        _log.info("%s", phase)
        async with self._entered:
            self.phase = phase
            self._entered.notify_all()

    def _note_shown(self) -> None:
        if self.session is not None:
            self.session.note_shown()

    def _show_form(self) -> None:
        form = self._form
        view = screens.SignInView(form.name, len(form.code), form.focus is Field.CODE, self.message)
        self._show(screens.sign_in(self._size, self._look, view))

    def _show_banner(self) -> None:
        """Say in a corner of the desktop that the bus is away; the desktop itself does not need it."""
        trouble = self._bus_trouble
        self.stage.set_banner(screens.banner(self._size, self._look, trouble) if trouble else None)

    def _show(self, picture: Picture) -> None:
        self.stage.set_banner(None)
        self.stage.show_screen(picture)

    @property
    def _size(self) -> Size:
        return self._display.size or self.stage.size or SCREEN_SIZE


def _announcement(device: str, boot: int) -> Announcement:
    return Announcement(
        topics.status(device),
        online=encode(Status(presence=Presence.ONLINE, boot_sequence=boot)),
        offline=encode(Status(presence=Presence.OFFLINE, boot_sequence=boot)),
    )


def _life_s(ticket: Ticket) -> float:
    """For how long a ticket is worth trying, in seconds, by no clock at all: the desktop refuses it when it is over."""
    certificate = load_certificate(ticket.certificate_pem, "the ticket's certificate")
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds()


def connection_settings() -> ConnectionSettings:
    """Return the settings for a desktop of a ticket: nothing is spoken outside of mutual TLS."""
    return ConnectionSettings(transport_secure=True)
