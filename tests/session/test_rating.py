import numpy as np
import pytest

from edge.geometry import Size
from edge.rfb import EncodingNumber
from edge.rfb.commands import FramebufferUpdateRequest, SetScale
from edge.rfb.events import DesktopResized, RectangleDecoded, UpdateFinished
from edge.session.rating import CORNER, SMALLEST, Rating
from tests.session.test_desktop import showing, until

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


def test_once_both_connections_were_rated_nobody_watches(rating):
    for _ in range(7):
        assert rating.take(TOUCH) == (WATCH,)
    assert rating.take(TOUCH) == ()
    assert rating.watch() == ()
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


async def test_what_is_typed_keeps_coming_while_x11vnc_rates_the_connections(desktop):
    async with showing(desktop.port) as session:
        session.pointer(300, 300, 0)
        for number in range(30):
            updates = session.report().updates
            session.key(ord("a") + number % 26, down=True)
            session.key(ord("a") + number % 26, down=False)
            await until(lambda: session.report().updates > updates, f"key {number} is seen", patience_s=4)  # noqa: B023
        await until(lambda: session.report().fraction_exact == 1, "all is exact in the end")
