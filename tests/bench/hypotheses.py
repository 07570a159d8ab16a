"""`python -m tests.bench.hypotheses`: how much of a moving desktop is drawn sharp at once, and whether rightly.

A real browser and real terminals are scrolled, dragged and switched; each frame is reduced as the server does and given
to the client's own pixel path, which draws sharp what it recognises. Each tile drawn so is compared with the frame.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Rect, Size
from edge.pixels import Picture, to_bgr
from tests.bench.desktop import SCREEN, Desktop, xwd_pixels
from tests.bench.office import listing
from tests.bench.programs import CHROMIUM, program, terminal
from tests.bench.repeats import write_repeats
from tests.bench.trace import dragged, keys, raised, typed, wheel
from tests.bench.witness import Tally, Witness
from tests.servers import window_manager, x_server

FRAME_S = 0.05
REST_S = 0.35
PAGE_AT = (700, 620)
"""Where the pointer is for the wheel: over the browser and no terminal."""
BROWSER, SMALL, FIXED = "Chromium", "small - terminal", "fixed - terminal"


@dataclass(frozen=True, slots=True)
class Scene:
    """Something done to the desktop, by arguments for xdotool, of a `kind` that is counted together."""

    kind: str
    action: tuple[str, ...]


def scenes(pages: int, rounds: int) -> Iterator[Scene]:
    """Go through all that moves, `rounds` times."""
    over = ("mousemove", *map(str, PAGE_AT))
    for turn in range(rounds):
        for page in range(1, pages + 1):
            yield Scene("another page", (*raised(BROWSER), *keys(str(page)), *over))
            yield Scene("wheel down", wheel(5, down=True))
            yield Scene("wheel up", wheel(3 + turn % 2, down=False))
            yield Scene("Page Down", keys("Next"))
            yield Scene("Page Down, then Home", keys("Next", pause_s=0.6))
            yield Scene("back Home", keys("Home"))
            yield Scene("wheel in what was read", wheel(4, down=True))
            yield Scene("wheel in what was read", wheel(4, down=False))
            yield Scene("arrows", keys("Down", "Down", "Up", pause_s=0.2))
        yield Scene("page seen before", keys("alt+Left"))
        yield Scene("page seen before", keys("alt+Left"))
        yield Scene("context menu", ("click", "3"))
        yield Scene("menu closes", keys("Escape"))
        yield Scene("context menu", ("mousemove", "523", "411", "click", "3"))
        yield Scene("menu closes", (*keys("Escape"), *over))
        yield Scene("terminal comes", raised(SMALL))
        yield Scene("typing", typed("again ls\n", 60))
        yield Scene("terminal comes", raised(FIXED))
        yield Scene("typing", typed("once\n", 60))
        yield Scene("terminal dragged", dragged((1240, 472), (-17, 3), PAGE_AT, 12))
        yield Scene("terminal comes", raised(SMALL))
        yield Scene("terminal dragged", dragged((620, 161), (13, 7), PAGE_AT, 12))
        yield Scene("window seen before", raised(BROWSER))
        yield Scene("window seen before", raised(SMALL))
        yield Scene("dragged off the screen", dragged((776, 245), (-37, 5), PAGE_AT, 12))
        back = (
            "search",
            "--name",
            SMALL,
            "windowmove",
            "420",
            "150",
            "search",
            "--name",
            FIXED,
            "windowmove",
            "1000",
            "460",
        )
        yield Scene("window jumps", back)
        yield Scene("window seen before", raised(BROWSER))


@contextmanager
def desktop_of_repeats(size: Size) -> Iterator[tuple[Desktop, int]]:
    """Run a browser with the pages of `repeats` and two terminals; yields the desktop and the number of pages."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-bench-", ignore_cleanup_errors=True))
        )
        # Its pictures would show the pointer, which no server sends as part of the screen.
        name = stack.enter_context(x_server(size, folder, "-nocursor"))
        stack.enter_context(window_manager(name))
        desktop = Desktop(name, xwd_pixels(folder / "Xvfb_screen0"), folder)
        pages = write_repeats(desktop.folder)
        lines = listing()
        for title, fonts, place in (
            (SMALL, ("Noto Sans Mono", "Noto Sans Mono CJK KR"), "80x24+420+150"),
            (FIXED, ("Liberation Mono", "NanumGothicCoding"), "90x30+1000+460"),
        ):
            stack.enter_context(terminal(desktop, title, fonts, place, lines))
        options = [word for word in CHROMIUM if not word.startswith(("--start-maximized", "--window-"))]
        profile = f"--user-data-dir={desktop.folder / 'profile'}"
        window = ["--window-position=0,0", f"--window-size={size.width - 60},{size.height - 40}", "--no-sandbox"]
        browser = ["chromium", *options, *window, profile, pages[0].as_uri()]
        stack.enter_context(program(desktop, pages[0].name, "chromium", *browser))
        yield desktop, len(pages)


