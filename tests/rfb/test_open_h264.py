from fractions import Fraction
from struct import pack

import av
import numpy as np
import pytest

from edge.errors import ConnectionClosed, DecodeError, Unsupported
from edge.geometry import Rect, Size
from edge.pixels import to_bgr
from edge.rfb import Connection, ConnectionSettings, EncodingNumber, RectangleDecoded
from edge.rfb.decoders import open_h264
from tests.rfb import encode
from tests.rfb.drive import connected, failure, open_settings, plain, rectangle_failure, run

H264 = EncodingNumber.OPEN_H264
DESK = Size(640, 480)
AREA = Rect(0, 0, 64, 48)
RESET, RESET_ALL = 1, 2
#: What coding at this quality costs, of 255 levels.
TOLERANCE = 6


def flat(size: Size, colour: int) -> np.ndarray:
    return np.full(size.shape, colour, dtype=np.uint32)


class Encoder:
    """An encoder of one video, x264."""

    def __init__(self, size: Size, **options: str) -> None:
        self._codec = av.CodecContext.create("libx264", "w")
        self._codec.width, self._codec.height = size.width, size.height
        self._codec.pix_fmt = "yuv420p"
        self._codec.time_base = Fraction(1, 30)
        self._codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "5", **options}

    def frame(self, picture: np.ndarray) -> bytes:
        frame = av.VideoFrame.from_ndarray(to_bgr(picture), format="bgr24").reformat(format="yuv420p")
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


def rectangle(rect: Rect, data: bytes, flags: int = 0) -> bytes:
    return encode.rectangle(rect, H264, pack(">II", len(data), flags) + data)


class Screen:
    """A client of H.264, and what it was shown last."""

    def __init__(self) -> None:
        self._connection = connected(DESK)

    def show(self, rect: Rect, data: bytes, flags: int = 0) -> np.ndarray | None:
        events = self._connection.receive_data(encode.update(rectangle(rect, data, flags)))
        pictures = [event for event in events if isinstance(event, RectangleDecoded)]
        assert all(event.rect == rect and event.encoding == H264 for event in pictures)
        return pictures[-1].pixels if pictures else None


def near(got: np.ndarray | None, expected: np.ndarray) -> bool:
    assert got is not None
    assert got.shape == expected.shape
    assert got.max() <= 0xFFFFFF
    return float(np.abs(to_bgr(got).astype(int) - to_bgr(expected)).max()) <= TOLERANCE


@pytest.mark.parametrize("colour", [0x000000, 0xFFFFFF, 0x808080, 0xFF0000, 0x00FF00, 0x0000FF, 0x336699])
def test_colours_are_those_of_the_desktop(colour):
    expected = flat(AREA.size, colour)
    assert near(Screen().show(AREA, Encoder(AREA.size).frame(expected)), expected)


def test_frames_that_build_on_each_other():
    screen, encoder = Screen(), Encoder(AREA.size)
    for number in range(8):
        expected = flat(AREA.size, 0x202020)
        expected[:, 4 * number : 4 * number + 16] = 0xC0C0C0
        data = encoder.frame(expected)
        assert near(screen.show(AREA, data), expected)
    assert len(data) < 500  # nothing in it but what moved


def test_every_area_is_a_video_of_its_own():
    areas = [Rect(64 * number, 0, 64, 48) for number in range(4)] + [Rect(0, 0, 128, 96)]
    screen, encoders = Screen(), [Encoder(area.size) for area in areas]
    for step in range(3):
        for number, (area, encoder) in enumerate(zip(areas, encoders, strict=True)):
            expected = flat(area.size, 0x101010 * (1 + number + 5 * step))
            assert near(screen.show(area, encoder.frame(expected)), expected)


def test_several_frames_in_one_rectangle_end_with_the_last():
    encoder = Encoder(AREA.size)
    data = b"".join(encoder.frame(flat(AREA.size, colour)) for colour in (0xFF0000, 0x00FF00, 0x808080))
    assert near(Screen().show(AREA, data), flat(AREA.size, 0x808080))


