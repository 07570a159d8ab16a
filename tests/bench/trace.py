"""What the user of the benchmark does: the steps of a trace, and the desktop on which they are done."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from edge.geometry import Size
from tests.bench.desktop import SCREEN, Desktop, bare_desktop


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the user does: arguments for xdotool. After one that `returns`, what is seen was seen before."""

    name: str
    action: tuple[str, ...] = ()
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """Steps in order, the programs that they need, and what puts the desktop back to where the first one begins."""

    name: str
    programs: Callable[[Desktop], AbstractContextManager[None]]
    reset: tuple[str, ...]
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        """Find a step by its name."""
        return next(step for step in self.steps if step.name == name)

    @contextmanager
    def desktop(self, size: Size = SCREEN) -> Iterator[Desktop]:
        """Run a desktop with the trace's programs."""
        with bare_desktop(size) as desktop, self.programs(desktop):
            yield desktop


CONNECT = Step("connect")


def keys(*names: str, pause_s: float = 0.15) -> tuple[str, ...]:
    """Press keys one after the other, with a pause after each."""
    return tuple(word for name in names for word in ("key", name, "sleep", str(pause_s)))


def typed(text: str, delay_ms: int = 160) -> tuple[str, ...]:
    """Type `text` as a practised typist does: xdotool waits for half of `delay_ms` after each key."""
    return ("type", "--delay", str(delay_ms), "--args", "1", text)


def wheel(clicks: int, *, down: bool, delay_ms: int = 150) -> tuple[str, ...]:
    """Turn the wheel where the pointer is."""
    return ("click", "--repeat", str(clicks), "--delay", str(delay_ms), "5" if down else "4")


def dragged(
    start: tuple[int, int], by: tuple[int, int], parked: tuple[int, int], moves: int = 25, pause_s: float = 0.04
) -> tuple[str, ...]:
    """Drag what is at `start`, `moves` times by `by`, and put the pointer back to where it was `parked`."""
    move = ("mousemove_relative", "--", *map(str, by), "sleep", str(pause_s))
    return (
        "mousemove", *map(str, start), "mousedown", "1", "sleep", "0.1", *(move * moves),
        "mouseup", "1", "mousemove", *map(str, parked),
    )  # fmt: skip


def raised(title: str) -> tuple[str, ...]:
    """Bring the window whose title matches to the front, as a click on its entry in a task bar does."""
    return ("search", "--onlyvisible", "--name", title, "windowactivate", "--sync")