async def watch(desktop: Desktop, witness: Witness, scene: Scene, rng: random.Random) -> Tally:
    """Do `scene`, show the witness each frame until the desktop rests, and then all that is exact."""
    tally = Tally()
    seen: Picture | None = None
    with desktop.start(*scene.action) as running:
        last_change = time.monotonic()
        while running.poll() is None or time.monotonic() < last_change + REST_S:
            frame = desktop.pixels & np.uint32(0xFFFFFF)
            if seen is None or not np.array_equal(frame, seen):
                seen, last_change = frame, time.monotonic()
                tally.add(await witness.see(frame, pieces(witness, rng)))
            else:
                await asyncio.sleep(FRAME_S)
    if seen is not None:
        witness.rest(seen)
    return tally


def pieces(witness: Witness, rng: random.Random) -> list[Rect]:
    """Cut the picture for an update: whole, or into some bands that come one after the other."""
    size = witness.grid.size
    cuts = sorted({0, size.height, *(rng.randrange(1, size.height) for _ in range(rng.choice((0, 0, 0, 1, 2))))})
    bands = [Rect(0, top, size.width, bottom - top) for top, bottom in pairwise(cuts)]
    rng.shuffle(bands)
    return bands


def table(tallies: dict[str, Tally], witness: Witness) -> str:
    """Lay out the counts as Markdown."""
    head = "what", "updates", "stale", "text", "text sharp at once", "of what was seen", "accepted", "wrong", "visibly"
    head = *head, "refused though true", "kept wrong"
    lines = [f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    for kind, tally in (*tallies.items(), ("all", total)):
        share = f"{100 * tally.text_accepted / tally.text:.1f} %" if tally.text else "-"
        known = tally.text_accepted + tally.missed
        share += f" | {100 * tally.text_accepted / known:.1f} %" if known else " | -"
        counts = (tally.accepted, tally.wrong, tally.far, tally.missed, tally.kept_wrong)
        lines.append(
            f"| {kind} | {tally.updates} | {tally.stale} | {tally.text} | {share} | "
            + " | ".join(map(str, counts))
            + " |"
        )
    p50, p95, most = np.percentile(witness.search_ms or [0.0], [50, 95, 100])
    lines.append(
        f"\nsearch: {p50:.1f} ms median, {p95:.1f} ms at 95 %, {most:.1f} ms at most, of the thread's CPU time;"
    )
    lines.append(
        f"memory: {witness.memory_bytes / 2**20:.1f} MB; likely tiles confirmed at rest: {witness.high.agreed}, "
        f"disagreed: {witness.high.disagreed}"
    )
    return "\n".join(lines)


async def measure(rounds: int, size: Size, out: Path | None) -> tuple[dict[str, Tally], str]:
    """Run all scenes `rounds` times; pictures of wrong tiles go to `out`."""
    rng = random.Random(1)
    witness = Witness(size)
    tallies: dict[str, Tally] = {}
    with desktop_of_repeats(size) as (desktop, pages):
        for scene in scenes(pages, rounds):
            tally = await watch(desktop, witness, scene, rng)
            tallies.setdefault(scene.kind, Tally()).add(tally)
            if out is not None:
                for drawn, true, where in witness.wrong_tiles:
                    print(f"{scene.kind}: wrong tile at {where}", flush=True)
                    both = np.hstack([to_bgr(drawn), to_bgr(true)])
                    cv2.imwrite(
                        str(out / f"wrong-{time.time_ns()}.png"),
                        cv2.resize(both, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST),
                    )
                witness.wrong_tiles.clear()
    witness.close()
    return tallies, table(tallies, witness)


def main() -> None:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hypotheses", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times through all scenes (default %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for pictures of wrong tiles, drawn and true side by side")
    options = parser.parse_args()
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    print(asyncio.run(measure(options.rounds, SCREEN, options.out))[1])


if __name__ == "__main__":
    main()
