"""The tables of the report, as text; both its forms show the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.figures import Summary, nth_step, step_median
from tests.bench.goals import Outcome
from tests.bench.measure import StepResult
from tests.bench.run import RunResult

REFERENCES = ("tigervnc", "tigervnc-zrle")
NEVER = "never"
# What changes as often as this in one step is a motion to the eye.
MOVING_CHANGES = 20
COMPARED = {
    "first view": "first_view_s",
    "text exact": "text_exact_s",
    "bytes": "bytes",
    "CPU": "cpu_s",
    "memory": "memory_mb",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a head; the first column names the row."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def promises(found: Iterable[Outcome]) -> Table:
    """Write what was promised and what came out."""
    rows = [[str(one.link), one.promise, one.measured, "yes" if one.kept else "no"] for one in found]
    return Table("What it must show", ["link", "promise", "measured", "kept"], rows)


def clients(figures: Mapping[str, Summary]) -> Table:
    """Write the figures of each client over one link."""
    head = ["client", "first view", "worst", "text exact", "worst", "steps with text exact", "seen before at once",
            "bytes", "CPU", "memory"]  # fmt: skip
    rows = [
        [
            name, seconds(f.first_view_s), seconds(f.first_view_worst_s), seconds(f.text_exact_s),
            seconds(f.text_exact_worst_s), share(f.steps_text_exact_share), share(f.at_once_share), f"{f.bytes:,.0f}",
            f"{f.cpu_s:.1f} s", f"{f.memory_mb:.0f} MB",
        ]
        for name, f in figures.items()
    ]  # fmt: skip
    return Table("Medians over all steps and runs, in seconds from the desktop's own rest", head, rows)


def against_viewers(figures: Mapping[str, Summary]) -> list[Table]:
    """Write each client's figures as parts of each viewer's."""
    return [
        Table(
            f"As a part of {reference}'s",
            ["client", *COMPARED],
            [
                [name, *(ratio(getattr(f, key), getattr(figures[reference], key)) for key in COMPARED.values())]
                for name, f in figures.items()
                if name != reference
            ],
        )
        for reference in REFERENCES
        if reference in figures and len(figures) > 1
    ]


def steps(runs: Mapping[str, Sequence[RunResult]]) -> Table:
    """Write each step of each client."""
    names = [step.step for step in next(iter(runs.values()))[0].steps]
    connect = ["connect", *(step_cell([run.connect for run in of_client]) for of_client in runs.values())]
    rows = [
        [step, *(step_cell(nth_step(of_client, number)) for of_client in runs.values())]
        for number, step in enumerate(names)
    ]
    return Table(
        "Each step: first view / text exact / bytes (those until the desktop's rest)", ["step", *runs], [connect, *rows]
    )


def motion(runs: Mapping[str, Sequence[RunResult]]) -> Table:
    """Write how often the desktop and each client were seen to change in the steps in which much moves."""
    rows = []
    for number, step in enumerate(next(iter(runs.values()))[0].steps):
        taken = [nth_step(of_client, number) for of_client in runs.values()]
        if max(median(one.changes[0] for one in results) for results in taken) >= MOVING_CHANGES:
            rows.append([step.step, *map(motion_cell, taken)])
    return Table("What moves: changes a second of the desktop → of the client, kB a second", ["step", *runs], rows)


def motion_cell(results: Sequence[StepResult]) -> str:
    """Write how fast one step of one client moved."""
    rates = [median(one.changes[which] / one.desktop_s for one in results) for which in (0, 1)]
    return f"{rates[0]:.0f} → {rates[1]:.0f}, {median(one.bytes_moving / one.desktop_s for one in results) / 1000:.0f}"


def step_cell(results: Sequence[StepResult]) -> str:
    """Write one step of one client."""
    times = (step_median(results, read) for read in (lambda one: one.first_view_s, lambda one: one.text_exact_s))
    amounts = [median(one.bytes_down for one in results), median(one.bytes_moving for one in results)]
    first_view, text_exact = (NEVER if value is None else f"{value:.2f}" for value in times)
    return f"{first_view} / {text_exact} / {amounts[0]:,.0f} ({amounts[1]:,.0f})"


def seconds(value: float | None) -> str:
    """Write a time."""
    return NEVER if value is None else f"{value:.2f} s"


def share(value: float | None) -> str:
    """Write a part of a whole."""
    return "-" if value is None else f"{value:.0%}"


def ratio(value: float | None, reference: float | None) -> str:
    """Write how much of the reference's the value is."""
    return f"{value / reference:.2f}" if value is not None and reference else "-"
