"""`python -m tests.bench.decode`: this client's decoders beside libvncclient's, on the same bytes in the same run."""

import argparse
import tempfile
from pathlib import Path

from tests.bench.decode.desktops import picture_desktop, text_desktop
from tests.bench.decode.replay import LibVncClient
from tests.bench.decode.table import ENCODINGS, measure, table


def main() -> None:
    """Parse the command line, capture, decode, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.decode",
        description="Capture pages of text and of photographs at 1920x1080, whole and reduced fourfold, from x11vnc in "
        "each encoding, and decode the same bytes with this client and with libvncclient, in turn. Times are processor "
        "time for one update of the whole framebuffer; the ratio is of the medians.",
    )
    parser.add_argument("--pages", type=int, default=3, help="updates in a capture (default %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="times that each decodes it (default %(default)s)")
    parser.add_argument("--encodings", nargs="+", choices=ENCODINGS, default=list(ENCODINGS), metavar="ENCODING",
                        help=f"any of {', '.join(ENCODINGS)} (default: all)")  # fmt: skip
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="edge-decode-") as name:
        folder = Path(name)
        peer = LibVncClient(folder)
        for page, desktop in {"text": text_desktop(), "pictures": picture_desktop(folder)}.items():
            with desktop as shown:
                rows += measure(page, shown, peer, options.encodings, options.pages, options.runs)
    print(table(rows))


if __name__ == "__main__":
    main()
