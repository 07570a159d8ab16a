"""The classic encodings and every pixel format as LibVNCServer sends them, against the X server's own picture."""

import numpy as np
import pytest

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb import (
    XRGB8888,
    ColourMapChanged,
    ConnectionSettings,
    EncodingNumber,
    PixelFormat,
    RectangleDecoded,
    jpeg_quality,
)
from tests.rfb.desk import import_root, page, paint_root, terminal
from tests.rfb.drive import open_settings
from tests.rfb.viewer import Viewer, viewer
from tests.rfb.wire import FORMATS, Wire
from tests.servers import screen_pixels, x11vnc, x_server

SIZE = Size(800, 600)
NUMBERS = EncodingNumber
CLASSIC = [NUMBERS.RRE, NUMBERS.CORRE, NUMBERS.HEXTILE, NUMBERS.ZLIB]
# Formats in which LibVNCServer's own ZRLE is right: of 15 bits it sends half of each raw tile, and of colours in the
# high bytes of little-endian pixels it sends the low ones, as 255 << 24 is negative there. It takes no notice of depth.
ALL = [NUMBERS.RAW, *CLASSIC, NUMBERS.TIGHT, NUMBERS.ZRLE]
BUT_ZRLE = ALL[:-1]
WITH_ZRLE = ["xrgb", "rgbx-big", "rgb30", "rgb565", "rgb565-big", "bgr233"]
WITHOUT_ZRLE = ["bgr555", "rgbx", "x-rgb-in-32"]


@pytest.fixture
def desk(tmp_path):
    """A display with a page of text on coloured squares, and the folder of its framebuffer."""
    with x_server(SIZE, tmp_path) as display:
        paint_root(display, page(SIZE), tmp_path)
        with terminal(display):
            yield display, tmp_path


def used(found: Viewer) -> set[int]:
    return {event.encoding for event in found.events if isinstance(event, RectangleDecoded)}


@pytest.mark.parametrize("name", [*WITH_ZRLE, *WITHOUT_ZRLE])
async def test_picture_is_what_the_format_leaves_of_the_native_one(desk, name):
    display, folder = desk
    form = Wire(FORMATS[name])
    with x11vnc(display, "-nopw") as port:
        for encoding in ALL if name in WITH_ZRLE else BUT_ZRLE:
            settings = open_settings(encodings=(encoding, NUMBERS.CURSOR), pixel_format=form.pixel_format)
            async with viewer(port, settings) as found:
                await found.refresh()
                await found.shows(lambda: form.shown(screen_pixels(folder, SIZE)))
                assert encoding in used(found)


async def test_picture_is_the_native_one_in_the_format_of_the_server(desk):
    display, folder = desk
    with x11vnc(display, "-nopw") as port:
        settings = open_settings(encodings=(NUMBERS.HEXTILE, NUMBERS.CURSOR), pixel_format=None)
        async with viewer(port, settings) as found:
            await found.refresh()
            await found.shows(lambda: screen_pixels(folder, SIZE))


def psnr_db(one: Picture, other: Picture) -> float:
    difference = one.view(np.uint8).astype(float) - other.view(np.uint8)
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    """A display of what wavelets are good at: its picture, and the port of its x11vnc."""
    folder = tmp_path_factory.mktemp("waves")
    y, x = np.mgrid[: SIZE.height, : SIZE.width]
    red, green, blue = (
        (127 + 120 * np.sin(x / (40 + 15 * n) + y / (60 - 9 * n) + n)).astype(np.uint32) for n in range(3)
    )
    with x_server(SIZE, folder) as display:
        paint_root(display, red << 16 | green << 8 | blue, folder)
        with x11vnc(display, "-nopw") as port:
            yield screen_pixels(folder, SIZE), port


def offering(quality: int | None, name: str) -> ConnectionSettings:
    levels = () if quality is None else (jpeg_quality(quality),)
    return open_settings(encodings=(NUMBERS.ZYWRLE, NUMBERS.CURSOR, *levels), pixel_format=FORMATS[name])


@pytest.mark.parametrize(("quality", "least_db"), [(None, 35), (9, 35), (6, 35), (5, 28), (3, 28), (2, 23), (0, 23)])
async def test_wavelets_are_near_the_native_picture_at_every_level(waves, quality, least_db):
    native, port = waves
    async with viewer(port, offering(quality, "xrgb")) as found:
        got = await found.refresh()
        assert used(found) == {NUMBERS.ZYWRLE}
        assert psnr_db(got, native) > least_db


@pytest.mark.parametrize(("quality", "least_db"), [(9, 35), (5, 28), (0, 23)])
@pytest.mark.parametrize("name", ["xbgr", "xrgb-big", "rgb565", "rgb565-big"])
async def test_wavelets_are_near_the_native_picture_in_every_format(waves, name, quality, least_db):
    native, port = waves
    async with viewer(port, offering(quality, name)) as found:
        got = await found.refresh()
        assert used(found) == {NUMBERS.ZYWRLE}
        assert psnr_db(got, native) > (least_db if FORMATS[name].pixel_bytes == 4 else 23)


async def test_wavelets_are_not_made_of_pixels_of_8_bits(waves):
    native, port = waves
    async with viewer(port, offering(9, "bgr233")) as found:
        assert np.array_equal(await found.refresh(), Wire(FORMATS["bgr233"]).shown(native))


@pytest.fixture
def map_desk(tmp_path):
    """A display of 8 bits whose colours are a map, away from what a pointer would cover."""
    with x_server(SIZE, None, "-screen", "0", f"{SIZE}x8") as display, terminal(display):
        yield display


@pytest.mark.parametrize("encoding", [*ALL, NUMBERS.ZYWRLE], ids=lambda number: number.name)
async def test_colour_map_of_the_server_is_the_native_picture(map_desk, encoding):
    part = Rect(0, 0, 380, 280)
    with x11vnc(map_desk, "-nopw") as port:
        for pixel_format in (None, XRGB8888, FORMATS["map-8"]):
            settings = open_settings(encodings=(encoding, NUMBERS.CURSOR), pixel_format=pixel_format)
            async with viewer(port, settings) as found:
                await found.refresh()
                if pixel_format != FORMATS["map-8"]:
                    await found.shows(lambda: import_root(map_desk, SIZE)[part.slices], part)
                has_map = any(isinstance(event, ColourMapChanged) for event in found.events)
                assert has_map == (pixel_format != XRGB8888)


async def test_colour_map_that_is_asked_for_has_the_colours_of_8_bits(desk):
    display, folder = desk
    with x11vnc(display, "-nopw") as port:
        settings = open_settings(
            encodings=(NUMBERS.HEXTILE, NUMBERS.CURSOR), pixel_format=PixelFormat(8, 8, False, False)
        )
        async with viewer(port, settings) as found:
            await found.receive(ColourMapChanged)
            await found.refresh()
            form = Wire(FORMATS["bgr233"])
            await found.shows(lambda: form.shown(screen_pixels(folder, SIZE)))
