"""The two things that are shown: pages of text in a browser, and photographs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage import data

from edge.geometry import Grid, Size
from edge.pixels import Picture, from_bgr
from tests.bench.desktop import SCREEN, bare_desktop
from tests.bench.pages import KEYS, write_pages
from tests.bench.programs import chromium
from tests.rfb.desk import paint_root
from tests.servers import wait_until, x_server

_PHOTOGRAPHS = (data.astronaut, data.coffee, data.chelsea, data.rocket)
_PIECE_PX = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A display, and what turns to its next page and waits until it is there."""

    display: str
    turn: Callable[[int], None]


@contextmanager
def text_desktop() -> Iterator[Shown]:
    """Show an article, a table and a list of messages in Chromium, in Korean and Latin letters."""
    with bare_desktop(SCREEN) as desktop, chromium(desktop, write_pages(desktop.folder)["0"]):

        def turn(number: int) -> None:
            key = "123"[number % 3]
            desktop.do("key", key)
            desktop.wait_for_window(KEYS[key])
            wait_still(desktop.pixels)

        yield Shown(desktop.display, turn)


@contextmanager
def picture_desktop(folder: Path, size: Size = SCREEN) -> Iterator[Shown]:
    """Show photographs, others on each page."""
    with x_server(size) as display:
        yield Shown(display, lambda number: paint_root(display, mosaic(size, number), folder))


def mosaic(size: Size, seed: int) -> Picture:
    """Cut pieces of photographs, none of them enlarged or reduced, that fill a screen."""
    random = np.random.default_rng(seed)
    photographs = [np.asarray(photograph()) for photograph in _PHOTOGRAPHS]
    out = np.empty((*size.shape, 3), dtype=np.uint8)
    for area in (Grid(size, _PIECE_PX).rect(row, column) for row, column in np.ndindex(Grid(size, _PIECE_PX).shape)):
        photograph = photographs[random.integers(len(photographs))]
        y, x = (random.integers(limit - _PIECE_PX + 1) for limit in photograph.shape[:2])
        out[area.slices] = photograph[y : y + area.height, x : x + area.width, ::-1]
    return from_bgr(out)


def wait_still(pixels: Picture, quiet_s: float = 0.5) -> None:
    """Wait until a screen has not changed for a while."""
    last, since = pixels.copy(), time.monotonic()

    def quiet() -> bool:
        nonlocal last, since
        if not np.array_equal(last, pixels):
            last, since = pixels.copy(), time.monotonic()
        return time.monotonic() - since > quiet_s

    wait_until(quiet, "the desktop comes to rest")
