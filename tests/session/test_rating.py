import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from edge.geometry import Rect, Size
from edge.rfb import EncodingNumber
from edge.rfb.commands import FramebufferUpdateRequest, SetScale
from edge.rfb.events import DesktopResized, RectangleDecoded, UpdateFinished
from edge.session.rating import CORNER, SMALLEST, Rating
from edge.session.transport import Endpoint, RfbTransport
from tests.session.test_desktop import INSECURE, SIZE, until

NATIVE = Size(1920, 1080)
SMALL = Size(7, 4)
WATCH = FramebufferUpdateRequest(CORNER, incremental=True)
ALL_SMALL = FramebufferUpdateRequest(SMALL.rect, incremental=True)
TOUCH = RectangleDecoded(CORNER, np.zeros((16, 16), dtype=np.uint32), EncodingNumber.ZRLE)
FINISHED = UpdateFinished(28)


@pytest.fixture
def rating() -> Rating:
    """A rating whose first answer, which says nothing, has come."""
    rating = Rating(NATIVE, round_trip_s=0.04)
    assert rating.watch() == (WATCH,)
    assert rating.take(TOUCH) == (WATCH,)
    assert not rating.busy
    return rating


def test_connection_at_rest_is_rated_without_a_change_of_scale(rating):
    for _ in range(3):
        assert rating.take(TOUCH) == (WATCH,)
        assert rating.busy
    assert rating.take(TOUCH) == (WATCH,)
    assert not rating.busy


def test_connection_with_changes_left_goes_small_and_comes_back(rating):
    rating.take(TOUCH)
    assert rating.nothing_came() == (SetScale(SMALLEST), ALL_SMALL)
    assert rating.take(DesktopResized(SMALL)) == ()
    assert rating.small
    for _ in range(4):
        assert rating.take(FINISHED) == (ALL_SMALL,)
    assert rating.take(FINISHED) == (SetScale(1), WATCH)
    assert rating.take(DesktopResized(NATIVE)) == (WATCH,)
    assert not rating.busy
    assert not rating.small


def test_corner_that_changes_by_itself_is_taken_for_a_rating_three_times_at_most(rating):
    for _ in range(3):
        assert rating.watch() == (WATCH,)
        rating.take(TOUCH)
        rating.nothing_came()
        rating.take(DesktopResized(SMALL))
        assert rating.nothing_came() == (SetScale(1), WATCH)
        rating.take(DesktopResized(NATIVE))
    assert rating.watch() == ()


def test_two_touches_are_enough_to_know_that_the_server_is_not_stuck(rating):
    rating.take(TOUCH)
    rating.take(TOUCH)
    assert rating.nothing_came() == (WATCH,)
    assert not rating.busy


async def test_another_client_sees_changes_while_this_one_is_rated(desktop):
    """Fetch a part of a busy screen, as sharpening does, and watch over a second connection whether x11vnc stops."""
    encodings = (EncodingNumber.RAW, EncodingNumber.DESKTOP_SIZE, EncodingNumber.SUPPORTED_MESSAGES)
    raw = replace(INSECURE, encodings=encodings)
    with ThreadPoolExecutor(2) as executor:
        full, connected = await RfbTransport.open(Endpoint("127.0.0.1", desktop.port), raw, executor)
        low, _ = await RfbTransport.open(Endpoint("127.0.0.1", desktop.port), INSECURE, executor)
        async with full, low, asyncio.TaskGroup() as group:
            rating = Rating(connected.size, round_trip_s=0.01)
            updates = 0
            heard_at = asyncio.get_running_loop().time()
            touched = False

            async def be_rated() -> None:
                nonlocal heard_at, touched
                full.send(*rating.watch(), FramebufferUpdateRequest(Rect(0, 100, SIZE.width, 400), incremental=False))
                while True:
                    for event in await full.receive():
                        full.send(*rating.take(event))
                        touched |= rating.busy
                        if isinstance(event, UpdateFinished):
                            full.send(*rating.watch())
                        heard_at = asyncio.get_running_loop().time()

            async def tick() -> None:
                while True:
                    await asyncio.sleep(0.02)
                    if rating.busy and asyncio.get_running_loop().time() > heard_at + rating.patience_s:
                        full.send(*rating.nothing_came())

            async def watch_the_screen() -> None:
                nonlocal updates
                low.send(FramebufferUpdateRequest(SIZE.rect, incremental=False))
                while True:
                    for event in await low.receive():
                        if isinstance(event, UpdateFinished):
                            updates += 1
                            low.send(FramebufferUpdateRequest(SIZE.rect, incremental=True))

            tasks = [group.create_task(work()) for work in (be_rated, tick, watch_the_screen)]
            await until(lambda: touched, "x11vnc rates the connection")
            await until(lambda: not rating.busy, "the rating is over", patience_s=4)
            seen, before = updates, desktop.pixels()
            desktop.run("xdotool", "mousemove", "300", "300", "sleep", "0.2", "type", "xyz")
            await until(lambda: (desktop.pixels() != before).any(), "what is typed is there")
            await until(lambda: updates > seen, "what is typed is sent", patience_s=4)
            for task in tasks:
                task.cancel()
