"""Sessions of real servers, replayed: see `tests.rfb.goldens.golden`."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.geometry import Size
from edge.pixels import Picture, blank, to_bgr
from edge.rfb import Connected, Connection, DesktopResized, Event, RectangleCopied, RectangleDecoded
from edge.rfb.pixel_format import PixelFormat
from tests.rfb.drive import cut, run
from tests.rfb.goldens import golden
from tests.rfb.goldens.golden import Golden

#: Mean difference of a colour from the native one, of 255 levels, that JPEG of quality 6 and ZYWRLE stay under.
LOSS = 12
SINGLE_BYTES = 60_000


@cache
def whole(name: str) -> tuple[list[tuple[object, ...]], str, bytes]:
    found = golden.load(name)
    return run([found.server], found.settings.connection_settings())


def replay(found: Golden) -> list[Event]:
    connection = Connection(found.settings.connection_settings())
    events = connection.receive_data(found.server)
    while connection.more:
        events += connection.receive_more()
    return events


def shown(events: list[Event]) -> Picture:
    """What a viewer shows after the events."""
    picture = blank(Size(0, 0))
    for event in events:
        match event:
            case Connected(size):
                picture = blank(size)
            case DesktopResized(size) if size.shape != picture.shape:
                picture = blank(size)
            case RectangleDecoded(rect, pixels):
                picture[rect.slices] = pixels
            case RectangleCopied(rect, x, y):
                picture[rect.slices] = picture[y : y + rect.height, x : x + rect.width].copy()
    return picture


def steps(pixel_format: PixelFormat) -> list[int]:
    """How far blue, green and red may be from the native ones: less than one step of the format's own levels."""
    # A colour map has at least as many levels as the 3, 3 and 2 bits that servers fill it with.
    maxima = [pixel_format.blue_max, pixel_format.green_max, pixel_format.red_max]
    return [255 // (maximum or least) for maximum, least in zip(maxima, (3, 7, 7), strict=True)]


@pytest.mark.parametrize("name", golden.names())
def test_golden_ends_with_the_picture_that_the_server_showed(name):
    found = golden.load(name)
    got = to_bgr(shown(replay(found))).astype(int)
    expected = to_bgr(found.shown)
    assert got.shape == expected.shape
    difference = np.abs(got - expected)
    if found.settings.lossy:
        assert difference.mean() < LOSS
    elif found.pixel_format.depth == 24:
        assert not difference.any()
    else:
        assert (difference <= steps(found.pixel_format)).all()


@pytest.mark.parametrize("name", golden.names())
def test_golden_is_the_same_byte_by_byte(name):
    found = golden.load(name)
    # The long ones are long because their pixels are raw: what differs in a byte's place has come by then.
    pieces = cut(found.server, [*range(1, SINGLE_BYTES), *range(SINGLE_BYTES, len(found.server), 1009)])
    assert run(pieces, found.settings.connection_settings()) == whole(name)


@settings(max_examples=40)
@given(st.data())
def test_golden_is_the_same_however_it_is_cut(data):
    name = data.draw(st.sampled_from(golden.names()))
    found = golden.load(name)
    places = data.draw(st.lists(st.integers(0, len(found.server)), max_size=30))
    assert run(cut(found.server, places), found.settings.connection_settings()) == whole(name)