def test_frames_without_end_are_refused():
    """One that changes nothing takes twenty bytes, and as long as any other."""
    encoder, picture = Encoder(AREA.size), flat(AREA.size, 0x336699)
    frames = [encoder.frame(picture) for _ in range(65)]
    assert near(Screen().show(AREA, b"".join(frames[:64])), picture)
    error = rectangle_failure(H264, rectangle(AREA, b"".join(frames))[12:], AREA)
    assert isinstance(error, DecodeError)
    assert "has 65 frames, expected 64 at most" in str(error)


def test_headers_alone_show_nothing_yet():
    screen, expected = Screen(), flat(AREA.size, 0x446688)
    data = Encoder(AREA.size).frame(expected)
    first_slice = data.index(b"\x00\x00\x01\x65")
    assert screen.show(AREA, data[:first_slice]) is None
    assert screen.show(AREA, b"") is None
    assert near(screen.show(AREA, data[first_slice:]), expected)


def test_a_context_that_is_reset_begins_anew():
    screen, old, new = Screen(), Encoder(AREA.size), Encoder(AREA.size)
    screen.show(AREA, old.frame(flat(AREA.size, 0xFFFFFF)))
    assert near(screen.show(AREA, new.frame(flat(AREA.size, 0x222222)), RESET), flat(AREA.size, 0x222222))
    with pytest.raises(DecodeError, match=r"OPEN_H264 \(50\), 64x48\+0\+0.*its H.264 data is damaged"):
        screen.show(AREA, old.frame(flat(AREA.size, 0xEEEEEE)), RESET)


@pytest.mark.parametrize(("flags", "survives"), [(RESET, True), (RESET_ALL, False), (RESET | RESET_ALL, False)])
def test_a_reset_is_of_one_context_or_of_all(flags, survives):
    screen, other = Screen(), Rect(64, 0, 64, 48)
    encoder, others = Encoder(AREA.size), Encoder(other.size)
    screen.show(AREA, encoder.frame(flat(AREA.size, 0x606060)))
    screen.show(other, others.frame(flat(other.size, 0x606060)))
    screen.show(AREA, b"", flags)
    data = others.frame(flat(other.size, 0x656565))
    if survives:
        assert near(screen.show(other, data), flat(other.size, 0x656565))
    else:
        with pytest.raises(DecodeError, match="damaged"):
            screen.show(other, data)


