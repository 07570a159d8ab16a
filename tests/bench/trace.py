"""What the user of the benchmark does, and when a client shows it."""

import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from edge.geometry import Size
from tests.bench.clients import Client
from tests.bench.compare import VIEW_PSNR_DB, Comparison
from tests.bench.desktop import POINTER_AREA, Desktop
from tests.servers import process, wait_until, x11vnc

SAMPLE_S = 0.02
# The desktop rests when nothing has changed for so long; a browser's slowest animations have a pause of less.
REST_S = 0.5
# How long a desktop may take to react.
NO_CHANGE_S = 3.0
# How long the first page may take to be there, which no client waits for yet.
START_S = 2.0
# How long a picture must have stayed exact for a step to end early.
STAY_S = 0.5
# Of the tiles that stayed wrong, how many a result names.
NAMED_TILES = 12
# The link writes its count five times a second.
COUNT_S = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the user does: arguments for xdotool."""

    name: str
    action: tuple[str, ...] = ()


TRACE = (
    Step("open article", ("key", "1")),
    Step("Page Down", ("key", "Next")),
    Step("Page Down again", ("key", "Next")),
    Step("six wheel clicks", ("click", "--repeat", "6", "--delay", "150", "5")),
    Step("Home", ("key", "Home")),
    Step("table", ("key", "2")),
    Step("mail", ("key", "3")),
    Step("picture", ("key", "4")),
)
START = Step("start", ("key", "0"))
CONNECT = Step("connect")


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step took, in seconds from the desktop's rest; None for never within the cap.

    `desktop_s` is what the desktop itself took from the action to its rest; `inexact_text` are the first tiles (row,
    column) with text that stayed wrong.
    """

    step: str
    first_view_s: float | None
    exact_s: float | None
    text_exact_s: float | None
    exact_share: float
    text_exact_share: float
    view_psnr_db: float
    text_tiles: int
    desktop_s: float
    inexact_text: tuple[tuple[int, int], ...] = ()
    bytes_down: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """One client's way through the trace."""

    client: str
    connect: StepResult
    steps: tuple[StepResult, ...]
    cpu_s: float
    memory_mb: float
    stats: dict[str, object] = field(default_factory=dict)


def measure(step: Step, comparison: Comparison, act: Callable[[], None], cap_s: float) -> StepResult:
    """Do `step` by `act` and watch until the client is exact and stays so, or for `cap_s` from the desktop's rest.

    While the desktop changes, its last change is taken for its rest. Raises `RuntimeError` if it never does.
    """
    began = rest = time.monotonic()
    comparison.look(began)
    act()
    moved = not step.action
    view_since = math.inf
    while True:
        now = time.monotonic()
        native_changed, _ = comparison.look(now)
        if native_changed:
            rest, moved = now, True
        view_since = min(view_since, now) if comparison.view_psnr_db >= VIEW_PSNR_DB else math.inf
        if not moved and now - began >= NO_CHANGE_S:
            raise RuntimeError(f"the desktop did not react to {step.name!r} ({' '.join(step.action)})")
        if moved and now - rest >= REST_S:
            exact_since = comparison.exact_since()
            if now - rest >= cap_s or now - exact_since >= STAY_S:
                break
        time.sleep(max(0.0, now + SAMPLE_S - time.monotonic()))
    text = comparison.text_tiles()
    wrong = np.argwhere(text & comparison.inexact_tiles())
    first_view, exact, text_exact = (
        None if math.isinf(since) and since > 0 else max(0.0, since - rest)
        for since in (view_since, exact_since, comparison.exact_since(text))
    )
    return StepResult(
        step=step.name,
        first_view_s=first_view,
        exact_s=exact,
        text_exact_s=text_exact,
        exact_share=comparison.exact_share(),
        text_exact_share=comparison.exact_share(text),
        text_tiles=int(text.sum()),
        view_psnr_db=comparison.view_psnr_db,
        desktop_s=rest - began,
        inexact_text=tuple((int(row), int(column)) for row, column in wrong[:NAMED_TILES]),
    )


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The link between client and server: million bits a second in each direction (0: any), and its round trip."""

    mbit: float = 0.0
    rtt_ms: float = 0.0


class LinkLog:
    """Reads the count of a link that runs as a program."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def port(self) -> int:
        """Where the link listens."""
        return int(self._read()["port"])

    def bytes_down(self) -> int:
        """From the server to the client so far: waits for the next count."""
        time.sleep(COUNT_S)
        return int(self._read()["down"])

    def _read(self) -> dict[str, int]:
        count: dict[str, int] = json.loads(self._path.read_text())
        return count


@contextmanager
def linked(port: int, settings: LinkSettings, folder: Path) -> Iterator[LinkLog]:
    """Run a link to a port of 127.0.0.1."""
    log = folder / "link.json"
    shape = ["--mbit", str(settings.mbit), "--rtt-ms", str(settings.rtt_ms)]
    command = [sys.executable, "-m", "tests.bench.link", "--target", f"127.0.0.1:{port}", "--log", str(log), *shape]
    with process(command, log=folder / "link.log"):
        wait_until(log.exists, "the link listens")
        yield LinkLog(log)


def run(
    name: str, client: Client, desktop: Desktop, link: LinkSettings, steps: Sequence[Step], cap_s: float
) -> RunResult:
    """Take `client` through `steps` on `desktop`, from its first page on, over a fresh server and link."""
    desktop.do(*START.action)
    time.sleep(START_S)
    height, width = desktop.pixels.shape
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-")))
        server = stack.enter_context(x11vnc(desktop.display, "-nopw"))
        log = stack.enter_context(linked(server, link, folder))
        began = time.monotonic()
        with client(log.port, Size(width, height), folder) as running:
            comparison = Comparison(desktop.pixels, running.pixels, POINTER_AREA)
            late_s = time.monotonic() - began
            connect = shifted(measure(CONNECT, comparison, lambda: None, 3 * cap_s), late_s)
            before = log.bytes_down()
            connect = replace(connect, bytes_down=before)
            cpu_s, memory_mb = running.cpu_s(), running.memory_mb()
            results: list[StepResult] = []
            for step in steps:
                result = measure(step, comparison, partial(desktop.do, *step.action), cap_s)
                after = log.bytes_down()
                results.append(replace(result, bytes_down=after - before))
                before = after
                memory_mb = max(memory_mb, running.memory_mb())
            cpu_s = running.cpu_s() - cpu_s
        stats = folder / "stats.json"
        figures = json.loads(stats.read_text()) if stats.exists() else {}
    return RunResult(name, connect, tuple(results), cpu_s, memory_mb, figures)


def shifted(result: StepResult, late_s: float) -> StepResult:
    """Add what had passed before the measuring began."""
    times = (result.first_view_s, result.exact_s, result.text_exact_s)
    first_view_s, exact_s, text_exact_s = (None if value is None else value + late_s for value in times)
    return replace(result, first_view_s=first_view_s, exact_s=exact_s, text_exact_s=text_exact_s)
