"""What fitting a session to its link brings: `python -m tests.bench.tuning [--mbit 1 4 20] [--seconds 8]`.

One desktop of each server, over a link: a picture, a terminal, and a film beside it. One client asks for an update when
the last one has come, the others leave that to `edge.rfb.tuning`. Keys are typed into the terminal while the film runs.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from Xlib import X
from Xlib import display as xlib

from edge.display.headless import HeadlessDisplay
from edge.geometry import Rect, Size
from edge.rfb import (
    LOSSLESS,
    ConnectionSettings,
    Event,
    KeyEvent,
    PointerEvent,
    RectangleCopied,
    RectangleDecoded,
    SecurityPolicy,
    UpdateFinished,
)
from edge.rfb.tuning import LinkPolicy, Quality, Tuner
from edge.session.plain import PlainDesktop
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import Endpoint, RfbTransport
from tests.bench.film import landscape
from tests.bench.link import LinkSettings, linked
from tests.rfb.desk import paint_root
from tests.rfb.link_simulation import OneAtATime
from tests.servers import process, require, wait_until, x11vnc, x_server, xvnc

SIZE = Size(1280, 800)
FILM = Rect(800, 100, 320, 240)
FILM_FPS = 20
TERMINAL = Rect(20, 20, 500, 300)
ROUND_TRIP_MS = 40.0
KEY_INTERVAL_S = 0.5
PATIENCE_S = 60.0


class Watched(PlainDesktop):
    """Notes when updates come, and when the terminal changes."""

    def __init__(self, transport: RfbTransport, tuner: Tuner) -> None:
        self.stage, self.counters = Stage(HeadlessDisplay(keep=False)), Counters()
        super().__init__(transport, SIZE, LOSSLESS, LinkPolicy(), self.stage, self.counters)
        self._tuner = self.tuner = tuner
        self.first = asyncio.Event()
        self.echoed = asyncio.Event()

    async def rest(self) -> None:
        """Wait until everything is exact and nothing has come for a second."""
        clock = asyncio.get_running_loop().time
        while True:
            waits_s = self._connection.read_at + 1.0 - clock()
            if waits_s <= 0 and self.fraction_exact == 1.0:
                return
            await asyncio.sleep(max(0.05, waits_s))

    def _on(self, event: Event) -> None:
        super()._on(event)
        match event:
            case RectangleDecoded(rect=rect) | RectangleCopied(rect=rect) if rect & TERMINAL and rect.area < SIZE.area:
                self.echoed.set()
            case UpdateFinished():
                self.first.set()
            case _:
                pass


CLIENTS = {
    "one at a time": lambda: OneAtATime(SIZE, LOSSLESS, LinkPolicy(Quality.LOSSLESS)),
    "lossless": lambda: Tuner(SIZE, LOSSLESS, LinkPolicy(Quality.LOSSLESS)),
    "auto": lambda: Tuner(SIZE, LOSSLESS, LinkPolicy()),
}


async def measure(port: int, name: str, seconds: float, film: "Film") -> list[str]:
    """One client's row of the table."""
    settings = ConnectionSettings(SecurityPolicy.insecure(), encodings=LOSSLESS)
    clock = asyncio.get_running_loop().time
    echoes: list[float] = []
    with ThreadPoolExecutor(1) as executor:
        transport, _ = await RfbTransport.open(Endpoint("127.0.0.1", port), settings, executor)
        async with transport:
            desktop = Watched(transport, CLIENTS[name]())
            began = clock()
            running = asyncio.create_task(desktop.run())
            await desktop.first.wait()
            full_s, full_bytes = clock() - began, transport.bytes_in
            at = TERMINAL.x + 60, TERMINAL.y + 60
            transport.send(PointerEvent(*at, 0))
            await asyncio.sleep(1.0)
            await asyncio.to_thread(film.play)
            await asyncio.sleep(3.0)
            updates, before, start = desktop.counters.updates, transport.bytes_in, clock()
            while clock() < start + seconds:
                desktop.echoed.clear()
                sent = clock()
                transport.send(KeyEvent(0x61, down=True), KeyEvent(0x61, down=False))
                async with asyncio.timeout(PATIENCE_S):
                    await desktop.echoed.wait()
                echoes.append(clock() - sent)
                await asyncio.sleep(KEY_INTERVAL_S)
            took = clock() - start
            rate, film_bytes = (desktop.counters.updates - updates) / took, transport.bytes_in - before
            quality = desktop.tuner.levels.quality
            film.stop()
            stopped = clock()
            await desktop.rest()
            meter = desktop.tuner.meter
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    return [
        name,
        f"{full_s:.2f}",
        f"{full_bytes / 1000:.0f}",
        f"{rate:.1f}",
        f"{film_bytes / took / 1000:.0f}",
        f"{1000 * statistics.median(echoes):.0f}",
        f"{1000 * max(echoes):.0f}",
        str(quality),
        f"{transport.read_at - stopped:.2f}",
        f"{(meter.bytes_s or 0) / 125_000:.2f}",
        f"{1000 * meter.round_trip_s:.0f}",
    ]


