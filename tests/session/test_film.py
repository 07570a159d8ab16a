import asyncio
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from Xlib import X
from Xlib import display as xlib

from edge.framebuffer.reduction import Reduction
from edge.geometry import Grid, Rect, Size
from edge.pixels import from_bgr
from edge.restore.sharpen import SharpenPolicy
from edge.session.film import LEAST_TILES, PLAYS_TIMES, STILL_S, Film
from tests.session.conftest import SIZE, Desktop
from tests.session.test_desktop import CORNER, showing, until

GRID = Grid(Size(480, 270), 8)
ALL, NONE = GRID.mask(value=True), GRID.mask()


def tiles(rect: Rect) -> np.ndarray:
    mask = GRID.mask()
    mask[GRID.touched(rect)] = True
    return mask


SCREEN = tiles(Rect(80, 80, 160, 90))


def played(film: Film, drawn: np.ndarray, pictures: np.ndarray, times: int, every_s: float) -> list[bool]:
    return [film.updated(drawn, pictures, number * every_s) for number in range(times)]


def test_film_begins_once_a_picture_was_drawn_again_and_again():
    assert played(Film(GRID), SCREEN, ALL, PLAYS_TIMES + 4, 0.1) == [False] * PLAYS_TIMES + [True] + [False] * 3


def test_neither_scrolling_text_nor_a_slide_show_nor_an_icon_is_film():
    assert not any(played(Film(GRID), SCREEN, NONE, 50, 0.1))
    assert not any(played(Film(GRID), SCREEN, ALL, 50, STILL_S * 1.5))
    few = NONE.copy()
    few.flat[: LEAST_TILES - 1] = True
    assert not any(played(Film(GRID), few, ALL, 50, 0.1))


def test_film_ends_at_rest_with_all_that_was_drawn_meanwhile():
    film = Film(GRID)
    played(film, SCREEN, ALL, PLAYS_TIMES + 1, 0.1)
    beside = tiles(Rect(0, 0, 8, 8))
    film.updated(SCREEN | beside, SCREEN, 0.6)
    assert film.ended(0.7) is None
    film.updated(beside, SCREEN, 1.0)
    assert np.array_equal(film.ended(0.6 + STILL_S), SCREEN | beside)
    assert film.ended(10.0) is None
    assert not film.playing


class Cinema:
    """A window that shows a cloudy picture, which drifts while it plays."""

    AREA = Rect(320, 96, 480, 320)

    def __init__(self, display: str) -> None:
        self._display = xlib.Display(display)
        screen = self._display.screen()
        rect = self.AREA
        self._window = screen.root.create_window(
            rect.x, rect.y, rect.width, rect.height, 0, screen.root_depth, override_redirect=True
        )
        self._window.map()
        self._gc = self._window.create_gc()
        coarse = np.random.default_rng(1).integers(0, 255, (20, 24, 3)).astype(np.float32)
        self._clouds = cv2.resize(coarse, (960, 640), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
        self.shown = 0

    def show(self) -> None:
        """Draw the next frame."""
        x, y = 3 * self.shown % 480, 2 * self.shown % 320
        frame = from_bgr(np.ascontiguousarray(self._clouds[y : y + self.AREA.height, x : x + self.AREA.width]))
        for top in range(0, self.AREA.height, 64):
            data = frame[top : top + 64].tobytes()
            self._window.put_image(self._gc, 0, top, self.AREA.width, 64, X.ZPixmap, 24, 0, data)
        self._display.sync()
        self.shown += 1

    def close(self) -> None:
        self._display.close()

    async def play(self) -> None:
        while True:
            await asyncio.to_thread(self.show)
            await asyncio.sleep(0.06)


@pytest.fixture
def cinema(desktop: Desktop) -> Iterator[Cinema]:
    cinema = Cinema(desktop.display)
    yield cinema
    cinema.close()


async def test_film_is_coded_lossily_and_ends_with_exact_evidence(desktop, cinema):
    async with showing(desktop.port, sharpen=SharpenPolicy.TEXT) as session:
        film, framebuffer = session._desktop._film, session._desktop._framebuffer
        playing = asyncio.create_task(cinema.play())
        await until(lambda: film.playing, "the film is noticed")
        await asyncio.sleep(1)
        assert film.playing
        playing.cancel()
        await until(lambda: not film.playing, "its end is noticed")
        reduction = Reduction(SIZE, 4)
        corner = reduction.to_low(CORNER)

        def exact() -> bool:
            ours, native = framebuffer.picture.copy(), reduction.reduce(desktop.pixels(), reduction.low.rect)
            ours[corner.slices] = native[corner.slices] = 0
            return bool(np.array_equal(ours, native))

        await until(exact, "evidence is what the native picture is reduced to")
        await until(lambda: session.report().fraction_text_exact == 1, "text is exact")
