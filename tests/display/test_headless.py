import asyncio

import numpy as np

from edge.display.base import CloseRequested, Display, KeyInput, PointerInput
from edge.display.headless import HeadlessDisplay
from edge.geometry import Rect, Size
from edge.pixels import blank


async def test_only_the_damage_of_a_known_picture_is_taken_over() -> None:
    display: Display = HeadlessDisplay()
    async with display as headless:
        assert isinstance(headless, HeadlessDisplay)
        assert headless.shown is None
        picture = blank(Size(8, 6), 0x111111)
        await display.present(picture, [])
        picture[:] = 0x222222
        await display.present(picture, [Rect(2, 1, 3, 2)])
        expected = blank(Size(8, 6), 0x111111)
        expected[1:3, 2:5] = 0x222222
        np.testing.assert_array_equal(headless.shown, expected)


async def test_a_picture_of_another_size_is_taken_over_whole() -> None:
    display = HeadlessDisplay(Size(8, 6))
    assert display.size == Size(8, 6)
    await display.present(blank(Size(8, 6)), [])
    await display.present(blank(Size(4, 4), 7), [])
    np.testing.assert_array_equal(display.shown, blank(Size(4, 4), 7))


async def test_waiting_ends_when_the_wanted_picture_is_presented() -> None:
    display = HeadlessDisplay()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        wanted = group.create_task(display.shows(lambda picture: bool(picture[0, 0] == 2)))
        for colour in (1, 2):
            await asyncio.sleep(0)
            await display.present(blank(Size(2, 2), colour), [Rect(0, 0, 2, 2)])
    assert (await wanted)[1, 1] == 2


async def test_injected_input_comes_out_in_order() -> None:
    display = HeadlessDisplay()
    events = (PointerInput(3, 4, 1), KeyInput(0x61, True), CloseRequested())
    display.inject(*events)
    assert tuple([await display.next_input() for _ in events]) == events
