"""What the benchmark found: as Markdown, as JSON, and as a page with plots."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.bench import tables
from tests.bench.beside import beside
from tests.bench.figures import Results, Summary, summary
from tests.bench.goals import outcomes
from tests.bench.link import LinkSettings
from tests.bench.page import page
from tests.bench.tables import Table
from tests.bench.trace import Trace

Sections = list[tuple[str, list[Table]]]


def sections(results: Results, figures: dict[LinkSettings, dict[str, Summary]], trace: Trace) -> Sections:
    """Lay out the tables: what was promised, then each link."""
    found = outcomes(results, figures, trace)
    head: Sections = [("Promises", [tables.promises(found)])] if found else []
    return [
        *head,
        *(
            (
                str(link),
                [
                    tables.clients(figures[link]),
                    *tables.against_viewers(figures[link]),
                    tables.steps(clients),
                    tables.motion(clients),
                ],
            )
            for link, clients in results.items()
        ),
    ]


def markdown(title: str, content: Sections) -> str:
    """Write the tables, their columns aligned to be read as text too."""
    lines = [f"# {title}"]
    for heading, listed in content:
        lines += ["", f"## {heading}"]
        for table in listed:
            lines += ["", f"{table.caption}:", "", *aligned(table)]
    return "\n".join(lines) + "\n"


def aligned(table: Table) -> list[str]:
    cells = [table.head, *table.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.head))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]]


def document(results: Results, figures: dict[LinkSettings, dict[str, Summary]], trace: Trace) -> str:
    """Write everything that was measured, for other programs."""
    links = [
        {
            "link": asdict(link),
            "summary": {name: asdict(one) for name, one in figures[link].items()},
            "runs": {name: [asdict(run) for run in runs] for name, runs in clients.items()},
        }
        for link, clients in results.items()
    ]
    return json.dumps({"trace": trace.name, "links": links}, separators=(",", ":")) + "\n"


def write(results: Results, trace: Trace, folder: Path, other: Path | None = None) -> str:
    """Write `report.md`, `report.json` and `report.html` to `folder`; returns the text of the first.

    `other` is the `report.json` of another trace, to compare with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    returns = [step.returns for step in trace.steps]
    figures = {
        link: {name: summary(runs, returns) for name, runs in clients.items()} for link, clients in results.items()
    }
    count = len(next(iter(next(iter(results.values())).values())))
    content = sections(results, figures, trace)
    if other is not None:
        content.insert(1, ("Beside another trace", [beside(figures, other)]))
    title = f"Trace {trace.name}, runs: {count}"
    text = markdown(title, content)
    (folder / "report.md").write_text(text)
    (folder / "report.html").write_text(page(title, results, figures, content))
    (folder / "report.json").write_text(document(results, figures, trace))
    return text
