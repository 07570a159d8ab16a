"""What the benchmark found, as a table and as JSON."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from tests.bench.trace import LinkSettings, RunResult, StepResult

REFERENCES = ("tigervnc", "tigervnc-zrle")
NEVER = "never"


def median_s(values: Iterable[float | None]) -> float | None:
    """Take the median of times, of which None is longer than any; None if the median is such a one."""
    middle = median(float("inf") if value is None else value for value in values)
    return None if middle == float("inf") else middle


def summary(runs: Sequence[RunResult]) -> dict[str, float | None]:
    """Condense all runs of one client: medians over all steps of all runs; bytes, seconds and memory per run."""
    steps = [step for run in runs for step in run.steps]
    return {
        "connect_first_view_s": median_s(run.connect.first_view_s for run in runs),
        "first_view_s": median_s(step.first_view_s for step in steps),
        "first_view_worst_s": worst_s(step.first_view_s for step in steps),
        "exact_s": median_s(step.exact_s for step in steps),
        "text_exact_s": median_s(step.text_exact_s for step in steps),
        "text_exact_worst_s": worst_s(step.text_exact_s for step in steps),
        "steps_exact_share": sum(step.exact_s is not None for step in steps) / len(steps),
        "steps_text_exact_share": sum(step.text_exact_s is not None for step in steps) / len(steps),
        "bytes": median(sum(step.bytes_down for step in run.steps) for run in runs),
        "connect_bytes": median(run.connect.bytes_down for run in runs),
        "cpu_s": median(run.cpu_s for run in runs),
        "memory_mb": median(run.memory_mb for run in runs),
    }


def worst_s(values: Iterable[float | None]) -> float | None:
    """Take the longest time, of which None is longer than any."""
    listed = list(values)
    return None if None in listed else max(value for value in listed if value is not None)


def seconds(value: float | None) -> str:
    """Write a time."""
    return NEVER if value is None else f"{value:.2f} s"


def ratio(value: float | None, reference: float | None) -> str:
    """Write how much of the reference's the value is."""
    return f"{value / reference:.2f}" if value is not None and reference else "-"


def markdown(results: dict[str, list[RunResult]], link: LinkSettings) -> str:
    """Write the tables: per client, against the reference viewers, per step."""
    figures = {name: summary(runs) for name, runs in results.items()}
    shape = f"{link.mbit:g} Mbit/s" if link.mbit else "no limit of rate"
    runs = len(next(iter(results.values())))
    lines = [f"Link: {shape}, {link.rtt_ms:g} ms round trip; runs: {runs}; medians.", ""]
    lines += table(
        ["client", "first view", "worst", "exact", "text exact", "worst", "steps text exact", "bytes", "CPU", "memory"],
        (
            [
                name, seconds(f["first_view_s"]), seconds(f["first_view_worst_s"]), seconds(f["exact_s"]),
                seconds(f["text_exact_s"]), seconds(f["text_exact_worst_s"]), f"{f['steps_text_exact_share']:.0%}",
                f"{f['bytes']:,.0f}", f"{f['cpu_s']:.1f} s", f"{f['memory_mb']:.0f} MB",
            ]
            for name, f in figures.items()
        ),
    )  # fmt: skip
    for reference in (name for name in REFERENCES if name in figures and len(figures) > 1):
        base = figures[reference]
        lines += ["", f"As a part of {reference}'s:", ""]
        keys = ["first_view_s", "exact_s", "text_exact_s", "bytes", "cpu_s", "memory_mb"]
        others = ((name, f) for name, f in figures.items() if name != reference)
        lines += table(["client", *keys], ([name, *(ratio(f[k], base[k]) for k in keys)] for name, f in others))
    lines += ["", "Each step, medians of the runs: first view / exact / text exact / bytes.", ""]
    names = [step.step for step in next(iter(results.values()))[0].steps]
    rows = [
        [step, *(step_cell([run.steps[i] for run in runs]) for runs in results.values())]
        for i, step in enumerate(names)
    ]
    connect = ["connect", *(step_cell([run.connect for run in runs]) for runs in results.values())]
    return "\n".join([*lines, *table(["step", *results], [connect, *rows])]) + "\n"


def step_cell(steps: Sequence[StepResult]) -> str:
    """Write one step of one client."""
    reads: list[Callable[[StepResult], float | None]] = [
        lambda step: step.first_view_s,
        lambda step: step.exact_s,
        lambda step: step.text_exact_s,
    ]
    times = (median_s(read(step) for step in steps) for read in reads)
    amount = f"{median(step.bytes_down for step in steps):,.0f}"
    return " / ".join([*(NEVER if value is None else f"{value:.2f}" for value in times), amount])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a Markdown table, its columns aligned to be read as text too."""
    cells = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]]


def write(results: dict[str, list[RunResult]], link: LinkSettings, folder: Path) -> str:
    """Write `report.json` and `report.md` to `folder`; returns the latter's text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(results, link)
    (folder / "report.md").write_text(text)
    document = {
        "link": asdict(link),
        "summary": {name: summary(runs) for name, runs in results.items()},
        "runs": {name: [asdict(run) for run in runs] for name, runs in results.items()},
    }
    (folder / "report.json").write_text(json.dumps(document, indent=1) + "\n")
    return text
