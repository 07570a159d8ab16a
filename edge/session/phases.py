"""The appliance's state machine: what it may be doing, what may happen then, and where that leads."""

import asyncio
import logging
import textwrap
from collections.abc import Callable
from enum import StrEnum

DIAGRAM_WIDTH = 100

_log = logging.getLogger(__name__)


class Phase(StrEnum):
    """What the appliance is doing."""

    UNENROLLED = "unenrolled"
    """Finding out who this device is: from what it keeps, or by its enrolment file. It starts here."""
    GREETER = "greeter"
    SIGNING_IN = "signing in"
    CHOOSING = "choosing"
    CONNECTING = "connecting"
    DESKTOP = "desktop"
    LOST = "lost"
    LOCKED = "locked"
    UPDATING = "updating"
    STOPPING = "stopping"


class Happening(StrEnum):
    """What moves it on."""

    ENROLLED = "enrolled"
    ENROLLED_ANEW = "enrolled anew"
    CODE = "code typed"
    REFUSED = "refused"
    STILL_LOCKED = "refused while locked"
    SEVERAL = "several desktops"
    TICKET = "ticket"
    CHOSEN = "chosen"
    PICTURE = "first picture"
    BROKEN = "connection broken"
    AGAIN = "again"
    SWITCH = "another desktop"
    LOCK = "lock"
    ENDED = "session over"
    UPDATE = "update"
    UPDATED = "updated"
    STOP = "stop"


P, H = Phase, Happening

NEXT: dict[Phase, dict[Happening, Phase]] = {
    P.UNENROLLED: {H.ENROLLED: P.GREETER},
    P.GREETER: {H.CODE: P.SIGNING_IN, H.ENROLLED_ANEW: P.UNENROLLED, H.UPDATE: P.UPDATING},
    P.SIGNING_IN: {H.TICKET: P.CONNECTING, H.SEVERAL: P.CHOOSING, H.REFUSED: P.GREETER, H.STILL_LOCKED: P.LOCKED},
    P.CHOOSING: {H.CHOSEN: P.CONNECTING, H.LOCK: P.LOCKED, H.ENDED: P.GREETER},
    P.CONNECTING: {
        H.PICTURE: P.DESKTOP,
        H.BROKEN: P.LOST,
        H.AGAIN: P.CONNECTING,
        H.SWITCH: P.CHOOSING,
        H.LOCK: P.LOCKED,
        H.ENDED: P.GREETER,
    },
    P.DESKTOP: {
        H.BROKEN: P.LOST,
        H.AGAIN: P.CONNECTING,
        H.SWITCH: P.CHOOSING,
        H.LOCK: P.LOCKED,
        H.ENDED: P.GREETER,
    },
    P.LOST: {H.AGAIN: P.CONNECTING, H.SWITCH: P.CHOOSING, H.LOCK: P.LOCKED, H.ENDED: P.GREETER},
    P.LOCKED: {H.CODE: P.SIGNING_IN, H.ENDED: P.GREETER},
    P.UPDATING: {H.UPDATED: P.GREETER},
    P.STOPPING: {},
}
"""The whole of it, save that `STOP` leads from everywhere to `STOPPING`; nothing else ever happens."""


def diagram() -> str:
    """Return the table as text: each phase, and beside it where what may happen leads."""
    width = max(map(len, NEXT)) + 2
    rows = [(str(phase), [f"{what} → {to}" for what, to in moves.items()]) for phase, moves in NEXT.items() if moves]
    rows.append(("any", [f"{H.STOP} → {P.STOPPING}"]))
    wrapper = textwrap.TextWrapper(DIAGRAM_WIDTH, subsequent_indent=" " * width, break_on_hyphens=False)
    # A move is not torn: its spaces are made such that no line is broken at.
    texts = [f"{name:{width}}" + ", ".join(moves).replace(" ", "\0").replace(",\0", ", ") for name, moves in rows]
    return "\n".join(wrapper.fill(text).replace("\0", " ") for text in texts)


class Machine:
    """Which phase it is; `on_enter` hears of each that begins."""

    def __init__(self, on_enter: Callable[[Phase], None] = lambda _: None) -> None:
        self.phase = Phase.UNENROLLED
        self._on_enter = on_enter
        self._waiting: list[tuple[Phase, asyncio.Future[None]]] = []

    def take(self, happening: Happening) -> None:
        """Go where `happening` leads; raises `AssertionError`, a fault of the program, if it cannot happen now."""
        there = Phase.STOPPING if happening is Happening.STOP else NEXT[self.phase].get(happening)
        if there is None:
            raise AssertionError(f"{happening!r} cannot happen in the phase {self.phase!r}")
        _log.info("%s: %s", happening, there)
        self.phase = there
        self._on_enter(there)
        for phase, reached in self._waiting:
            if phase is there and not reached.done():
                reached.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    def can(self, happening: Happening) -> bool:
        """Whether it can happen now."""
        return happening in NEXT[self.phase]

    async def reached(self, phase: Phase) -> None:
        """Wait until it is in `phase`, however shortly."""
        if self.phase is not phase:
            reached = asyncio.get_running_loop().create_future()
            self._waiting.append((phase, reached))
            await reached
