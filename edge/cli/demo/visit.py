"""What the demo's user does: sign in by keys, read, scroll, type, turn the page, each time until text stands sharp."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edge.broker.desktops.x_server import XServer
from edge.cli.demo import pages
from edge.cli.demo.figures import StepFigures, traffic
from edge.cli.demo.link import Counted
from edge.display.base import InputEvent, KeyInput, PointerInput
from edge.errors import EdgeError
from edge.input.keymap import Key, typed
from edge.session.appliance import Appliance
from edge.session.desktop import DesktopSession
from edge.session.phases import Phase

HANGUL, LATIN = "봄바람", "Riverside"
POINTER = (1760, 720)
"""On the page's margin, where the wheel scrolls and nothing reacts to it."""
WHEEL_DOWN = 1 << 4
KEY_S = 0.05
AHEAD_S = 0.5
POLL_S = 0.05
BROWSER_S = 20.0
SIGN_IN_S = 60.0
REACT_S = 3.0
"""If nothing changes on the screen for so long, the step changes nothing."""
SHARP_S = 6.0
"""How long a step waits for sharp text."""
CONFIRMED_S = 15.0
"""How long the rest at the end waits until all text is exact: what has only moved is confirmed after ten seconds."""
STAY_S = 0.4
"""Text must stay sharp for this long, and the viewer receive nothing, before the next step."""
ENOUGH = 0.99
"""As in the benchmark; a blinking caret takes its tile out and back in."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; afterwards the browser's title contains `title`. `ahead` is done `AHEAD_S` before it."""

    name: str
    events: tuple[InputEvent, ...]
    title: str = ""
    ahead: tuple[InputEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that came so far: to the appliance, and to the viewer (0 without one)."""

    bytes: int
    viewer_bytes: int


def steps(*, short: bool = False) -> Sequence[Step]:
    """Return what the user does once the first page is there; the last step leads to the page with the picture."""
    wheel = tuple(PointerInput(*POINTER, buttons) for _ in range(4) for buttons in (WHEEL_DOWN, 0))
    reading = (
        Step("four wheel clicks", wheel),
        Step("Page Down", tuple(press(Key.PAGE_DOWN))),
        Step("Page Up", tuple(press(Key.PAGE_UP))),
        Step("Home", tuple(press(Key.HOME))),
    )
    return (
        *reading[: 1 if short else None],
        Step("next page: a form and a table", tuple(press(Key.RIGHT)), pages.TITLES[pages.FORM]),
        Step(f"type {HANGUL}", tuple(typing(HANGUL)), ahead=tuple(releases(HANGUL))),
        Step(f"type {LATIN} in the next field", (*press(Key.TAB), *typing(LATIN))),
        Step("save: the page with the picture", tuple(press(Key.RETURN)), pages.TITLES[pages.PICTURE]),
    )


def press(key: int) -> Iterator[InputEvent]:
    """Press and let go of a key."""
    yield KeyInput(key, down=True)
    yield KeyInput(key, down=False)


def typing(text: str) -> Iterator[InputEvent]:
    """Type `text`, Hangul included, as keysyms."""
    return (KeyInput(keysym, down) for keysym, down in typed(text))


def releases(text: str) -> Iterator[InputEvent]:
    """Let go of the keys of `text`, which are not held.

    x11vnc gives a keycode to a keysym that the keyboard lacks when it first hears of it, and Chromium learns of that
    only a moment later: a press that comes at once is lost now and then.
    """
    return (event for event in typing(text) if isinstance(event, KeyInput) and not event.down)


class Visitor:
    """The user at the appliance; `inject` takes what the hands do, `browser` is the desktop's own X server."""

    def __init__(self, inject: Callable[[InputEvent], None], appliance: Appliance, browser: XServer) -> None:
        self._inject = inject
        self._appliance = appliance
        self._browser = browser
        self.counted: Counted | None = None
        """What the TigerVNC viewer received, if there is one."""
        self._told = Received(0, 0)

    async def fill_in(self, user: str, code: str) -> None:
        """Wait for the sign-in form and type into it. Raises `EdgeError` if the form does not come."""
        await self._reach(Phase.GREETER, "the sign-in form")
        await self._do([*typing(user), *press(Key.TAB), *typing(code)])
        await asyncio.sleep(STAY_S)  # the last character is drawn

    async def sign_in(self) -> None:
        """Send the form and wait for the ticket. Raises `EdgeError` with the broker's reason if it refuses."""
        await self._do(list(press(Key.RETURN)))
        # Signing in at a desktop that runs takes 45 ms: that phase may be over before it can be looked for.
        if not await _comes_true(self._answered, SIGN_IN_S):
            raise EdgeError(f"no answer to the sign-in within {SIGN_IN_S:.0f} s")
        if self._appliance.phase is Phase.GREETER:
            raise EdgeError(f"the sign-in was refused: {self._appliance.message}")

    def _answered(self) -> bool:
        """Whether the broker has said yes, or no with a reason."""
        phase = self._appliance.phase
        return phase not in {Phase.GREETER, Phase.SIGNING_IN} or (
            phase is Phase.GREETER and bool(self._appliance.message)
        )

    async def desktop(self) -> DesktopSession:
        """Wait for the desktop's first whole picture. Raises `EdgeError` if it does not come."""
        await self._reach(Phase.DESKTOP, "the desktop")
        session = self._appliance.session
        if session is None:
            raise EdgeError("the desktop was lost as soon as it was there")
        return session

    async def open_page(self, title: str) -> None:
        """Wait until the browser's window says `title`. Raises `EdgeError` if it does not."""
        deadline = asyncio.get_running_loop().time() + BROWSER_S
        while title not in (seen := await self.title()):
            if asyncio.get_running_loop().time() > deadline:
                raise EdgeError(f"the browser did not open the page {title!r}; its window says {seen!r}")
            await asyncio.sleep(POLL_S)

    async def title(self) -> str:
        """Return the title of the browser's window."""
        return await asyncio.to_thread(self._browser.active_title)

    async def read_back(self) -> str:
        """Return what the last page says was typed. Raises `EdgeError` if it is something else."""
        said = (await self.title()).partition(" · ")[2].removesuffix(" - Chromium")
        if said != f"{HANGUL} {LATIN}":
            raise EdgeError(
                f"typed {HANGUL} and {LATIN} through the appliance, but the browser got {said!r}; run it again"
            )
        return said

    async def connected(self, session: DesktopSession) -> StepFigures:
        """Wait until the first page stands sharp; everything received so far belongs to it."""
        began = asyncio.get_running_loop().time() - session.report().seconds
        return await self._settled("connect: the first page", session, began)

    async def take(self, step: Step, session: DesktopSession) -> StepFigures:
        """Do `step` and wait until it has been shown with sharp text, or for `SHARP_S`. Raises `EdgeError`."""
        if step.ahead:
            await self._do(step.ahead)
            await asyncio.sleep(AHEAD_S)
        tiles = session.report().tiles
        began = asyncio.get_running_loop().time()
        await self._do(step.events)
        await self.open_page(step.title)
        if not await _comes_true(lambda: session.report().tiles != tiles, REACT_S):
            raise EdgeError(f"nothing changed on the screen within {REACT_S:.0f} s after this: {step.name}")
        return await self._settled(step.name, session, began)

    async def rest(self, session: DesktopSession) -> StepFigures:
        """Do nothing until all text is exact, or for `CONFIRMED_S`."""
        began = asyncio.get_running_loop().time()
        await _comes_true(lambda: session.report().fraction_text_exact >= 1, CONFIRMED_S)
        return await self._settled("rest: what had only moved is confirmed", session, began)

    async def _settled(self, name: str, session: DesktopSession, began: float) -> StepFigures:
        """Wait for sharp text and a silent viewer; what came since the last step is this one's."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SHARP_S
        sharp_since: float | None = None
        while (now := loop.time()) < deadline:
            if session.report().fraction_text_sharp < ENOUGH:
                sharp_since = None
            elif sharp_since is None:
                sharp_since = now
            if sharp_since is not None and now - max(sharp_since, self._viewer_last_at()) >= STAY_S:
                break
            await asyncio.sleep(POLL_S)
        before, received = self._told, self._received(session)
        self._told = received
        return StepFigures(
            name,
            received.bytes - before.bytes,
            None if self.counted is None else received.viewer_bytes - before.viewer_bytes,
            None if sharp_since is None else round(sharp_since - began, 2),
        )

    def _received(self, session: DesktopSession) -> Received:
        report = session.report()
        viewer = 0 if self.counted is None else self.counted.received_bytes
        return Received(traffic(report, "low") + traffic(report, "full"), viewer)

    def _viewer_last_at(self) -> float:
        return 0.0 if self.counted is None else self.counted.last_at

    async def _do(self, events: Sequence[InputEvent]) -> None:
        """Let the hands do `events`, a little apart as a quick typist's are."""
        for event in events:
            self._inject(event)
            await asyncio.sleep(KEY_S / 2)

    async def _reach(self, phase: Phase, what: str) -> None:
        try:
            async with asyncio.timeout(SIGN_IN_S):
                await self._appliance.reached(phase)
        except TimeoutError:
            why = self._appliance.message or "the log above may say why"
            raise EdgeError(f"{what} did not come within {SIGN_IN_S:.0f} s: {why}") from None


async def _comes_true(true: Callable[[], bool], patience_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + patience_s
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True
