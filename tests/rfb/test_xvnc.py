import numpy as np
import pytest

from edge.errors import Unsupported
from edge.geometry import Size
from edge.rfb import (
    LOSSLESS,
    DesktopResized,
    EncodingNumber,
    RectangleCopied,
    RectangleDecoded,
    SetScale,
    SupportedMessages,
    jpeg_quality,
)
from tests.rfb.desk import import_root, move_terminal, noise, paint_root, resize, terminal
from tests.rfb.drive import open_settings
from tests.rfb.viewer import viewer
from tests.servers import xvnc

SIZE = Size(800, 600)
NUMBERS = EncodingNumber


def shown(display: str):
    return import_root(display, SIZE)


@pytest.fixture
def desk(tmp_path):
    """An Xvnc with a page of text on noise: its display and port."""
    with xvnc(SIZE) as (display, port):
        paint_root(display, noise(SIZE), tmp_path)
        with terminal(display):
            yield display, port


@pytest.mark.parametrize("encoding", [NUMBERS.RAW, NUMBERS.ZRLE, NUMBERS.TIGHT], ids=lambda number: number.name)
async def test_picture_is_the_native_one(desk, encoding):
    display, port = desk
    offered = (encoding, NUMBERS.COPY_RECT, NUMBERS.CURSOR, NUMBERS.DESKTOP_SIZE, NUMBERS.LAST_RECT)
    async with viewer(port, open_settings(encodings=offered)) as found:
        await found.refresh()
        await found.shows(lambda: shown(display))
        assert encoding in {event.encoding for event in found.events if isinstance(event, RectangleDecoded)}


async def test_picture_is_near_the_native_one_in_jpeg(desk):
    display, port = desk
    offered = (NUMBERS.TIGHT, NUMBERS.DESKTOP_SIZE, NUMBERS.LAST_RECT, jpeg_quality(9))
    async with viewer(port, open_settings(encodings=offered)) as found:
        await found.refresh()
        difference = np.abs(found.picture.view(np.uint8).astype(int) - shown(display).view(np.uint8).astype(int))
        assert 0 < difference.mean() < 24


async def test_window_that_moves_is_copied(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        await found.shows(lambda: shown(display))
        move_terminal(display, 45, 310)
        await found.shows(lambda: shown(display))
        assert any(isinstance(event, RectangleCopied) for event in found.events)


async def test_desktop_that_is_resized_says_so(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        before = sum(isinstance(event, DesktopResized) for event in found.events)
        resize(display, Size(640, 480))
        await found.request(incremental=True)
        await found.until(lambda: sum(isinstance(event, DesktopResized) for event in found.events) > before)
        await found.until(lambda: found.connection.size == Size(640, 480))
        await found.refresh()
        assert found.picture.shape == (480, 640)


async def test_set_scale_is_refused_here_as_the_server_does_not_list_it(desk):
    _, port = desk
    async with viewer(port, open_settings(encodings=LOSSLESS)) as found:
        await found.refresh()
        assert not any(isinstance(event, SupportedMessages) for event in found.events)
        with pytest.raises(Unsupported, match="SetScale"):
            await found.send(SetScale(4))
        await found.refresh()
