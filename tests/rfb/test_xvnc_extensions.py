import asyncio
import subprocess
from collections.abc import Callable

import numpy as np
import pytest

from edge.geometry import Rect, Size
from edge.rfb import (
    ClientCutText,
    ClipboardNotified,
    ClipboardRequest,
    ContinuousUpdatesEnded,
    CursorChanged,
    CutTextReceived,
    DesktopNameChanged,
    DesktopResized,
    EnableContinuousUpdates,
    EncodingNumber,
    ExtensionAnnounced,
    Fence,
    FenceFlag,
    FenceReplied,
    KeyEvent,
    Led,
    LedStateChanged,
    PointerEvent,
    PointerMoved,
    RectangleDecoded,
    ResizeReason,
    ResizeStatus,
    Screen,
    SetDesktopSize,
)
from tests.rfb.desk import noise, paint_root, wait_for
from tests.rfb.drive import open_settings
from tests.rfb.viewer import Viewer, viewer
from tests.servers import process, require, xvnc

SIZE = Size(320, 240)
NUMBERS = EncodingNumber
TEXT = "한글, né €\nsecond line\n"


@pytest.fixture
def desk():
    with xvnc(SIZE, "-noreset") as found:
        yield found


def on(display: str, program: str, package: str, *words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [require(program, package), *words]
    return subprocess.run(command, env={"DISPLAY": display}, check=True, timeout=30, **options)


def copy(display: str, text: str) -> None:
    """Put text into the desktop's clipboard; a child of xclip keeps it."""
    on(display, "xclip", "xclip", "-selection", "clipboard", input=text.encode(), stdout=subprocess.DEVNULL)


def pasted(display: str) -> str:
    """Take text from the desktop's clipboard."""
    words = ("-selection", "clipboard", "-o", "-t", "UTF8_STRING")
    return on(display, "xclip", "xclip", *words, capture_output=True).stdout.decode()


async def test_all_that_xvnc_announces(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        assert {event.encoding for event in found.events if isinstance(event, ExtensionAnnounced)} == {
            NUMBERS.FENCE,
            NUMBERS.CONTINUOUS_UPDATES,
            NUMBERS.EXTENDED_CLIPBOARD,
            NUMBERS.QEMU_EXTENDED_KEY_EVENT,
        }
        assert NUMBERS.EXTENDED_DESKTOP_SIZE in found.connection.announced


async def test_fence_comes_back(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        both = FenceFlag.BLOCK_BEFORE | FenceFlag.BLOCK_AFTER
        await found.send(Fence(b"mark " * 12, both), Fence(b""))
        assert await found.receive(FenceReplied) == FenceReplied(b"mark " * 12, both)
        assert found.events[-1] == FenceReplied(b"", FenceFlag.BLOCK_BEFORE)


async def test_fence_that_syncs_comes_back_with_the_next_message(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        await found.send(Fence(b"now", FenceFlag.SYNC_NEXT), KeyEvent(0x20, down=False))
        assert await found.receive(FenceReplied) == FenceReplied(b"now", FenceFlag.SYNC_NEXT)


async def test_changes_come_without_being_asked_for(desk, tmp_path):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        await found.send(EnableContinuousUpdates(enable=True, rect=SIZE.rect))
        for seed in range(3):
            picture = noise(SIZE, seed)
            paint_root(display, picture, tmp_path)
            await found.until(lambda picture=picture: np.array_equal(found.picture, picture))
        await found.send(EnableContinuousUpdates(enable=False, rect=SIZE.rect))
        await found.receive(ContinuousUpdatesEnded)


async def test_text_of_the_desktop_comes_on_request(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        copy(display, TEXT)
        await found.receive(ClipboardNotified)
        assert not any(isinstance(event, CutTextReceived) for event in found.events)
        await found.send(ClipboardRequest())
        assert await found.receive(CutTextReceived) == CutTextReceived(TEXT)


async def test_text_of_the_client_is_given_on_request(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        await found.send(ClientCutText(TEXT))
        reading = asyncio.create_task(asyncio.to_thread(pasted, display))
        await found.follow(reading.done)
        assert await reading == TEXT


async def test_text_of_the_client_is_latin_1_where_the_clipboard_is_not_extended(desk):
    display, port = desk
    offered = (NUMBERS.ZRLE, NUMBERS.DESKTOP_SIZE)
    async with viewer(port, open_settings(encodings=offered)) as found:
        await found.refresh()
        await found.send(ClientCutText("né 한\r\nend"))
        await found.refresh()
        assert await asyncio.to_thread(pasted, display) == "né ?\nend"
        copy(display, "café")
        assert await found.receive(CutTextReceived) == CutTextReceived("café")


async def test_scancode_is_a_key_whatever_its_keysym(tmp_path):
    seen = tmp_path / "typed"
    with xvnc(SIZE, "-RawKeyboard=1") as (display, port):
        typing = [require("xterm", "xterm"), "-display", display, "-e", "sh", "-c", f"touch {seen}; head -n 1 > {seen}"]
        with process(typing) as terminal:
            async with viewer(port, open_settings()) as found:
                wait_for(seen)
                await found.refresh()
                # The scancodes of A, S, D and Return on a US keyboard, all with the keysym of Q.
                for scancode in (0x1E, 0x1F, 0x20, 0x1C):
                    await found.send(KeyEvent(0x71, True, scancode), KeyEvent(0x71, False, scancode))
                await found.follow(lambda: terminal.poll() is not None)
    assert seen.read_text() == "asd\n"


@pytest.mark.parametrize("encoding", [NUMBERS.LED_STATE, NUMBERS.VMWARE_LED_STATE], ids=lambda number: number.name)
async def test_caps_lock_is_a_light(desk, encoding):
    display, port = desk
    async with viewer(port, open_settings(encodings=(NUMBERS.ZRLE, NUMBERS.DESKTOP_SIZE, encoding))) as found:
        await found.refresh()
        on(display, "xdotool", "xdotool", "key", "Caps_Lock")
        await found.find(LedStateChanged, lambda event: event == LedStateChanged(Led.CAPS_LOCK))


def red_arrow(display: str, folder) -> None:
    """Show a cursor of 16x16 red pixels, its hot spot at (3, 5), of which the mask leaves the upper half."""
    (folder / "source").write_text(
        "#define source_width 16\n#define source_height 16\n#define source_x_hot 3\n#define source_y_hot 5\n"
        "static char source_bits[] = {\n" + ", ".join(["0xff"] * 32) + "};\n"
    )
    (folder / "mask").write_text(
        "#define mask_width 16\n#define mask_height 16\n"
        "static char mask_bits[] = {\n" + ", ".join(["0xff"] * 16 + ["0x00"] * 16) + "};\n"
    )
    words = ("-cursor", str(folder / "source"), str(folder / "mask"), "-fg", "red", "-bg", "blue")
    on(display, "xsetroot", "x11-xserver-utils", *words)


async def shown_cursor(found: Viewer, accept: Callable[[CursorChanged], bool]) -> CursorChanged:
    """Move the pointer, before which an X server shows no cursor, until one is accepted."""

    def accepted() -> list[CursorChanged]:
        return [event for event in found.events if isinstance(event, CursorChanged) and accept(event)]

    for step in range(100):
        await found.send(PointerEvent(20 + step, 20, 0), Fence())
        await found.request(incremental=True)
        await found.receive(FenceReplied)
        if accepted():
            break
        await asyncio.sleep(0.05)
    return accepted()[0]


@pytest.mark.parametrize(
    ("encoding", "colours"),
    [
        (NUMBERS.CURSOR, {(0, 0, 0xFF, 0xFF)}),
        (NUMBERS.XCURSOR, {(0, 0, 0, 0xFF), (0xFF, 0xFF, 0xFF, 0xFF)}),  # Xvnc makes a pattern of these two
        (NUMBERS.CURSOR_WITH_ALPHA, {(0, 0, 0xFF, 0xFF)}),
        (NUMBERS.VMWARE_CURSOR, {(0, 0, 0xFF, 0xFF)}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_cursor_is_the_desktops(desk, encoding, colours, tmp_path):
    display, port = desk
    async with viewer(port, open_settings(encodings=(NUMBERS.DESKTOP_SIZE, NUMBERS.FENCE, encoding))) as found:
        await found.refresh()
        red_arrow(display, tmp_path)
        cursor = await shown_cursor(found, lambda event: event.pixels.shape == (8, 16, 4))
        assert (cursor.hotspot_x, cursor.hotspot_y) == (3, 5)
        assert {tuple(pixel) for pixel in cursor.pixels.reshape(-1, 4).tolist()} == colours


async def test_alpha_of_a_cursor_is_the_same_however_it_comes(desk):
    display, port = desk
    shapes = []
    for encoding in (NUMBERS.CURSOR_WITH_ALPHA, NUMBERS.VMWARE_CURSOR):
        async with viewer(port, open_settings(encodings=(NUMBERS.DESKTOP_SIZE, NUMBERS.FENCE, encoding))) as found:
            await found.refresh()
            on(display, "xsetroot", "x11-xserver-utils", "-cursor_name", "left_ptr")
            shapes.append((await shown_cursor(found, lambda event: event.pixels.size > 0)).pixels.astype(int))
    premultiplied, straight = shapes
    alpha = straight[:, :, 3]
    assert np.array_equal(premultiplied[:, :, 3], alpha)
    assert np.count_nonzero((alpha > 0) & (alpha < 255)) > 0
    # 8 bits of a premultiplied colour are fewer of the colour.
    off = np.abs(premultiplied - straight)[:, :, :3].max(axis=2)
    assert (off[alpha > 0] <= 255 / alpha[alpha > 0] + 1).all()


async def test_pointer_that_the_desktop_moves_is_told(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        on(display, "xdotool", "xdotool", "mousemove", "17", "23")
        assert await found.find(PointerMoved) == PointerMoved(17, 23)


async def test_name_of_the_desktop_changes(desk):
    display, port = desk
    async with viewer(port, open_settings()) as found:
        await found.refresh()
        on(display, "tigervncconfig", "tigervnc-common", "-set", "desktop=büro")
        assert await found.find(DesktopNameChanged) == DesktopNameChanged("büro")


async def test_desktop_takes_the_size_and_screens_that_are_asked_for(desk):
    async with viewer(desk[1], open_settings()) as found, viewer(desk[1], open_settings()) as other:
        await found.refresh()
        await other.refresh()
        size = Size(800, 300)
        screens = (Screen(1, Rect(0, 0, 500, 300)), Screen(2, Rect(500, 0, 300, 300)))
        await found.send(SetDesktopSize(size, screens))
        resized = await found.find(DesktopResized, lambda event: event.reason is ResizeReason.THIS_CLIENT)
        assert (resized.size, resized.screens, resized.status) == (size, screens, ResizeStatus.DONE)
        told = await other.find(DesktopResized, lambda event: event.reason is ResizeReason.OTHER_CLIENT)
        assert (told.size, told.screens) == (size, screens)
        assert (await found.refresh()).shape == size.shape


async def test_screens_that_cannot_be_are_refused_and_change_nothing(desk):
    async with viewer(desk[1], open_settings()) as found:
        await found.refresh()
        await found.send(SetDesktopSize(Size(400, 300), (Screen(1, Rect(0, 0, 500, 300)),)))
        refused = await found.find(DesktopResized, lambda event: event.reason is ResizeReason.THIS_CLIENT)
        assert (refused.status, refused.size) == (ResizeStatus.INVALID_LAYOUT, SIZE)
        await found.refresh()


async def test_size_may_be_forbidden():
    with xvnc(SIZE, "-AcceptSetDesktopSize=0") as (_, port):
        async with viewer(port, open_settings()) as found:
            await found.refresh()
            await found.send(SetDesktopSize(Size(400, 300), (Screen(1, Rect(0, 0, 400, 300)),)))
            refused = await found.find(DesktopResized, lambda event: event.reason is ResizeReason.THIS_CLIENT)
            assert (refused.status, refused.size) == (ResizeStatus.PROHIBITED, SIZE)


async def test_only_what_was_offered_comes(desk):
    async with viewer(desk[1], open_settings(encodings=(NUMBERS.RAW,))) as found:
        await found.refresh()
        assert {event.encoding for event in found.events if isinstance(event, RectangleDecoded)} == {NUMBERS.RAW}
        assert found.connection.announced == frozenset()