def test_the_context_used_longest_ago_makes_room_for_a_65th():
    screen = Screen()
    areas = [Rect(16 * (number % 40), 16 * (number // 40), 16, 16) for number in range(65)]
    encoders = [Encoder(area.size) for area in areas]
    for area, encoder in zip(areas[:64], encoders, strict=False):
        screen.show(area, encoder.frame(flat(area.size, 0x404040)))
    screen.show(areas[0], encoders[0].frame(flat(areas[0].size, 0x444444)))
    screen.show(areas[64], encoders[64].frame(flat(areas[64].size, 0x404040)))
    assert near(screen.show(areas[0], encoders[0].frame(flat(areas[0].size, 0x484848))), flat(Size(16, 16), 0x484848))
    with pytest.raises(DecodeError, match="damaged"):
        screen.show(areas[1], encoders[1].frame(flat(areas[1].size, 0x444444)))


def test_a_frame_that_is_rounded_up_is_cut():
    # 4:2:0 has no odd sizes, and some encoders crop nothing.
    for coded in (Size(64, 48), Size(62, 46)):
        expected = flat(coded, 0x336699)
        got = Screen().show(Rect(5, 5, 61, 45), Encoder(coded).frame(expected))
        assert near(got, flat(Size(61, 45), 0x336699))


@pytest.mark.parametrize("coded", [Size(32, 48), Size(64, 46), Size(80, 48), Size(64, 64)], ids=str)
def test_a_frame_of_another_size_is_refused(coded):
    data = rectangle(AREA, Encoder(coded).frame(flat(coded, 0)))
    error = failure(encode.update(data), DESK)
    assert isinstance(error, DecodeError)
    assert f"its H.264 frame is of {coded}, expected 64x48" in str(error) or "damaged" in str(error)


def test_a_frame_beyond_the_area_is_refused_before_it_is_allocated():
    data = Encoder(Size(4096, 4096)).frame(flat(Size(4096, 4096), 0))
    error = failure(encode.update(rectangle(AREA, data[: data.index(b"\x00\x00\x01\x65") + 4000])), DESK)
    assert isinstance(error, DecodeError)
    assert "damaged" in str(error)


def test_noise_fits_its_limit():
    noise = np.random.default_rng(0).integers(0, 1 << 24, AREA.size.shape, dtype=np.uint32)
    assert Screen().show(AREA, Encoder(AREA.size, qp="0").frame(noise)) is not None


def test_a_length_beyond_the_area_is_refused_before_the_data_came():
    error = rectangle_failure(H264, pack(">II", 0xFFFFFFFF, 0))
    assert isinstance(error, DecodeError)
    assert "announces 4294967295 bytes, more than its area can take (34816)" in str(error)


@pytest.mark.parametrize(
    "data", [b"nothing of H.264", bytes(200), b"\0\0\1\x67" + bytes(50), b"\0\0\1\x65" + b"\xff" * 99]
)
def test_data_that_is_no_video_is_refused_or_shows_nothing(data):
    got, error, _ = run([encode.greeting(DESK) + encode.update(rectangle(AREA, data))], open_settings())
    assert "its H.264 data is damaged" in error or error.startswith("ConnectionClosed")
    assert not any(event[0] == "RectangleDecoded" for event in got)


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_video_is_an_error_or_a_picture_of_its_size(seed):
    random = np.random.default_rng(seed)
    screen, encoder = Screen(), Encoder(AREA.size)
    for _ in range(3):
        noise = random.integers(0, 1 << 24, AREA.size.shape, dtype=np.uint32)
        data = bytearray(encoder.frame(noise))
        for at in random.integers(0, len(data), 5):
            data[at] ^= 1 << random.integers(8)
        try:
            got = screen.show(AREA, bytes(data))
        except DecodeError:
            return
        assert got is None or got.shape == AREA.size.shape


def test_headers_without_end_are_refused():
    screen, header = Screen(), b"\0\0\1\x67" + bytes(11) + b"\1"
    for _ in range(1024):
        assert screen.show(AREA, header) is None
    with pytest.raises(DecodeError, match="holds no picture in 16400 bytes"):
        screen.show(AREA, header)


def test_cutting_changes_nothing():
    encoder = Encoder(AREA.size)
    session = encode.greeting(DESK) + b"".join(
        encode.update(rectangle(AREA, encoder.frame(flat(AREA.size, colour)))) for colour in (0x102030, 0x405060)
    )
    whole = run([session], open_settings())
    assert sum(event[0] == "RectangleDecoded" for event in whole[0]) == 2
    assert run([session[at : at + 1] for at in range(len(session))], open_settings()) == whole


def test_end_of_stream_inside_it_names_it():
    data = rectangle(AREA, Encoder(AREA.size).frame(flat(AREA.size, 0)))
    for length in (13, 19, len(data) - 1):
        error = failure(encode.update(data[:length], count=1), DESK)
        assert isinstance(error, ConnectionClosed)
        assert "OPEN_H264 (50), 64x48+0+0" in str(error)


def test_without_pyav_it_is_not_offered(monkeypatch):
    monkeypatch.setattr(open_h264, "find_spec", lambda name: None)
    with pytest.raises(Unsupported, match=r"OPEN_H264 \(50\) must not be offered.*pip install 'edge\[h264\]'"):
        Connection(ConnectionSettings(encodings=(H264,)))


def test_same_stream_gives_the_same_pictures_on_two_connections():
    data = encode.update(rectangle(AREA, Encoder(AREA.size).frame(flat(AREA.size, 0x778899))))
    assert plain(connected(DESK).receive_data(data)) == plain(connected(DESK).receive_data(data))
