import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.display.headless import HeadlessDisplay
from edge.errors import RecordingError
from edge.geometry import Size
from edge.rfb import ConnectionSettings
from edge.rfb.commands import ClientCutText, FramebufferUpdateRequest, KeyEvent, PointerEvent, SetScale
from edge.rfb.pixel_format import XRGB8888
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.recorded import RecordedConnecting
from edge.session.recording import MAGIC, Recorder, Recording, RecordKind
from edge.session.replay import NOWHERE, ReplayConnecting, at_once, run_in_replay_time
from edge.session.stage import Stage
from edge.session.tasks import first_of
from edge.session.transport import Endpoint
from edge.session.view import view
from tests.session.test_desktop import INSECURE, same, until, upscaler_for


class Ticks:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = -1.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def recorded(path: Path, *parts: bytes) -> Path:
    with Recorder(path, 4, Ticks()) as recorder:
        recorder.opened("low", Size(64, 48), ConnectionSettings())
        for part in parts:
            recorder.received("full", part)
    return path


def test_what_was_written_is_read_again(tmp_path):
    with Recorder(tmp_path / "r", 4, Ticks()) as recorder:
        recorder.opened("low", Size(64, 48), ConnectionSettings(encodings=(16, -223)))
        recorder.received("low", b"abc")
        recorder.sent("full", SetScale(4))
    recording = Recording.read(tmp_path / "r")
    assert recording.scale == 4
    opened, received = recording.of("low")
    assert opened.opened() == (Size(64, 48), XRGB8888, (16, -223))
    assert (received.at_s, received.data) == (2.0, b"abc")
    assert [record.data for record in recording.of("full")] == [b"\x08\x04\0\0"]
    assert recording.records[-1].kind is RecordKind.END


def test_neither_keys_nor_pointer_nor_clipboard_are_in_it(tmp_path):
    with Recorder(tmp_path / "r", 4, Ticks()) as recorder:
        for command in (KeyEvent(0x41, down=True), PointerEvent(0x1234, 0x5678, 1), ClientCutText("secret")):
            recorder.sent("full", command)
        recorder.sent("full", FramebufferUpdateRequest(Size(9, 9).rect, incremental=False))
    sent = [record for record in Recording.read(tmp_path / "r").records if record.kind is RecordKind.SENT]
    assert [record.data[0] for record in sent] == [3]


@given(st.integers(0, 500))
def test_cut_recording_says_where_it_ends(tmp_path_factory, length):
    folder = tmp_path_factory.mktemp("cut")
    whole = recorded(folder / "r", b"x" * 60, b"y" * 60).read_bytes()
    cut = folder / "cut"
    cut.write_bytes(whole[: min(length, len(whole) - 1)])
    with pytest.raises(RecordingError, match=r"cut short|not a recording"):
        Recording.read(cut)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damaged_recording_is_refused_or_read(tmp_path_factory, damage, at):
    folder = tmp_path_factory.mktemp("damaged")
    path = recorded(folder / "r", b"x" * 60)
    data = path.read_bytes()
    path.write_bytes(data[:at] + damage + data[at + len(damage) :])
    try:
        for record in Recording.read(path).records:
            if record.kind is RecordKind.OPENED:
                record.opened()
    except RecordingError:
        pass


def test_other_version_is_named(tmp_path):
    path = recorded(tmp_path / "r")
    data = path.read_bytes()
    path.write_bytes(MAGIC + b"\x63" + data[len(MAGIC) + 1 :])
    with pytest.raises(RecordingError, match="version 99; this program reads version 1"):
        Recording.read(path)


def test_recording_on_a_full_disk_ends_with_an_error_that_names_it():
    recorder = Recorder(Path("/dev/full"), 4, Ticks()).__enter__()
    for _ in range(100):
        recorder.received("low", bytes(1 << 16))
    with pytest.raises(RecordingError, match="/dev/full: the recording was given up: No space"):
        recorder.__exit__(None, None, None)


@asynccontextmanager
async def recording_session(port: int, path: Path) -> AsyncIterator[DesktopSession]:
    endpoint = Endpoint("127.0.0.1", port)
    with Recorder(path, 4, time.monotonic) as recorder:
        session = DesktopSession(
            endpoint,
            DesktopSettings(INSECURE),
            upscaler_for(4),
            Stage(HeadlessDisplay()),
            connect=RecordedConnecting(endpoint, recorder),
        )
        task = asyncio.create_task(first_of(session.run, lambda: session.stage.run(session.note_shown)))
        try:
            yield session
        finally:
            task.cancel()
            await asyncio.wait({task})


def replayed(path: Path) -> tuple[np.ndarray, object]:
    recording = Recording.read(path)

    async def run() -> tuple[np.ndarray, object]:
        display = HeadlessDisplay()
        session = DesktopSession(
            NOWHERE,
            DesktopSettings(),
            upscaler_for(4),
            Stage(display),
            clock=asyncio.get_running_loop().time,
            connect=ReplayConnecting(recording),
            threads=at_once,
        )
        assert await view(display, session, asyncio.Event(), recording.seconds + 0.5) is None
        return display.shown, session.report().tiles

    return run_in_replay_time(run, speed=0)


async def test_replay_ends_with_the_picture_of_the_session_and_is_always_alike(desktop, tmp_path):
    path = tmp_path / "session"
    async with recording_session(desktop.port, path) as session:
        await session.shown.wait()
        await until(lambda: session.report().fraction_text_exact == 1, "text is exact")
        desktop.run("xdotool", "mousemove", "300", "300", "type", "to be recorded\n")
        desktop.run("xdotool", "mousemove", "959", "639")
        await asyncio.sleep(0.5)
        await until(lambda: session.report().fraction_text_exact == 1, "text is exact again")
        await until(lambda: same(session, desktop), "what is exact is shown")
        shown = session.stage.picture.copy()
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, in a time of its own
        first = await asyncio.get_running_loop().run_in_executor(thread, replayed, path)
        second = await asyncio.get_running_loop().run_in_executor(thread, replayed, path)
    assert np.array_equal(first[0], shown)
    assert np.array_equal(first[0], second[0])
    assert first[1] == second[1]
    assert path.stat().st_size < 1 << 20
