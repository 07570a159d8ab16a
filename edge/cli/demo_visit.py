"""What the demo's user does: sign in by keys, read, scroll, type, turn the page, each time until text stands exact."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edge.broker.desktops.x_server import XServer
from edge.cli import demo_pages
from edge.cli.demo_figures import StepFigures, traffic
from edge.cli.demo_link import Counted
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
POLL_S = 0.05
BROWSER_S = 20.0
SIGN_IN_S = 60.0
REACT_S = 3.0
"""If nothing changes on the screen for so long, the step changes nothing."""
EXACT_S = 6.0
"""How long a step waits for exact text."""
STAY_S = 0.4
"""Exact text must stay so for this long, and the viewer receive nothing, before the next step."""
EXACT_SHARE = 0.99
"""As in the benchmark; a blinking caret takes its tile out and back in."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; afterwards the browser's title contains `title`."""

    name: str
    events: tuple[InputEvent, ...]
    title: str = ""


def steps(*, short: bool = False) -> Sequence[Step]:
    """Return what the user does once the first page is there; the last step leads to the page with the picture."""
    wheel = tuple(PointerInput(*POINTER, buttons) for _ in range(4) for buttons in (WHEEL_DOWN, 0))
    reading = (
        Step("Page Down", tuple(press(Key.PAGE_DOWN))),
        Step("four wheel clicks", (PointerInput(*POINTER, 0), *wheel)),
        Step("Home", tuple(press(Key.HOME))),
    )
    return (
        *reading[: 1 if short else None],
        Step("next page: a form and a table", tuple(press(Key.RIGHT)), demo_pages.TITLES[demo_pages.FORM]),
        Step(f"type {HANGUL}", tuple(typing(HANGUL))),
        Step(f"type {LATIN} in the next field", (*press(Key.TAB), *typing(LATIN))),
        Step("save: the page with the picture", tuple(press(Key.RETURN)), demo_pages.TITLES[demo_pages.PICTURE]),
    )


def press(key: int) -> Iterator[InputEvent]:
    """Press and let go of a key."""
    yield KeyInput(key, down=True)
    yield KeyInput(key, down=False)


def typing(text: str) -> Iterator[InputEvent]:
    """Type `text`, Hangul included, as keysyms."""
    return (KeyInput(keysym, down) for keysym, down in typed(text))


class Visitor:
    """The user at the appliance; `inject` takes what the hands do, `browser` is the desktop's own X server."""

    def __init__(self, inject: Callable[[InputEvent], None], appliance: Appliance, browser: XServer) -> None:
        self._inject = inject
        self._appliance = appliance
        self._browser = browser
        self.counted: Counted | None = None
        """What the TigerVNC viewer received, if there is one."""

    async def fill_in(self, user: str, code: str) -> None:
        """Wait for the sign-in form and type into it. Raises `EdgeError` if the form does not come."""
        await self._reach(Phase.GREETER, "the sign-in form")
        await self._do([*typing(user), *press(Key.TAB), *typing(code)])
        await asyncio.sleep(STAY_S)  # the last character is drawn

    async def sign_in(self) -> None:
        """Send the form and wait for the ticket. Raises `EdgeError` with the broker's reason if it refuses."""
        await self._do(list(press(Key.RETURN)))
        await self._reach(Phase.SIGNING_IN, "the answer to the Return key")
        if not await _comes_true(lambda: self._appliance.phase is not Phase.SIGNING_IN, SIGN_IN_S):
            raise EdgeError(f"no answer to the sign-in within {SIGN_IN_S:.0f} s")
        if self._appliance.phase is Phase.GREETER:
            raise EdgeError(f"the sign-in was refused: {self._appliance.message}")

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

    async def connected(self, session: DesktopSession) -> StepFigures:
        """Wait until the first page stands exact; everything received so far belongs to it."""
        began = asyncio.get_running_loop().time()
        return await self._settled("connect: the first page", session, began, 0, 0)

    async def take(self, step: Step, session: DesktopSession) -> StepFigures:
        """Do `step` and wait until it has been shown, text exact, or for `EXACT_S`."""
        before, viewer_before = session.report(), self._viewer_bytes()
        began = asyncio.get_running_loop().time()
        await self._do(step.events)
        await self.open_page(step.title)
        if not await _comes_true(lambda: session.report().tiles != before.tiles, REACT_S):
            raise EdgeError(f"nothing changed on the screen within {REACT_S:.0f} s after this: {step.name}")
        received = traffic(before, "low") + traffic(before, "full")
        return await self._settled(step.name, session, began, received, viewer_before or 0)

    async def _settled(
        self, name: str, session: DesktopSession, began: float, received: int, viewer_received: int
    ) -> StepFigures:
        loop = asyncio.get_running_loop()
        exact_since: float | None = None
        while (now := loop.time()) < began + EXACT_S:
            if session.report().fraction_text_exact < EXACT_SHARE:
                exact_since = None
            elif exact_since is None:
                exact_since = now
            if exact_since is not None and now - max(exact_since, self._viewer_last_at()) >= STAY_S:
                break
            await asyncio.sleep(POLL_S)
        report, viewer_bytes = session.report(), self._viewer_bytes()
        return StepFigures(
            name,
            traffic(report, "low") + traffic(report, "full") - received,
            None if viewer_bytes is None else viewer_bytes - viewer_received,
            None if exact_since is None else round(exact_since - began, 2),
        )

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

    def _viewer_bytes(self) -> int | None:
        return None if self.counted is None else self.counted.received_bytes

    def _viewer_last_at(self) -> float:
        return 0.0 if self.counted is None else self.counted.last_at


async def _comes_true(true: Callable[[], bool], patience_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + patience_s
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True
