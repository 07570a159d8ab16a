"""The report as one page that needs nothing else: tables, and plots of each step over time."""

import html
from collections.abc import Mapping, Sequence
from statistics import median

from tests.bench.figures import Results, Summary
from tests.bench.link import LinkSettings
from tests.bench.plots import Series, bars, over_time
from tests.bench.run import RunResult
from tests.bench.tables import Table, seconds

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --rule: #dfe4ea; --ground: #fff; --card: #f7f9fb;
  --s0: #1668c7; --s1: #17a398; --s2: #d9822b; --s3: #7d5ba6; --s4: #b23a48; --yes: #1a7f4b; --no: #b3372e }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #98a3b3; --rule: #323b47; --ground: #14181e;
  --card: #1b2129; --s0: #5ea2f0; --s1: #4fd0c4; --s2: #f0a95a; --s3: #b79be0; --s4: #e8798a; --yes: #58c48d;
  --no: #ee8279 } }
body { margin: 0 auto; max-width: 1200px; padding: 36px 28px 80px; background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, "Noto Sans", "DejaVu Sans", sans-serif }
h1 { font-size: 27px; margin: 0 0 4px } h2 { font-size: 20px; margin: 44px 0 6px; padding-top: 14px;
  border-top: 2px solid var(--rule) } h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600 }
p { margin: 4px 0 14px; color: var(--soft); max-width: 78ch }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; margin: 4px 0 20px }
caption { text-align: left; color: var(--soft); padding: 6px 0 }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap }
th:first-child, td:first-child, .words td, .words th { text-align: left } th { font-weight: 600 }
td.yes { color: var(--yes); font-weight: 600 } td.no { color: var(--no); font-weight: 600 }
.wide { overflow-x: auto; max-width: 100% } .row { display: flex; flex-wrap: wrap; gap: 12px 50px; align-items: end }
.plots { gap: 24px 36px; margin-top: 14px; align-items: start }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(344px, 1fr)); gap: 14px; margin: 12px 0 }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 10px 6px }
.card small { display: block; color: var(--soft); font-size: 11.5px } .card svg { width: 100%; height: auto }
.legend { position: sticky; top: 0; background: var(--ground); padding: 9px 0; display: flex; gap: 20px; z-index: 1;
  font-size: 13.5px; border-bottom: 1px solid var(--rule) } .legend i { display: inline-block; width: 15px; height: 9px;
  border-radius: 2px; margin-right: 7px }
summary { cursor: pointer; padding: 6px 0; font-weight: 600 }
svg { display: block; max-width: 100% } svg text { font-size: 10.5px; fill: var(--soft) }
svg text.heading { font-size: 12.5px; font-weight: 600; fill: var(--ink) }
.grid { stroke: var(--rule); stroke-width: 1 } .line { fill: none; stroke-width: 1.7; stroke-linejoin: round }
.bar.never { opacity: .32 }
""" + "".join(
    f"path.s{n} {{ stroke: var(--s{n}) }} rect.s{n} {{ fill: var(--s{n}) }} i.s{n} {{ background: var(--s{n}) }}\n"
    for n in range(5)
)
ABOUT = """
Each step is done on a real desktop of 1920x1080, offered by x11vnc over a shaped link, and watched in what the client
shows. Times count from when the desktop itself came to rest. First view: both pictures, reduced fourfold, differ by a
luma PSNR of 25 dB or more. Text exact: 99 % of the tiles of 64x64 with text are within 8 of the desktop's own. Bytes go
from the server to the client. Seen before at once: of the text that comes back when something is shown again, the part
that was exact at first sight.
"""


def page(
    title: str,
    results: Results,
    figures: Mapping[LinkSettings, Mapping[str, Summary]],
    content: Sequence[tuple[str, Sequence[Table]]],
) -> str:
    """Write the page: an overview, then for each link its tables, and a card for each step."""
    names = list(next(iter(results.values())))
    legend = "".join(f"<span><i class=s{number}></i>{name}</span>" for number, name in enumerate(names))
    cards = {str(link): _cards(runs) for link, runs in results.items()}
    body = "".join(
        f"<h2>{html.escape(heading)}</h2>{''.join(map(_table, tables))}"
        + (
            f"<details open><summary>Each step over time</summary>{cards[heading]}</details>"
            if heading in cards
            else ""
        )
        for heading, tables in content
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{STYLE}</style>"
        f"<meta name=viewport content='width=device-width'><h1>{html.escape(title)}</h1><p>{ABOUT}</p>"
        f"<div class=legend>{legend}</div>{_overview(figures, names)}{body}"
    )


def _overview(figures: Mapping[LinkSettings, Mapping[str, Summary]], names: Sequence[str]) -> str:
    def groups(figure: str) -> list[tuple[str, list[tuple[int, str, float | None]]]]:
        return [
            (str(link), [(number, name, getattr(of_link[name], figure)) for number, name in enumerate(names)])
            for link, of_link in figures.items()
        ]

    plots = {
        "Bytes of the whole trace": bars(groups("bytes"), lambda value: _bytes(value or 0)),
        "First view, median of the steps": bars(groups("first_view_s"), seconds),
        "Text exact, median of the steps": bars(groups("text_exact_s"), seconds),
    }
    return (
        f"<div class='row plots'>{''.join(f'<div><h3>{name}</h3>{plot}</div>' for name, plot in plots.items())}</div>"
    )


def _cards(runs: Mapping[str, Sequence[RunResult]]) -> str:
    middle = [(number, name, _median_run(of_client)) for number, (name, of_client) in enumerate(runs.items())]
    cards = []
    for index, step in enumerate(middle[0][2].steps):
        lines = [(number, name, run.steps[index].timeline) for number, name, run in middle]
        amounts = [Series(number, name, [(at, down) for at, down, _ in points]) for number, name, points in lines]
        shares = [Series(number, name, [(at, share) for at, _, share in points]) for number, name, points in lines]
        most = max((points[-1][1] for _, _, points in lines if points), default=0)
        cards.append(
            f"<div class=card><h3>{html.escape(step.step)}</h3><small>bytes</small>"
            f"{over_time(amounts, max(most, 1000) * 1.04, _bytes)}<small>text that is exact</small>"
            f"{over_time(shares, 1.0, lambda value: f'{value:.0%}')}</div>"
        )
    about = "The run of median bytes of each client; seconds from the action."
    return f"<p>{about}</p><div class=cards>{''.join(cards)}</div>"


def _median_run(runs: Sequence[RunResult]) -> RunResult:
    amounts = [sum(step.bytes_down for step in run.steps) for run in runs]
    return min(zip(amounts, runs, strict=True), key=lambda pair: abs(pair[0] - median(amounts)))[1]


def _table(table: Table) -> str:
    def cell(text: str) -> str:
        kind = f" class={text}" if text in {"yes", "no"} else ""
        return f"<td{kind}>{html.escape(text)}"

    head = "".join(f"<th>{html.escape(text)}" for text in table.head)
    rows = "".join(f"<tr>{''.join(map(cell, row))}" for row in table.rows)
    words = " class=words" if "kept" in table.head else ""
    return (
        f"<div class=wide><table{words}><caption>{html.escape(table.caption)}</caption><tr>{head}{rows}</table></div>"
    )


def _bytes(value: float) -> str:
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"
