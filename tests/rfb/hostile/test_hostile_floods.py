"""A few bytes that would take much memory, or much time."""

import tracemalloc
import zlib
from fractions import Fraction
from struct import pack

import numpy as np
import pytest
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext

from edge.geometry import Size
from edge.rfb import ClientCutText, ClipboardRequest, Connection
from edge.rfb import EncodingNumber as E
from tests.rfb import encode
from tests.rfb.drive import open_settings
from tests.rfb.hostile.siege import CHUNK_BYTES, DESKTOP, besiege, rectangle, session, sessions

W, H = DESKTOP.width, DESKTOP.height


def deflated(size: int) -> bytes:
    out = zlib.compress(bytes(size), 9)
    return pack(">I", len(out)) + out


@pytest.mark.parametrize("encoding", [E.ZRLE, E.ZYWRLE, E.ZLIB], ids=lambda number: number.name)
def test_zlib_bomb_is_stopped_at_the_rectangle_s_area(encoding):
    outcomes = sessions([rectangle(64, 64, encoding, deflated(size << 20)) for size in (1, 10, 200)])
    assert [outcome.kind for outcome in outcomes] == ["DecodeError"] * 3


def test_zlib_bomb_in_tight_is_stopped_at_the_rectangle_s_area():
    bomb = deflated(20 << 20)[4:]
    data = b"\0" + encode.compact(len(bomb)) + bomb
    assert session(rectangle(64, 64, E.TIGHT, data), size=Size(64, 64)).kind == "DecodeError"


def test_zlib_bomb_in_the_clipboard_is_stopped():
    """Text that was asked for: of other text nothing is inflated."""
    connection = Connection(open_settings())
    connection.receive_data(encode.greeting(DESKTOP))
    connection.receive_data(pack(">BxxxiII", 3, -8, 1 << 24 | 1 << 25 | 1 << 28 | 1, 0))
    connection.send(ClipboardRequest())
    bomb = zlib.compress(pack(">I", 0xFFFFFFFF) + bytes(100 << 20), 9)
    tracemalloc.start()
    events = connection.receive_data(pack(">BxxxiI", 3, -4 - len(bomb), 1 << 28 | 1) + bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert events == []
    assert most < 10 << 20


SMALL_AND_LARGE = {
    "tight": (E.TIGHT, b"\x80abc"),
    "rre": (E.RRE, pack(">I", 0) + b"abcd"),
    "corre": (E.CORRE, pack(">I", 0) + b"abcd"),
    "zrle": (E.ZRLE, b""),
}


@pytest.mark.parametrize("name", SMALL_AND_LARGE)
def test_pixels_of_few_bytes_come_in_portions(name):
    """Twenty bytes fill the desktop, and one chunk has 16 GB of such rectangles."""
    encoding, data = SMALL_AND_LARGE[name]
    if encoding is E.ZRLE:
        tiles = b"\1abc" * (-(-W // 64) * -(-H // 64))
        encoder = encode.ZrleEncoder()
        updates = b"".join(rectangle(W, H, encoding, encoder.wrap(tiles)) for _ in range(40))
    else:
        updates = rectangle(W, H, encoding, data) * 300
    outcome = session(updates[:CHUNK_BYTES])
    assert outcome.error == ""
    assert outcome.events > 3 * 40


def test_update_of_very_many_rectangles_is_read_as_it_comes():
    one = rectangle(1, 1, E.TIGHT, b"\x80abc")[4:]
    outcome = besiege(encode.greeting(DESKTOP) + b"\0\0\xff\xff", one * 4000, repeat=8)
    assert (outcome.error, outcome.events) == ("", 2 + 32000)


def test_resizes_without_end_are_events():
    large, small = rectangle(16384, 2304, E.DESKTOP_SIZE), rectangle(1, 1, E.DESKTOP_SIZE)
    outcome = besiege(encode.greeting(DESKTOP), (large + small) * 4000, repeat=3)
    assert outcome.error == ""


def test_screens_and_messages_by_the_thousand_are_events():
    screens = rectangle(9, 9, E.EXTENDED_DESKTOP_SIZE, b"\xff" + bytes(3 + 16 * 255))
    listed = rectangle(64, 0, E.SUPPORTED_MESSAGES, b"\xff" * 64)
    for flood in (screens * 31, listed * 1600, b"\2" * CHUNK_BYTES, bytes(CHUNK_BYTES)):
        assert session(flood, size=Size(9, 9)).error == ""


def test_largest_cursors_are_events():
    cursor = rectangle(512, 512, E.CURSOR, bytes(512 * 512 * 4 + 64 * 512))
    outcome = besiege(encode.greeting(DESKTOP), cursor, repeat=100)
    assert outcome.events == 1 + 300


def test_fences_are_answered_and_never_more_than_asked():
    fences = pack(">BxxxIB", 248, 1 << 31, 64) + bytes(64)
    outcome = besiege(encode.greeting(DESKTOP), fences * 1700, repeat=10)
    assert outcome.error == ""


def test_clipboard_asked_for_again_and_again_ends_the_session():
    """Twelve bytes ask for a text of any length."""
    connection = Connection(open_settings())
    connection.receive_data(encode.greeting(DESKTOP))
    connection.receive_data(pack(">BxxxiII", 3, -8, 1 << 24 | 1 << 25 | 1 << 26 | 1 << 27 | 1 << 28 | 1, 0))
    noise = np.random.default_rng(0).integers(32, 127, 1 << 20, dtype=np.uint8).tobytes().decode()
    connection.send(ClientCutText(noise))
    connection.data_to_send()
    request = pack(">BxxxiI", 3, -4, 1 << 25 | 1)
    connection.receive_data(request)
    assert len(connection.data_to_send()) > 1 << 19
    with pytest.raises(Exception, match="asks for more than"):
        connection.receive_data(request * 10000)
    assert len(connection.data_to_send()) < 8 << 20


def h264(size: Size, frames: int) -> bytes:
    """Dark frames, each of which refers to the 16 before."""
    encoder = VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = (
        size.width,
        size.height,
        "yuv420p",
        Fraction(1, 30),
    )
    encoder.options = {"preset": "ultrafast", "x264-params": "ref=16:bframes=0:scenecut=0:keyint=1000:level=6.2"}
    picture = np.zeros((size.height * 3 // 2, size.width), np.uint8)
    packets = []
    for number in range(frames):
        picture[0] = number
        packets += encoder.encode(VideoFrame.from_ndarray(picture, format="yuv420p"))
    return b"".join(map(bytes, [*packets, *encoder.encode(None)]))


def test_videos_of_overlapping_areas_are_bounded_together():
    """Sixty-four contexts may be, and each may keep 16 frames."""
    size = Size(320, 240)
    video = h264(Size(304, 224), 18)
    header = pack(">II", len(video), 0)
    updates = [
        rectangle(304, 224, E.OPEN_H264, header + video, (x, y)) for x in range(0, 16, 2) for y in range(0, 16, 2)
    ]
    outcome = besiege(encode.greeting(size), *updates)
    assert (outcome.error, outcome.events) == ("", 1 + 3 * len(updates))
    # 104 MB if each had its 16 frames.
    assert outcome.most_bytes < 64 << 20
