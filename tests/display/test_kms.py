"""The display over a card in memory; the same code runs on a real driver in a virtual machine."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.display.kms import uapi
from edge.display.kms.card import Card, Mode
from edge.display.kms.monitor import Monitor, open_card
from edge.display.kms.pipe import choose_mode
from edge.display.kms.uapi import Request
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank
from tests.display.fake_card import FakeCard, mode

SIZE = Size(64, 48)
SMALL, LARGE = Size(32, 24), Size(128, 96)


def noise(size: Size, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 1 << 24, size.shape, dtype=np.uint32)


class Plug:
    """The hot-plug signal of a test."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()

    @contextmanager
    def __call__(self) -> Iterator[asyncio.Event]:
        yield self.changed


@asynccontextmanager
async def on(
    card: FakeCard, plug: Plug | None = None, wanted: Size | None = None, connector: str = ""
) -> AsyncIterator[Monitor]:
    async with Monitor(lambda: Card(card, "card0"), wanted, connector, plug or Plug()) as display:
        yield display


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the card in memory tells nobody what it shows
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("atomic", [True, False])
async def test_what_is_presented_stands_on_the_monitor(atomic: bool) -> None:
    card, picture = FakeCard(atomic=atomic), noise(SIZE)
    async with on(card) as display:
        assert display.size == SIZE
        await display.present(picture, [SIZE.rect])
        np.testing.assert_array_equal(card.shown, picture)
        for step in range(5):
            picture[step : step + 4, 10:20] = step
            await display.present(picture, [Rect(10, step, 10, 4)])
            np.testing.assert_array_equal(card.shown, picture)
    assert card.closed


async def test_a_line_of_text_writes_no_more_than_itself_to_each_buffer() -> None:
    card, picture = FakeCard(), noise(SIZE)
    async with on(card) as display:
        for _ in range(3):
            await display.present(picture, [SIZE.rect])
        line = Rect(8, 16, 40, 8)
        picture[line.slices] = 1
        await display.present(picture, [line])
        before = display.written_bytes
        other = Rect(8, 32, 40, 8)
        picture[other.slices] = 2
        await display.present(picture, [other])
        assert display.written_bytes - before == 2 * line.area * 4
        assert card.damages[-1] == [(8, 16, 48, 24), (8, 32, 48, 40)]
        np.testing.assert_array_equal(card.shown, picture)


async def test_a_legacy_driver_is_told_no_damage_and_an_atomic_one_is() -> None:
    for atomic, told in ((True, [(0, 0, 64, 48)]), (False, [])):
        card = FakeCard(atomic=atomic)
        async with on(card) as display:
            await display.present(noise(SIZE), [SIZE.rect])
        assert card.damages == [told]


async def test_a_flip_waits_for_the_one_before() -> None:
    card, picture = FakeCard(blank_at_once=False), noise(SIZE)
    async with on(card) as display:
        await display.present(picture, [SIZE.rect])
        picture[0, 0] = 7
        second = asyncio.create_task(display.present(picture, [Rect(0, 0, 1, 1)]))
        await asyncio.sleep(0.05)
        assert (card.flips, second.done()) == (1, False)
        card.vertical_blank()
        await second
        assert card.flips == 2


async def test_what_does_not_change_is_not_flipped() -> None:
    card, picture = FakeCard(), noise(SIZE)
    async with on(card) as display:
        await display.present(picture, [SIZE.rect])
        await display.present(picture, [])
        flips = card.flips
        await display.present(picture, [])
        assert card.flips == flips


