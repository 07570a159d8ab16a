import subprocess

import numpy as np
import pytest

from edge.errors import Unsupported
from edge.geometry import Rect, Size
from edge.rfb import (
    ClientCutText,
    CursorChanged,
    CutTextReceived,
    DesktopResized,
    EncodingNumber,
    Fence,
    KeyEvent,
    PointerEvent,
    PointerMoved,
    ResizeReason,
    ResizeStatus,
    Screen,
    SetDesktopSize,
    SupportedMessages,
)
from tests.rfb.desk import noise, paint_root
from tests.rfb.drive import open_settings
from tests.rfb.viewer import viewer
from tests.servers import require, screen_pixels, x11vnc, x_server

SIZE = Size(320, 240)
NUMBERS = EncodingNumber


@pytest.fixture
def desk(tmp_path):
    """A display with noise, the port of its x11vnc, and the folder of its framebuffer."""
    with x_server(SIZE, tmp_path) as display:
        paint_root(display, noise(SIZE), tmp_path)
        with x11vnc(display, "-nopw") as port:
            yield display, port, tmp_path


def on(display: str, program: str, package: str, *words: str) -> bytes:
    command = [require(program, package), *words]
    return subprocess.run(command, env={"DISPLAY": display}, check=True, timeout=30, stdout=subprocess.PIPE).stdout


async def test_full_request_is_answered_with_the_size_alone_and_the_picture_comes_incrementally(desk):
    _, port, folder = desk
    async with viewer(port, open_settings()) as found:
        await found.request(incremental=False)
        first = await found.receive(DesktopResized)
        assert (first.size, len(first.screens)) == (SIZE, 1)
        # The viewer keeps to the rule of DesktopResized, so the picture follows.
        await found.until(lambda: np.array_equal(found.picture, screen_pixels(folder, SIZE)))


@pytest.mark.parametrize("encoding", [NUMBERS.CURSOR, NUMBERS.XCURSOR], ids=lambda number: number.name)
async def test_cursor_is_the_desktops(desk, encoding):
    display, port, _ = desk
    on(display, "xsetroot", "x11-xserver-utils", "-cursor_name", "crosshair")
    async with viewer(port, open_settings(encodings=(NUMBERS.ZRLE, NUMBERS.DESKTOP_SIZE, encoding))) as found:
        await found.refresh()
        await found.send(PointerEvent(50, 50, 0))
        cursor = await found.find(CursorChanged, lambda event: event.pixels.size > 0)
        assert {0, 255} == set(np.unique(cursor.pixels[:, :, 3]).tolist())


async def test_pointer_that_the_desktop_moves_is_told(desk):
    display, port, _ = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        on(display, "xdotool", "xdotool", "mousemove", "17", "23")
        await found.find(PointerMoved, lambda event: event == PointerMoved(17, 23))


async def test_cut_text_is_latin_1_both_ways(desk):
    display, port, _ = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        await found.send(ClientCutText("né\r\nend"))
        await found.follow(lambda: b'"n\\351\\nend"' in on(display, "xprop", "x11-utils", "-root", "CUT_BUFFER0"))
        set_buffer = ("-root", "-f", "CUT_BUFFER0", "8s", "-set", "CUT_BUFFER0", "desk")
        on(display, "xprop", "x11-utils", *set_buffer)
        await found.find(CutTextReceived, lambda event: event == CutTextReceived("desk"))


async def test_text_beyond_latin_1_leaves_the_connection_open(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        assert NUMBERS.EXTENDED_CLIPBOARD in found.connection.announced
        await found.send(ClientCutText("한글\n" * 20000), ClientCutText("한글"))
        await found.refresh()


async def test_messages_that_the_server_lists_are_those_it_takes(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        [supported] = [event for event in found.events if isinstance(event, SupportedMessages)]
        assert {0, 2, 3, 4, 5, 6, 8} <= supported.client_to_server
        assert {0, 2, 3} <= supported.server_to_client


async def test_fence_is_refused_as_the_server_has_none_and_the_connection_goes_on(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        with pytest.raises(Unsupported, match="Fence: the server has not announced FENCE"):
            await found.send(Fence(b"mark"))
        # The keysym alone is sent: the server has not announced scancodes.
        await found.send(KeyEvent(0x61, True, 0x1E), KeyEvent(0x61, False, 0x1E))
        await found.refresh()


async def test_size_that_is_asked_for_is_answered(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        await found.send(SetDesktopSize(Size(640, 480), (Screen(0, Rect(0, 0, 640, 480)),)))
        answer = await found.find(DesktopResized, lambda event: event.reason is ResizeReason.THIS_CLIENT)
        assert (answer.status, answer.size) == (ResizeStatus.PROHIBITED, SIZE)
