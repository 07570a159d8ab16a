"""`python -m tests.bench`: this client beside the TigerVNC viewer, on one desktop, over one link."""

import argparse
from pathlib import Path

from tests.bench.clients import CLIENTS
from tests.bench.desktop import browser_desktop
from tests.bench.report import write
from tests.bench.trace import TRACE, LinkSettings, RunResult, run

DEFAULT_CLIENTS = ("edge", "tigervnc", "tigervnc-zrle")


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure clients on a real desktop: a browser in 1920x1080, offered by x11vnc, over a shaped link. "
        "For each step, from when the desktop itself came to rest: first view (reduced fourfold, luma PSNR >= 25 dB), "
        "exact (99 %% of 64x64 tiles within 8 of the desktop's), the same for the tiles that hold text, and bytes from "
        "server to client.",
    )
    parser.add_argument(
        "--mbit", type=float, default=4, help="rate in each direction; 0: no limit (default %(default)s)"
    )
    parser.add_argument("--rtt-ms", type=float, default=40, help="round trip of the link (default %(default)s)")
    parser.add_argument("--runs", type=int, default=1, help="times through the trace per client (default %(default)s)")
    parser.add_argument("--cap-s", type=float, default=6, help="wait for exact at most so long (default %(default)s)")
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=DEFAULT_CLIENTS, metavar="CLIENT",
                        help=f"any of {', '.join(CLIENTS)} (default: {' '.join(DEFAULT_CLIENTS)})")  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("bench-out"), help="folder of the report (default %(default)s)"
    )
    options = parser.parse_args()
    link = LinkSettings(options.mbit, options.rtt_ms)
    results: dict[str, list[RunResult]] = {name: [] for name in options.clients}
    with browser_desktop() as desktop:
        # In turn, so that whatever else the machine does is shared by all.
        for number in range(options.runs):
            for name in options.clients:
                print(f"run {number + 1} of {options.runs}: {name}", flush=True)
                results[name].append(run(name, CLIENTS[name], desktop, link, TRACE, options.cap_s))
    print(write(results, link, options.out))
    print(f"written to {options.out}/report.md and report.json")


if __name__ == "__main__":
    main()
