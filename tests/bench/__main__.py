"""`python -m tests.bench`: this client beside the TigerVNC viewer, on one desktop, over several links."""

import argparse
from pathlib import Path

from tests.bench.clients import CLIENTS
from tests.bench.held_out import HELD_OUT
from tests.bench.link import LinkSettings
from tests.bench.office import OFFICE
from tests.bench.report import write
from tests.bench.run import RunResult, run

TRACES = {trace.name: trace for trace in (OFFICE, HELD_OUT)}
DEFAULT_CLIENTS = ("edge", "edge-off", "tigervnc", "tigervnc-zrle")


def positive(text: str) -> int:
    """Read a number of times."""
    if (number := int(text)) < 1:
        raise ValueError(f"{text} is less than 1")
    return number


def main() -> None:
    """Parse the command line, measure, print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure clients on a real desktop of 1920x1080 with real programs, offered by x11vnc, over shaped "
        "links. For each step, from when the desktop itself came to rest: first view (reduced fourfold, luma PSNR >= "
        "25 dB), exact (99 %% of 64x64 tiles within 8 of the desktop's) for the tiles that hold text, and bytes from "
        "server to client.",
    )
    parser.add_argument("--trace", choices=TRACES, default=OFFICE.name, help="what is done (default %(default)s)")
    parser.add_argument("--links", nargs="+", type=LinkSettings.parse, default=[LinkSettings(4, 40)], metavar="LINK",
                        help="rate and round trip of each, as MBIT/MS, or unlimited (default: 4/40)")  # fmt: skip
    parser.add_argument(
        "--runs", type=positive, default=1, help="times through the trace per client (default %(default)s)"
    )
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=DEFAULT_CLIENTS, metavar="CLIENT",
                        help=f"any of {', '.join(CLIENTS)} (default: {' '.join(DEFAULT_CLIENTS)})")  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("bench-out"), help="folder of the report (default %(default)s)"
    )
    parser.add_argument("--beside", type=Path, metavar="FILE",
                        help="report.json of another trace: are the ratios to the viewers the same?")  # fmt: skip
    options = parser.parse_args()
    trace = TRACES[options.trace]
    results: dict[LinkSettings, dict[str, list[RunResult]]] = {
        link: {name: [] for name in options.clients} for link in options.links
    }
    with trace.desktop() as desktop:
        # In turn, so that whatever else the machine does is shared by all.
        for number in range(options.runs):
            for link in options.links:
                for name in options.clients:
                    print(f"run {number + 1} of {options.runs}, {link}: {name}", flush=True)
                    result = run(name, CLIENTS[name], desktop, trace.reset, trace.steps, link)
                    results[link][name].append(result)
            text = write(results, trace, options.out, options.beside)
    print(text)
    print(f"written to {options.out}/report.html, report.md and report.json")


if __name__ == "__main__":
    main()
