"""Two traces side by side: what is gained on one should be gained on another, or it was tuned for."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.figures import Summary
from tests.bench.link import LinkSettings
from tests.bench.tables import REFERENCES, Table

WITHIN = 0.2
FIGURES = {"bytes": "bytes", "first view": "first_view_s", "text exact": "text_exact_s"}

Figures = Mapping[str, Mapping[str, float | None]]


def beside(figures: Mapping[LinkSettings, Mapping[str, Summary]], path: Path) -> Table:
    """Compare each client's ratios to the viewers with those of the report at `path`, over the links of both.

    What is no more than a fifth worse is kept.
    """
    other = json.loads(path.read_text())
    there = {LinkSettings(**one["link"]): one["summary"] for one in other["links"]}
    rows = [
        [str(link), *row]
        for link, of_link in figures.items()
        if link in there
        for row in _rows({name: {key: getattr(one, key) for key in FIGURES.values()} for name, one in of_link.items()},
                         there[link])
    ]  # fmt: skip
    head = ["link", "ratio", "here", other["trace"], "worse by", "kept"]
    return Table(f"The same ratios as on the trace {other['trace']}, within {WITHIN:.0%}", head, rows)


def _rows(here: Figures, there: Figures) -> Iterator[list[str]]:
    for name in (name for name in here if name not in REFERENCES):
        for reference in REFERENCES:
            for what, key in FIGURES.items():
                own, others = (_ratio(figures, name, reference, key) for figures in (here, there))
                if own is not None and others is not None:
                    worse = own / others - 1
                    verdict = "yes" if worse <= WITHIN else "no"
                    yield [f"{what}, {name} to {reference}", f"{own:.2f}", f"{others:.2f}", f"{worse:+.0%}", verdict]


def _ratio(figures: Figures, name: str, reference: str, key: str) -> float | None:
    if name not in figures or reference not in figures:
        return None
    value, base = figures[name][key], figures[reference][key]
    return value / base if value and base else None
