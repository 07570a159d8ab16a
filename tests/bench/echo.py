"""`python -m tests.bench.echo`: from a key pressed in a client's window to its echo in that window.

Each client has a window on an X server of its own, and a desktop of its own with a terminal, over a link of its own.
Keys are pressed by XTEST in one client after the other, so that whatever else the machine does is shared by all.
"""

import argparse
import json
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median, quantiles

from tests.bench.goals import Outcome
from tests.bench.link import LinkSettings
from tests.bench.report import aligned
from tests.bench.seat import WINDOWS, Echo, seat
from tests.bench.tables import Table, promises

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PAUSE_S = (0.2, 0.6)
# What is promised: how much longer one client may take than another.
LIMITS_MS = (("edge", "tigervnc", 15), ("edge-full-size", "tigervnc", 15), ("edge", "edge-off", 5))


def measure(names: Sequence[str], link: LinkSettings, keys: int, seed: int = 1) -> dict[str, list[Echo]]:
    """Press `keys` keys in each client, in turn, with random pauses."""
    rng = random.Random(seed)
    echoes: dict[str, list[Echo]] = {name: [] for name in names}
    with ExitStack() as stack:
        seats = {name: stack.enter_context(seat(name, link)) for name in names}
        for one in seats.values():  # the first key pays for what is loaded on demand
            one.press("x")
        for _ in range(keys):
            for name, one in seats.items():
                time.sleep(rng.uniform(*PAUSE_S))
                echoes[name].append(one.press(rng.choice(LETTERS)))
    return echoes


def table(echoes: Mapping[str, Sequence[Echo]], link: LinkSettings) -> Table:
    """Write medians and 90th percentiles, in milliseconds."""
    first = next(iter(echoes))
    base = median(echo.client_s for echo in echoes[first])
    rows = []
    for name, listed in echoes.items():
        shown = [echo.client_s for echo in listed]
        tenth = quantiles(shown, n=10)[-1] if len(shown) > 1 else shown[0]
        parts = [
            [echo.desktop_s for echo in listed],
            [echo.sent_s - echo.desktop_s for echo in listed],
            [echo.client_s - echo.sent_s for echo in listed],
        ]
        figures = [median(shown), tenth, *map(median, parts)]
        above = f"{(median(shown) - base) * 1000:+.1f}"
        rows.append([name, above, *(f"{value * 1000:.1f}" for value in figures)])
    head = [
        "client",
        f"above {first}",
        "median",
        "90th percentile",
        "key to desktop",
        "desktop to link",
        "link to window",
    ]
    return Table(f"Key to echo in ms, {link}, {len(next(iter(echoes.values())))} keys", head, rows)


def outcomes(echoes: Mapping[str, Sequence[Echo]], link: LinkSettings) -> list[Outcome]:
    """Judge what was promised of the clients that were measured."""
    times_ms = {name: median(echo.client_s for echo in listed) * 1000 for name, listed in echoes.items()}
    return [
        Outcome(
            link,
            f"{name}: at most {limit_ms} ms above {other}",
            f"{times_ms[name] - times_ms[other]:+.1f} ms",
            times_ms[name] - times_ms[other] <= limit_ms,
        )
        for name, other, limit_ms in LIMITS_MS
        if name in times_ms and other in times_ms
    ]


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.echo", description=__doc__)
    parser.add_argument("--link", type=LinkSettings.parse, default=LinkSettings(4, 40), metavar="LINK",
                        help="rate and round trip, as MBIT/MS, or unlimited (default: 4/40)")  # fmt: skip
    parser.add_argument("--keys", type=int, default=60, help="keys per client (default %(default)s)")
    parser.add_argument("--clients", nargs="+", choices=WINDOWS, default=list(WINDOWS), metavar="CLIENT",
                        help=f"any of {', '.join(WINDOWS)} (default: all)")  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("bench-out"), help="folder of the report (default %(default)s)"
    )
    options = parser.parse_args()
    echoes = measure(options.clients, options.link, options.keys)
    written = table(echoes, options.link)
    found = promises(outcomes(echoes, options.link))
    text = "\n".join(line for one in (written, found) for line in (f"{one.caption}:", "", *aligned(one), ""))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "echo.md").write_text(text)
    figures = {name: [asdict(echo) for echo in listed] for name, listed in echoes.items()}
    (options.out / "echo.json").write_text(json.dumps({"link": str(options.link), "echoes": figures}) + "\n")
    print(text)


if __name__ == "__main__":
    main()