@pytest.mark.parametrize("size", [SMALL, LARGE, Size(64, 20), Size(20, 48)])
async def test_a_picture_of_another_size_fills_the_screen_as_far_as_its_shape_allows(size: Size) -> None:
    card = FakeCard()
    async with on(card) as display:
        picture = blank(size, 0x204060)
        await display.present(picture, [size.rect])
        assert card.shown is not None
        rows, columns = np.nonzero(card.shown)
        box = Rect(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
        assert (box.width, box.height) in ((64, box.height), (box.width, 48))
        assert abs(box.width * size.height - box.height * size.width) <= max(size.width, size.height)
        assert (card.shown[box.slices] == 0x204060).all()


@pytest.mark.parametrize("size", [SMALL, LARGE, Size(50, 37)])
async def test_a_part_of_a_scaled_picture_looks_as_in_the_whole(size: Size) -> None:
    piecewise, at_once, picture = FakeCard(), FakeCard(), noise(size)
    async with on(piecewise) as display:
        await display.present(picture, [size.rect])
        for seed, rect in enumerate((Rect(3, 4, 5, 6), Rect(size.width - 7, size.height - 5, 7, 5), Rect(9, 2, 1, 1))):
            picture[rect.slices] = noise(rect.size, seed)
            await display.present(picture, [rect])
    async with on(at_once) as display:
        await display.present(picture, [size.rect])
    np.testing.assert_array_equal(piecewise.shown, at_once.shown)


async def test_rgb565_is_what_a_card_without_xrgb8888_gets() -> None:
    card, picture = FakeCard(formats=(uapi.RGB565,)), noise(SIZE)
    async with on(card) as display:
        await display.present(picture, [SIZE.rect])
    np.testing.assert_array_equal(card.shown, picture & 0xF8FCF8)


async def test_the_configured_size_and_connector_are_taken() -> None:
    card = FakeCard([mode(SIZE, preferred=True), mode(SMALL), mode(LARGE)])
    async with on(card, wanted=SMALL, connector="HDMI-A-1") as display:
        assert display.size == SMALL
    async with on(FakeCard(), connector="DP-7") as display:
        assert display.size is None


def test_of_the_modes_the_preferred_one_is_taken_unless_another_is_wanted() -> None:
    modes = [Mode.of(each) for each in (
        mode(LARGE, 30), mode(SIZE, 60, preferred=True), mode(LARGE, 60), mode(LARGE, 120, interlaced=True), mode(SMALL)
    )]  # fmt: skip
    assert str(choose_mode(modes, None)) == "64x48@60"
    assert str(choose_mode(modes, LARGE)) == "128x96@60"
    assert str(choose_mode(modes, Size(1, 1))) == "64x48@60"
    assert str(choose_mode([modes[0], modes[3]], None)) == "128x96@30"


async def test_a_monitor_that_is_plugged_in_later_shows_the_picture() -> None:
    card, plug, picture = FakeCard([]), Plug(), noise(SIZE)
    async with on(card, plug) as display:
        assert display.size is None
        await display.present(picture, [SIZE.rect])
        card.modes = [mode(SIZE, preferred=True)]
        plug.changed.set()
        await until(lambda: card.shown is not None and np.array_equal(card.shown, picture))


async def test_another_monitor_gets_buffers_of_its_own_size_and_the_old_ones_are_given_back() -> None:
    card, plug, picture = FakeCard(), Plug(), noise(SIZE)
    async with on(card, plug) as display:
        await display.present(picture, [SIZE.rect])
        card.modes = [mode(LARGE, preferred=True)]
        plug.changed.set()
        await until(lambda: display.size == LARGE)
        picture[:] = 0x123456
        await display.present(picture, [SIZE.rect])
        np.testing.assert_array_equal(card.shown, blank(LARGE, 0x123456))
        assert card.buffers == 2


async def test_a_screen_that_another_program_has_is_taken_once_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    card, plug, picture = FakeCard(), Plug(), noise(SIZE)
    async with on(card, plug) as display:
        await display.present(picture, [SIZE.rect])
        card.refusals[Request.MODE_ATOMIC] = errno.EACCES
        picture[:] = 5
        await display.present(picture, [SIZE.rect])
        assert "another program has the screen" in caplog.text
        del card.refusals[Request.MODE_ATOMIC]
        plug.changed.set()
        await until(lambda: np.array_equal(card.shown, picture))


def test_a_card_that_only_renders_is_refused() -> None:
    card = FakeCard(dumb=False)
    with pytest.raises(DisplayError, match="no dumb buffers"):
        Card(card, "card0")
    card.close()


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DisplayError, match=r"card7: No such file.*group video"):
        open_card(tmp_path / "card7")


def test_a_driver_that_counts_without_end_is_refused() -> None:
    class Endless(FakeCard):
        def _mode_getresources(self, found: uapi.CardResources) -> None:
            found.count_connectors = 1 << 31

    card = Endless()
    with pytest.raises(DisplayError, match="2147483648 objects"):
        Card(card, "card0")
    card.close()
