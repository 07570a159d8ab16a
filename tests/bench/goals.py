"""What this client promises on the trace, and what was measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bench.figures import Results, Summary, nth_step
from tests.bench.link import LinkSettings
from tests.bench.trace import Trace

REFERENCE = LinkSettings(4, 40)
THIN = LinkSettings(1, 40)
UNLIMITED = LinkSettings()

Summaries = Mapping[LinkSettings, Mapping[str, Summary]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One promise: where, what was promised, what came out."""

    link: LinkSettings
    promise: str
    measured: str
    kept: bool


def outcomes(results: Results, summaries: Summaries, trace: Trace) -> list[Outcome]:
    """Judge every promise for which the clients and links were measured."""
    found = [*_times(summaries), *_bytes(summaries)]
    for link in (link for link in results if "edge" in results[link]):
        found += _at_once(link, results, trace)
    return found


def _times(summaries: Summaries) -> Iterator[Outcome]:
    limits = (
        (REFERENCE, "first view", 0.25, "first_view_s"),
        (REFERENCE, "text exact", 0.9, "text_exact_s"),
        (THIN, "first view", 0.6, "first_view_s"),
    )
    for link, what, limit_s, figure in limits:
        if (summary := summaries.get(link, {}).get("edge")) is not None:
            value: float | None = getattr(summary, figure)
            measured = "never" if value is None else f"{value:.2f} s"
            yield Outcome(link, f"{what} within {limit_s:g} s", measured, value is not None and value <= limit_s)


def _bytes(summaries: Summaries) -> Iterator[Outcome]:
    limits = (
        (REFERENCE, "edge", "tigervnc-zrle", 3.0),
        (REFERENCE, "edge", "tigervnc", 2.0),
        (REFERENCE, "edge-off", "tigervnc", 7.2),
        (UNLIMITED, "edge-off", "tigervnc", 15.0),
    )
    for link, name, reference, times in limits:
        summary, other = (summaries.get(link, {}).get(client) for client in (name, reference))
        if summary is not None and other is not None:
            fewer = other.bytes / summary.bytes
            promise = f"{name}: {times:g} times fewer bytes than {reference}"
            yield Outcome(link, promise, f"{fewer:.1f} times", fewer >= times)


def _at_once(link: LinkSettings, results: Results, trace: Trace) -> Iterator[Outcome]:
    for number, step in enumerate(trace.steps):
        if step.returns:
            steps = nth_step(results[link]["edge"], number)
            came = sum(one.text_came for one in steps)
            share = sum(one.text_at_once for one in steps) / came if came else 0.0
            fetched = sum(one.bytes_sharpening for one in steps) / len(steps)
            measured = f"{share:.0%} of {came / len(steps):.0f} tiles, {fetched:,.0f} bytes of sharpening"
            yield Outcome(link, f"{step.name}: 95 % of the text sharp at once", measured, share >= 0.95)
