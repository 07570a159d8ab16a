import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from Xlib import X
from Xlib import display as xlib

from edge.display.base import CloseRequested, InputEvent, KeyInput, PointerInput
from edge.display.window import WindowDisplay
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, to_bgr
from tests.servers import require, window_manager, x_server

SCREEN = Size(1280, 800)
PICTURE = Size(640, 360)


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    """An X server with a window manager."""
    with x_server(SCREEN) as name, window_manager(name):
        require("xdotool", "xdotool")
        yield name


@pytest.fixture
def display_name(desk: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DISPLAY", desk)
    return desk


def _x(display_name: str, *command: str) -> bytes:
    return subprocess.run(command, env={**os.environ, "DISPLAY": display_name}, check=True, capture_output=True).stdout


async def do(*command: str) -> bytes:
    return await asyncio.to_thread(_x, os.environ["DISPLAY"], *command)


def noise(size: Size, seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 1 << 24, size.shape, dtype=np.uint32)


async def opened(display: WindowDisplay, picture: Picture) -> str:
    """Present `picture`, wait until the window has the focus, and return its id."""
    await display.present(picture, [])
    window = await found("^edge test$")
    await do("xdotool", "windowactivate", "--sync", window)
    return window


async def found(name: str) -> str:
    """Wait for the window; xdotool gives up where another one goes while it looks through them."""
    while True:
        with suppress(subprocess.CalledProcessError):
            return (await do("xdotool", "search", "--sync", "--onlyvisible", "--name", name)).decode().split()[0]


def seen(window: str) -> np.ndarray:
    """What the X server has in the window: BGR bytes (height, width, 3)."""
    server = xlib.Display()
    try:
        drawn = server.create_resource_object("window", int(window))
        shape = drawn.get_geometry()
        image = drawn.get_image(0, 0, shape.width, shape.height, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(image.data, np.uint8).reshape(shape.height, shape.width, 4)[:, :, :3]
    finally:
        server.close()


async def wait_for_view(window: str, wanted: np.ndarray) -> None:
    async with asyncio.timeout(20):
        while not np.array_equal(await asyncio.to_thread(seen, window), wanted):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def inputs_until(display: WindowDisplay, last: InputEvent) -> list[InputEvent]:
    events: list[InputEvent] = []
    async with asyncio.timeout(20):
        while not events or events[-1] != last:
            events.append(await display.next_input())
    return events


def typed(*keysyms: int) -> list[KeyInput]:
    return [KeyInput(keysym, down) for keysym in keysyms for down in (True, False)]


async def test_the_picture_on_the_screen_is_the_one_presented(display_name: str) -> None:
    picture = noise(PICTURE, 1)
    async with WindowDisplay("edge test") as display:
        window = await opened(display, picture)
        await wait_for_view(window, to_bgr(picture))
        shown = picture.copy()
        picture[:] = noise(PICTURE, 2)
        damage = [Rect(0, 0, 1, 1), Rect(100, 50, 333, 200), Rect(639, 359, 1, 1)]
        for rect in damage:
            shown[rect.slices] = picture[rect.slices]
        await display.present(picture, damage)
        await wait_for_view(window, to_bgr(shown))


async def test_keys_come_out_as_keysyms_with_press_and_release(display_name: str) -> None:
    async with WindowDisplay("edge test") as display:
        await opened(display, noise(PICTURE, 1))
        shift, control, alt = 0xFFE1, 0xFFE3, 0xFFE9
        words = ["a", "Left", "Up", "Right", "Down", "F1", "F12", "Return", "BackSpace", "Tab", "Escape", "Hangul"]
        await do("xdotool", "key", *words, "shift+a", "ctrl+c", "alt+Left")
        events = await inputs_until(display, KeyInput(alt, False))
    plain = [0x61, 0xFF51, 0xFF52, 0xFF53, 0xFF54, 0xFFBE, 0xFFC9, 0xFF0D, 0xFF08, 0xFF09, 0xFF1B, 0xFF31]
    keys = [event for event in events if isinstance(event, KeyInput)]
    assert keys[: 2 * len(plain)] == typed(*plain)
    rest = keys[2 * len(plain) :]
    # xdotool lets go of the modifier first; the letter goes up as what it went down as.
    for modifier, keysym, at in ((shift, 0x41, 0), (control, 0x63, 4)):
        assert rest[at : at + 4] == [KeyInput(k, down) for down in (True, False) for k in (modifier, keysym)]


async def test_typed_text_comes_out_hangul_included(display_name: str) -> None:
    text = "Ab1!한글é"
    async with WindowDisplay("edge test") as display:
        await opened(display, noise(PICTURE, 1))
        await do("xdotool", "type", "--delay", "60", text)
        events = await inputs_until(display, KeyInput(0xE9, False))
    down = [event.keysym for event in events if isinstance(event, KeyInput) and event.down]
    characters = [keysym for keysym in down if keysym < 0xFE00 or keysym > 0xFFFF]
    assert characters == [0x41, 0x62, 0x31, 0x21, 0x100D55C, 0x100AE00, 0xE9]


async def test_the_pointer_comes_out_in_the_pictures_pixels(display_name: str) -> None:
    async with WindowDisplay("edge test") as display:
        window = await opened(display, noise(PICTURE, 1))
        await do(
            "xdotool",
            "mousemove",
            "--window",
            window,
            "17",
            "31",
            "click",
            "1",
            "click",
            "3",
            "click",
            "4",
            "click",
            "5",
        )
        events = await inputs_until(display, PointerInput(17, 31, 16))
        assert await asyncio.wait_for(display.next_input(), 20) == PointerInput(17, 31, 0)
        buttons = [event.buttons for event in events if event == PointerInput(17, 31, event.buttons)]
        assert [b for b in buttons if b] == [1, 4, 8, 16]
        assert buttons[-7:] == [1, 0, 4, 0, 8, 0, 16]
        await do("xdotool", "mousemove", "--window", window, "639", "359")
        await inputs_until(display, PointerInput(639, 359, 0))


async def test_a_scaled_window_shows_bars_and_maps_the_pointer_back(display_name: str) -> None:
    picture = np.full(PICTURE.shape, 0x336699, np.uint32)
    async with WindowDisplay("edge test") as display:
        window = await opened(display, picture)
        await do("xdotool", "windowsize", "--sync", window, "960", "600")
        wanted = np.zeros((600, 960, 3), np.uint8)
        wanted[30:570] = (0x99, 0x66, 0x33)
        await wait_for_view(window, wanted)
        await do("xdotool", "mousemove", "--window", window, "480", "300")
        await inputs_until(display, PointerInput(320, 180, 0))
        await do("xdotool", "mousemove", "--window", window, "959", "0")
        await inputs_until(display, PointerInput(639, 0, 0))
        picture[:180] = 0xFFFFFF
        await display.present(picture, [Rect(0, 0, 640, 180)])
        half = wanted.copy()
        half[30:300] = 255
        async with asyncio.timeout(20):
            while np.abs(seen(window).astype(int) - half)[[40, 290, 310, 560]].max():  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_another_size_of_picture_resizes_the_window(display_name: str) -> None:
    async with WindowDisplay("edge test") as display:
        window = await opened(display, noise(PICTURE, 1))
        larger = noise(Size(800, 600), 3)
        await display.present(larger, [])
        await wait_for_view(window, to_bgr(larger))


async def test_a_picture_larger_than_the_screen_is_shown_whole(display_name: str) -> None:
    async with WindowDisplay("edge test") as display:
        window = await opened(display, noise(Size(1920, 1080), 1))
        shape = await do("xdotool", "getwindowgeometry", "--shell", window)
        assert b"WIDTH=1152\nHEIGHT=648" in shape


async def test_closing_the_window_asks_to_close(display_name: str) -> None:
    async with WindowDisplay("edge test") as display:
        window = await opened(display, noise(PICTURE, 1))
        await do("xprop", "-id", window, "WM_NAME")
        await do("xdotool", "key", "--clearmodifiers", "alt+F4")
        await inputs_until(display, CloseRequested())


async def test_losing_the_x_server_raises_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    server = x_server(Size(320, 240))
    monkeypatch.setenv("DISPLAY", server.__enter__())
    async with WindowDisplay("edge test") as display:
        picture = noise(Size(100, 100), 1)
        await display.present(picture, [])
        await asyncio.to_thread(server.__exit__, None, None, None)
        with pytest.raises(DisplayError, match="X server closed the connection"):
            await inputs_until(display, CloseRequested())
        with pytest.raises(DisplayError, match="X server closed the connection"):
            await display.present(picture, [Rect(0, 0, 100, 100)])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("name", "text"), [("", "DISPLAY is not set"), (":4095", "no X server answers")])
async def test_without_an_x_server_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    with pytest.raises(DisplayError, match=f"{text}.*headless"):
        async with WindowDisplay():
            pass
    gc.collect()  # here, because python-xlib leaves the sockets of failed attempts to the garbage collector


def test_nothing_is_written_to_the_terminal(desk: str) -> None:
    program = (
        "import asyncio, numpy as np\n"
        "from edge.display.window import WindowDisplay\n"
        "async def show():\n"
        "    async with WindowDisplay('quiet') as display:\n"
        "        await display.present(np.zeros((90, 160), np.uint32), [])\n"
        "asyncio.run(show())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "DISPLAY": desk}, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