HEAD = [
    "client",
    "full update, s",
    "kB",
    "updates/s",
    "kB/s",
    "echo p50, ms",
    "max",
    "quality",
    "exact after, s",
    "Mbit/s seen",
    "round trip seen, ms",
]


class Film:
    """A program of its own that draws a moving picture on a display, and can be stopped."""

    def __init__(self, display: str) -> None:
        self._command = [sys.executable, "-m", "tests.bench.tuning", "--film", display]
        self._running: subprocess.Popen[bytes] | None = None

    def play(self) -> None:
        """Begin; returns when the first picture is drawn."""
        self._running = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._running.stdout is not None
        self._running.stdout.read(1)

    def stop(self) -> None:
        if self._running is not None:
            self._running.terminate()
            self._running.communicate()
            self._running = None


def draw_film(name: str) -> None:
    """Draw until SIGTERM: a landscape that moves, with grain."""
    server = xlib.Display(name)
    screen = server.screen()
    place = {"x": FILM.x, "y": FILM.y, "width": FILM.width, "height": FILM.height}
    window = screen.root.create_window(**place, border_width=0, depth=screen.root_depth, override_redirect=True)
    window.map()
    context = window.create_gc()
    land = landscape(1, FILM.height + 60, FILM.width + 200)
    rng = np.random.default_rng(1)
    frames = []
    for number in range(40):
        part = land[number : number + FILM.height, number * 4 : number * 4 + FILM.width].astype(np.int16)
        grained = np.clip(part + rng.integers(-6, 7, part.shape), 0, 255).astype(np.uint8)
        frames.append(cv2.cvtColor(grained, cv2.COLOR_BGR2BGRA))
    rows = 240_000 // (FILM.width * 4)
    number, due = 0, time.monotonic()
    while True:
        frame = frames[number % len(frames)]
        for y in range(0, FILM.height, rows):
            part = frame[y : y + rows]
            window.put_image(context, 0, y, FILM.width, len(part), X.ZPixmap, screen.root_depth, 0, part.tobytes())
        server.sync()
        if not number:
            print("playing", flush=True)
        number, due = number + 1, due + 1 / FILM_FPS
        time.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def desk(server: str, folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server with a picture and a terminal; yields DISPLAY and port."""
    xterm = require("xterm", "xterm")
    geometry = f"70x18+{TERMINAL.x}+{TERMINAL.y}"

    @contextmanager
    def furnished(display: str) -> Iterator[None]:
        paint_root(display, _page(), folder)
        command = [xterm, "-display", display, "-geometry", geometry, "-uc", "-e", "sh", "-c", "touch $0; exec cat"]
        ready = folder / "ready"
        with process([*command, ready]):
            wait_until(ready.exists, "the terminal")
            yield

    if server == "Xvnc":
        with xvnc(SIZE) as (display, port), furnished(display):
            yield display, port
    else:
        with x_server(SIZE) as display, furnished(display), x11vnc(display, "-nopw", "-noxdamage") as port:
            yield display, port


def _page() -> np.ndarray:
    """A desktop's background: half a photograph, half text."""
    land = landscape(3, SIZE.height, SIZE.width // 2)
    page = np.full((SIZE.height, SIZE.width - land.shape[1], 3), 250, np.uint8)
    for row in range(20, SIZE.height, 16):
        text = f"{row * 7919 % 10007} the quick brown fox jumps over the lazy dog {row * 31 % 997}"
        cv2.putText(page, text, (10, row), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (20, 20, 20), 1, cv2.LINE_AA)
    picture = np.hstack([page, land]).astype(np.uint32)
    return picture[:, :, 0] | picture[:, :, 1] << 8 | picture[:, :, 2] << 16


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tuning", description=__doc__.splitlines()[0])
    parser.add_argument("--mbit", type=float, nargs="+", default=[1, 4, 20])
    parser.add_argument("--servers", nargs="+", default=["Xvnc", "x11vnc"])
    parser.add_argument("--clients", nargs="+", default=list(CLIENTS))
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--film", metavar="DISPLAY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.film:
        draw_film(options.film)
    for server in options.servers:
        for mbit in options.mbit:
            print(f"\n{server}, {mbit:g} Mbit/s, {ROUND_TRIP_MS:g} ms\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
            for name in options.clients:
                with tempfile.TemporaryDirectory() as folder, desk(server, Path(folder)) as (display, port):
                    film = Film(display)
                    try:
                        with linked(port, LinkSettings(mbit, ROUND_TRIP_MS), Path(folder)) as count:
                            row = asyncio.run(measure(count.port, name, options.seconds, film))
                    finally:
                        film.stop()
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
