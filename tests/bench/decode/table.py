"""Both decoders on each capture, in turn, and the table of it."""

from dataclasses import dataclass
from statistics import median

import numpy as np

from edge.rfb import EncodingNumber, jpeg_quality
from tests.bench.decode.capture import Capture, record
from tests.bench.decode.desktops import Shown
from tests.bench.decode.replay import LibVncClient, replay_here
from tests.servers import x11vnc

#: What is offered, by the name in the table.
ENCODINGS = {
    "Raw": (EncodingNumber.RAW,),
    "zlib": (EncodingNumber.ZLIB,),
    "Hextile": (EncodingNumber.HEXTILE,),
    "ZRLE": (EncodingNumber.ZRLE,),
    "Tight": (EncodingNumber.TIGHT,),
    "Tight JPEG": (EncodingNumber.TIGHT, jpeg_quality(6)),
}
_LOSSY = {"Tight JPEG"}
# libvncclient may decode JPEG with another version of libjpeg-turbo than OpenCV has.
_LOSSY_DIFFERENCE = 4
#: 1 is the desktop as it is, 4 a quarter of its width and height, as the server reduces it.
SCALES = (1, 4)


@dataclass(frozen=True, slots=True)
class Row:
    """Times in seconds for one update, over all updates and runs."""

    page: str
    encoding: str
    capture: Capture
    here_s: tuple[float, ...]
    there_s: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as long this client takes."""
        return median(self.here_s) / median(self.there_s)


def measure(page: str, shown: Shown, peer: LibVncClient, encodings: list[str], pages: int, runs: int) -> list[Row]:
    """Capture and decode each encoding at each scale; raises ValueError where the decoders see different pictures."""
    rows = []
    with x11vnc(shown.display, "-nopw") as port:
        for scale in SCALES:
            for encoding in encodings:
                capture = record(port, ENCODINGS[encoding], shown.turn, pages, scale)
                rows.append(compare(page, encoding, capture, peer, runs))
    return rows


def compare(page: str, encoding: str, capture: Capture, peer: LibVncClient, runs: int) -> Row:
    """Decode a capture with both clients, in turn, `runs` times."""
    here_s: list[float] = []
    there_s: list[float] = []
    for _ in range(runs):
        here, there = replay_here(capture), peer.replay(capture)
        here_s += here.times_s
        there_s += there.times_s
    difference = np.abs(here.picture.view(np.uint8).astype(int) - there.picture.view(np.uint8)).max()
    if difference > (_LOSSY_DIFFERENCE if encoding in _LOSSY else 0):
        raise ValueError(f"{encoding} of {page}: the decoded pictures differ by up to {difference}")
    return Row(page, encoding, capture, tuple(here_s), tuple(there_s))


def table(rows: list[Row]) -> str:
    """Write the rows in Markdown; medians, with minima in brackets."""
    lines = [
        "| page | size | encoding | kB | edge: ms | Mpx/s | libvncclient: ms | Mpx/s | ratio |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        capture = row.capture
        columns = [row.page, str(capture.size), row.encoding, f"{capture.update_bytes / 1000:.0f}"]
        for times_s in (row.here_s, row.there_s):
            columns.append(f"{median(times_s) * 1000:.2f} ({min(times_s) * 1000:.2f})")
            columns.append(f"{capture.megapixels / median(times_s):.0f}")
        columns.append(f"{row.ratio:.2f}")
        lines.append(f"| {' | '.join(columns)} |")
    return "\n".join(lines)
