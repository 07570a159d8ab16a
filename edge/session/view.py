"""One desktop on one display, from the first connection to the last picture: what `edgectl view` and `edged` run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from edge.display.base import CloseRequested, Display, KeyInput, PointerInput
from edge.errors import EdgeError
from edge.input.chords import Chord, Chords
from edge.session.desktop import DesktopSession
from edge.session.tasks import first_of


async def carry_input(display: Display, session: DesktopSession) -> None:
    """Pass what the user does on to the desktop, or to its map of what is exact; returns when the window is closed."""
    chords = Chords([Chord.EXACTNESS])
    while True:
        match await display.next_input():
            case KeyInput(keysym=keysym, down=down):
                chord, passes = chords.take(keysym, down=down)
                if chord is not None:
                    session.toggle_map()
                elif passes:
                    session.key(keysym, down=down)
            case PointerInput(x=x, y=y, buttons=buttons):
                session.pointer(x, y, buttons)
            case CloseRequested():
                return


async def view(
    display: Display, session: DesktopSession, stopped: asyncio.Event, seconds: float | None = None
) -> EdgeError | None:
    """Show the desktop until `stopped` is set, `seconds` have passed, the window is closed or the connection breaks.

    Returns the error that ended it, None if nothing was wrong. The picture stays on the stage.
    """
    broken: list[EdgeError] = []

    async def carry() -> None:
        try:
            await session.run()
        except EdgeError as error:
            broken.append(error)

    endings: list[Callable[[], Coroutine[Any, Any, object]]] = [
        carry,
        stopped.wait,
        lambda: carry_input(display, session),
        lambda: session.stage.run(session.note_shown),
    ]
    if seconds is not None:
        endings.append(lambda: asyncio.sleep(seconds))
    await first_of(*endings)
    return broken[0] if broken else None
