"""What many runs come to: medians over runs, sums over steps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.link import LinkSettings
from tests.bench.measure import StepResult
from tests.bench.run import RunResult

# Every run of each client over each link.
Results = Mapping[LinkSettings, Mapping[str, Sequence[RunResult]]]


@dataclass(frozen=True, slots=True)
class Summary:
    """One client over one link: medians over all steps of all runs, worst ones; bytes, seconds and memory per run.

    Times are seconds from the desktop's rest, None for never. `at_once_share` is, for the steps that return to what was
    seen before, the share of the text that came back exact at first sight, and `bytes_sharpening` what came over the
    second connection in these.
    """

    connect_first_view_s: float | None
    first_view_s: float | None
    first_view_worst_s: float | None
    exact_s: float | None
    text_exact_s: float | None
    text_exact_worst_s: float | None
    steps_exact_share: float
    steps_text_exact_share: float
    at_once_share: float | None
    bytes_sharpening: float
    bytes: float
    connect_bytes: float
    cpu_s: float
    memory_mb: float


def median_s(values: Iterable[float | None]) -> float | None:
    """Take the median of times, of which None is longer than any; None if the median is such a one."""
    middle = median(float("inf") if value is None else value for value in values)
    return None if middle == float("inf") else middle


def worst_s(values: Iterable[float | None]) -> float | None:
    """Take the longest time, of which None is longer than any."""
    listed = list(values)
    return None if None in listed else max(value for value in listed if value is not None)


def summary(runs: Sequence[RunResult], returns: Sequence[bool]) -> Summary:
    """Condense all runs of one client; `returns` tells of each step whether it returns to what was seen before."""
    steps = [step for run in runs for step in run.steps]
    again = [step for run in runs for step, returning in zip(run.steps, returns, strict=True) if returning]
    came = sum(step.text_came for step in again)
    return Summary(
        connect_first_view_s=median_s(run.connect.first_view_s for run in runs),
        first_view_s=median_s(step.first_view_s for step in steps),
        first_view_worst_s=worst_s(step.first_view_s for step in steps),
        exact_s=median_s(step.exact_s for step in steps),
        text_exact_s=median_s(step.text_exact_s for step in steps),
        text_exact_worst_s=worst_s(step.text_exact_s for step in steps),
        steps_exact_share=sum(step.exact_s is not None for step in steps) / len(steps),
        steps_text_exact_share=sum(step.text_exact_s is not None for step in steps) / len(steps),
        at_once_share=sum(step.text_at_once for step in again) / came if came else None,
        bytes_sharpening=sum(step.bytes_sharpening for step in again) / len(runs),
        bytes=median(sum(step.bytes_down for step in run.steps) for run in runs),
        connect_bytes=median(run.connect.bytes_down for run in runs),
        cpu_s=median(run.cpu_s for run in runs),
        memory_mb=median(run.memory_mb for run in runs),
    )


def nth_step(runs: Sequence[RunResult], number: int) -> list[StepResult]:
    """Take one step out of each run."""
    return [run.steps[number] for run in runs]


def step_median(steps: Sequence[StepResult], read: Callable[[StepResult], float | None]) -> float | None:
    """Take the median of one figure of a step over the runs."""
    return median_s(read(step) for step in steps)
