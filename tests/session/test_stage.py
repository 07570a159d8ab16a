"""What is on the display: pictures, a cursor over them, a banner in the corner."""

import asyncio
from contextlib import asynccontextmanager

import numpy as np
import pytest

from edge.display.headless import HeadlessDisplay
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import blank
from edge.rfb.events import CursorChanged
from edge.session.stage import MAX_RECTANGLES, Stage

SIZE = Size(64, 48)
BANNER = blank(Size(20, 6), 0xABCDEF)
CORNER = np.s_[:6, -20:]


class RecordingDisplay(HeadlessDisplay):
    """Keeps the damage of each presentation."""

    def __init__(self):
        super().__init__()
        self.damage = []

    async def present(self, picture, damage):
        self.damage.append(list(damage))
        await super().present(picture, damage)


@asynccontextmanager
async def on_stage():
    display = RecordingDisplay()
    stage = Stage(display)
    task = asyncio.create_task(stage.run())
    try:
        yield stage, display
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


def noise(seed, size=SIZE):
    return np.random.default_rng(seed).integers(0, 1 << 24, size.shape, dtype=np.uint32)


def cursor(side=4):
    return CursorChanged(0, 0, np.full((side, side, 4), 255, dtype=np.uint8))


async def test_only_damage_is_presented_and_what_comes_together_is_shown_together():
    async with on_stage() as (stage, display):
        picture = noise(1)
        stage.show(picture, [])
        await stage.turn()
        assert display.damage == [[SIZE.rect]]
        picture[:8, :8] = 1
        picture[20:24, 30:40] = 2
        stage.show(picture, [Rect(0, 0, 8, 8)])
        stage.show(picture, [Rect(30, 20, 10, 4)])
        await stage.turn()
        assert display.damage[1:] == [[Rect(0, 0, 8, 8), Rect(30, 20, 10, 4)]]
        assert np.array_equal(display.shown, picture)


async def test_very_much_damage_becomes_one_rectangle_around_it():
    async with on_stage() as (stage, display):
        picture = noise(1)
        stage.show(picture, [])
        await stage.turn()
        picture[:] = noise(2)
        for number in range(MAX_RECTANGLES + 1):
            stage.show(picture, [Rect(number % 60, number // 60, 4, 44)])
        await stage.turn()
        assert display.damage[-1] == [Rect(0, 0, 63, 48)]
        assert np.array_equal(display.shown[:, :63], picture[:, :63])


async def test_banner_lies_over_what_changes_and_leaves_nothing_behind():
    async with on_stage() as (stage, display):
        picture = noise(1)
        stage.show(picture, [])
        stage.set_banner(BANNER)
        await stage.turn()
        assert (display.shown[CORNER] == BANNER).all()
        picture[:] = noise(2)
        stage.show(picture, [SIZE.rect])
        await stage.turn()
        assert (display.shown[CORNER] == BANNER).all()
        assert np.array_equal(display.shown[6:], picture[6:])
        stage.set_banner(blank(Size(10, 3), 0x123456))
        await stage.turn()
        assert (display.shown[:3, -10:] == 0x123456).all()
        assert np.array_equal(display.shown[3:], picture[3:])
        stage.set_banner(None)
        await stage.turn()
        assert np.array_equal(display.shown, picture)


async def test_banner_larger_than_the_picture_is_cut():
    async with on_stage() as (stage, display):
        stage.show(noise(1, Size(8, 4)), [])
        stage.set_banner(BANNER)
        await stage.turn()
        assert (display.shown == 0xABCDEF).all()


async def test_banner_set_before_the_first_picture_is_shown_with_it():
    async with on_stage() as (stage, display):
        stage.set_banner(BANNER)
        stage.show(noise(1), [])
        await stage.turn()
        assert (display.shown[CORNER] == BANNER).all()


async def test_no_cursor_is_drawn_until_it_is_known_where():
    async with on_stage() as (stage, display):
        picture = blank(SIZE)
        stage.show(picture, [])
        stage.set_cursor(cursor())
        await stage.turn()
        assert not display.shown.any()
        stage.move_pointer(10, 12)
        await stage.turn()
        assert (display.shown[12:16, 10:14] == 0xFFFFFF).all()
        stage.move_pointer(30, 20)
        await stage.turn()
        assert (display.shown[20:24, 30:34] == 0xFFFFFF).all()
        assert np.count_nonzero(display.shown) == 16


async def test_cursor_is_kept_by_another_size_and_hidden_by_a_screen():
    async with on_stage() as (stage, display):
        stage.show(blank(SIZE), [])
        stage.move_pointer(10, 12)
        stage.set_cursor(cursor())
        stage.show(blank(Size(32, 32)), [])
        await stage.turn()
        assert display.shown.shape == (32, 32)
        assert (display.shown[12:16, 10:14] == 0xFFFFFF).all()
        stage.show_screen(blank(SIZE, 5))
        await stage.turn()
        assert stage.on_screen
        assert (display.shown == 5).all()


async def test_nothing_is_left_when_all_is_forgotten():
    async with on_stage() as (stage, display):
        stage.show(noise(1), [])
        stage.set_cursor(cursor())
        stage.move_pointer(10, 12)
        stage.set_banner(BANNER)
        await stage.turn()
        stage.forget()
        assert not stage.picture.any()
        stage.show(blank(SIZE, 7), [])
        await stage.turn()
        assert (display.shown == 7).all()
        stage.set_cursor(cursor())
        await stage.turn()
        assert (display.shown == 7).all()


async def test_composed_picture_is_kept_in_the_file(tmp_path):
    display = HeadlessDisplay()
    stage = Stage(display, tmp_path / "picture")
    task = asyncio.create_task(stage.run())
    for seed, size in ((1, SIZE), (2, SIZE), (3, Size(16, 16))):
        picture = noise(seed, size)
        stage.show(picture, [])
        await stage.turn()
        kept = np.fromfile(tmp_path / "picture", dtype=np.uint32).reshape(size.shape)
        assert np.array_equal(kept, picture)
    task.cancel()
    await asyncio.wait({task})


async def test_failure_of_the_display_ends_the_loop():
    class BrokenDisplay(HeadlessDisplay):
        async def present(self, picture, damage):
            raise DisplayError("the screen is gone")

    stage = Stage(BrokenDisplay())
    stage.show(blank(SIZE), [])
    with pytest.raises(DisplayError):
        await stage.run()
