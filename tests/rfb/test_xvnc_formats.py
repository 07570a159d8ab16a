"""RRE and Hextile, and every pixel format as TigerVNC sends them, against the X server's own picture."""

import numpy as np
import pytest

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb import ColourMapChanged, EncodingNumber, PixelFormat, RectangleDecoded
from tests.rfb.desk import import_root, page, paint_root, terminal
from tests.rfb.drive import open_settings
from tests.rfb.viewer import viewer
from tests.rfb.wire import FORMATS, Wire
from tests.servers import xvnc

SIZE = Size(800, 600)
NUMBERS = EncodingNumber
ENCODINGS = [NUMBERS.RAW, NUMBERS.RRE, NUMBERS.HEXTILE, NUMBERS.TIGHT, NUMBERS.ZRLE]
# Xvnc closes the connection on colours of more than 8 bits; and ZRLE takes no notice of a depth above 24.
NAMES = ["xrgb", "xbgr", "xrgb-big", "rgbx", "rgbx-big", "rgb565", "rgb565-big", "bgr555", "bgr233"]


@pytest.fixture
def desk(tmp_path):
    """An Xvnc with a page of text on coloured squares: its display and port."""
    with xvnc(SIZE) as (display, port):
        paint_root(display, page(SIZE), tmp_path)
        with terminal(display):
            yield display, port


def is_near(one: Picture, other: Picture, pixel_format: PixelFormat) -> bool:
    """Whether two pictures differ by no more than one level of the format."""
    for shift, channel in zip((16, 8, 0), pixel_format.channels, strict=True):
        levels = (one >> shift & 255).astype(int) - (other >> shift & 255)
        if np.abs(levels).max() * channel.maximum > 255:
            return False
    return True


@pytest.mark.parametrize("name", NAMES)
async def test_picture_is_the_same_in_every_encoding_and_near_the_native_one(desk, name):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.shows(lambda: import_root(display, SIZE))
        native = found.picture
    pictures = []
    for encoding in ENCODINGS:
        settings = open_settings(encodings=(encoding, NUMBERS.CURSOR), pixel_format=FORMATS[name])
        async with viewer(port, settings) as found:
            pictures.append(await found.refresh())
            assert encoding in {event.encoding for event in found.events if isinstance(event, RectangleDecoded)}
    assert is_near(pictures[0], native, FORMATS[name])
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)
    if FORMATS[name].red_max == 255:
        assert np.array_equal(pictures[0], native)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda number: number.name)
async def test_colour_map_that_is_asked_for_is_near_the_native_picture(desk, encoding):
    display, port = desk
    settings = open_settings(encodings=(encoding, NUMBERS.CURSOR), pixel_format=PixelFormat(8, 8, False, False))
    async with viewer(port, settings) as found:
        await found.receive(ColourMapChanged)
        got = await found.refresh()
        assert is_near(got, import_root(display, SIZE), FORMATS["bgr233"])


@pytest.mark.parametrize(("depth", "name"), [(16, "rgb565"), (24, "xrgb")])
async def test_picture_is_the_native_one_in_the_format_of_the_server(depth, name):
    part, form = Rect(0, 0, 380, 280), Wire(FORMATS[name])
    with xvnc(SIZE, "-depth", str(depth)) as (display, port), terminal(display):
        for encoding in ENCODINGS:
            settings = open_settings(encodings=(encoding, NUMBERS.CURSOR), pixel_format=None)
            async with viewer(port, settings) as found:
                await found.refresh()
                await found.shows(lambda: form.shown(import_root(display, SIZE))[part.slices], part)
