"""One client's way through a trace, over a fresh server and link."""

import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from edge.geometry import Size
from tests.bench.clients import Client
from tests.bench.compare import Comparison
from tests.bench.desktop import POINTER_AREA, Desktop
from tests.bench.link import LinkSettings, linked
from tests.bench.measure import StepResult, measure, wait_for_rest
from tests.bench.trace import CONNECT, Step
from tests.servers import x11vnc

# What a step may take after the desktop's rest on the reference link; on one that is slower it may take longer.
CAP_S, LONGEST_CAP_S = 6.0, 12.0
REFERENCE_MBIT = 4.0
# As the broker's desktops are served, and otherwise stock: x11vnc sends its guesses at what was moved unasked to every
# client, also to one that scales, in whose picture LibVNCServer then moves nothing.
SERVER = ("-nopw", "-nowireframe", "-noscrollcopyrect", "-noxrecord")


@dataclass(frozen=True, slots=True)
class RunResult:
    """One client's way through the trace."""

    client: str
    connect: StepResult
    steps: tuple[StepResult, ...]
    cpu_s: float
    memory_mb: float
    stats: dict[str, object] = field(default_factory=dict)


def cap_s(link: LinkSettings) -> float:
    """How long a client may take over a link to show a step, from the desktop's rest."""
    slower = REFERENCE_MBIT / link.mbit if link.mbit else 1.0
    return min(LONGEST_CAP_S, CAP_S * max(1.0, slower))


def run(
    name: str, client: Client, desktop: Desktop, reset: tuple[str, ...], steps: Sequence[Step], link: LinkSettings
) -> RunResult:
    """Take `client` through `steps` on `desktop`, from what `reset` makes of it on."""
    desktop.do(*reset)
    wait_for_rest(desktop.pixels)
    height, width = desktop.pixels.shape
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-")))
        server = stack.enter_context(x11vnc(desktop.display, *SERVER))
        count = stack.enter_context(linked(server, link, folder))
        began = time.monotonic()
        with client(count.port, Size(width, height), folder) as running:
            comparison = Comparison(desktop.pixels, running.pixels, POINTER_AREA)
            late_s = time.monotonic() - began
            connect = measure(CONNECT, comparison, lambda: None, count, 3 * cap_s(link))
            connect = replace(_later(connect, late_s), bytes_down=count.down)
            cpu_s, memory_mb = running.cpu_s(), running.memory_mb()
            results: list[StepResult] = []
            for step in steps:
                results.append(measure(step, comparison, partial(desktop.start, *step.action), count, cap_s(link)))
                running.check()
                memory_mb = max(memory_mb, running.memory_mb())
            cpu_s = running.cpu_s() - cpu_s
        stats = folder / "stats.json"
        figures = json.loads(stats.read_text()) if stats.exists() else {}
    return RunResult(name, connect, tuple(results), cpu_s, memory_mb, figures)


def _later(result: StepResult, late_s: float) -> StepResult:
    """Add what had passed before the measuring began."""
    times = (result.first_view_s, result.exact_s, result.text_exact_s)
    first_view_s, exact_s, text_exact_s = (None if value is None else value + late_s for value in times)
    return replace(result, first_view_s=first_view_s, exact_s=exact_s, text_exact_s=text_exact_s)
