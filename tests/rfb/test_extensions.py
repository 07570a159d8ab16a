import tracemalloc
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ProtocolViolation, RfbError, Unsupported
from edge.geometry import Rect, Size
from edge.rfb import (
    AudioBegun,
    AudioEnded,
    AudioFormat,
    AudioReceived,
    ClipboardRequest,
    ContinuousUpdatesEnded,
    DesktopNameChanged,
    DesktopResized,
    DisableAudio,
    EnableAudio,
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
    PointerModeChanged,
    PointerMotion,
    PointerMoved,
    RectangleCopied,
    ResizeReason,
    ResizeStatus,
    SampleFormat,
    Screen,
    SetDesktopSize,
    SetEncodings,
    jpeg_fine_quality,
)
from tests.rfb import encode, extensions
from tests.rfb.drive import connected, cut, failure, open_settings, run
from tests.rfb.extensions import END_OF_CONTINUOUS_UPDATES, PEEK, announcement, audio, clipboard, fence, pseudo

SIZE = Size(64, 48)
NUMBERS = EncodingNumber
NOWHERE = Rect(0, 0, 0, 0)
SESSION = encode.greeting(SIZE) + b"".join(extensions.messages())
EXPECTED = run([SESSION], open_settings())


def announced(number: int):
    """A connection whose server has announced `number`, with nothing left to send."""
    said = {
        NUMBERS.FENCE: fence(b""),
        NUMBERS.CONTINUOUS_UPDATES: END_OF_CONTINUOUS_UPDATES,
        NUMBERS.EXTENDED_DESKTOP_SIZE: pseudo(number, SIZE.rect, bytes(4)),
    }
    connection = connected(SIZE)
    connection.receive_data(said.get(number, announcement(number)))
    connection.data_to_send()
    return connection


def test_session_of_extensions_comes_through_whole():
    events, error, _ = EXPECTED
    assert error == "ConnectionClosed: the server closed the connection"
    assert {"FenceReplied", "ContinuousUpdatesEnded", "ClipboardNotified", "AudioReceived", "CursorShown"} <= {
        name for name, *_ in events
    }


def test_session_of_extensions_is_the_same_byte_by_byte():
    assert run([SESSION[i : i + 1] for i in range(len(SESSION))], open_settings()) == EXPECTED


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(SESSION)), max_size=30))
def test_session_of_extensions_is_the_same_however_it_is_cut(places):
    assert run(cut(SESSION, places), open_settings()) == EXPECTED


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_session_of_extensions_is_events_or_a_documented_error(data):
    damaged = bytearray(SESSION)
    for place in data.draw(st.lists(st.integers(0, len(SESSION) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    events, error, sent = run([bytes(damaged)], open_settings())
    places = data.draw(st.lists(st.integers(0, len(SESSION)), max_size=10))
    cut_events, cut_error, cut_sent = run(cut(bytes(damaged), places), open_settings())
    assert cut_events[: len(events)] == events
    assert (cut_error, cut_sent) == (error, sent)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            END_OF_CONTINUOUS_UPDATES,
            r"type 150 \(END_OF_CONTINUOUS_UPDATES\), which this client did not ask for",
        ),
        (fence(b""), r"message type 248 \(FENCE\)"),
        (audio(1), r"message type 255 \(QEMU\)"),
        (extensions.caps(), "the extended clipboard, which this client did not ask for"),
        (b"\xfa\0\1\1", "message type 250, which this client did not ask for"),  # xvp
        (b"\xfd\1\0\4\0\1\0\1", "message type 253, which this client did not ask for"),  # gii
        (announcement(NUMBERS.LAST_RECT), r"LAST_RECT \(-224\).*did not offer"),
        (announcement(NUMBERS.QEMU_AUDIO), r"QEMU_AUDIO \(-259\).*did not offer"),
        (pseudo(NUMBERS.TIGHT, Rect(0, 0, 1, 1), b"\x80\1\2\3"), r"TIGHT \(7\).*did not offer"),
        (pseudo(NUMBERS.CURSOR, NOWHERE), r"CURSOR \(-239\).*did not offer"),
    ],
)
def test_what_was_not_offered_is_refused_by_name(message, words):
    connection = connected(SIZE, open_settings(encodings=()))
    with pytest.raises(ProtocolViolation, match=words):
        connection.receive_data(message)


def test_copy_rect_may_come_unasked_as_x11vnc_sends_it_for_a_window_that_is_dragged():
    connection = connected(SIZE, open_settings(encodings=()))
    events = connection.receive_data(pseudo(NUMBERS.COPY_RECT, Rect(1, 1, 2, 2), pack(">HH", 0, 0)))
    assert RectangleCopied(Rect(1, 1, 2, 2), 0, 0) in events


def test_what_was_offered_once_may_still_come():
    connection = connected(SIZE, open_settings(encodings=(NUMBERS.TIGHT,)))
    connection.send(SetEncodings((NUMBERS.ZRLE,)))
    assert len(connection.receive_data(pseudo(NUMBERS.TIGHT, Rect(0, 0, 1, 1), b"\x80\1\2\3"))) == 3


def test_level_is_not_the_encoding_of_a_rectangle():
    connection = connected(SIZE, open_settings(encodings=(jpeg_fine_quality(80),)))
    with pytest.raises(ProtocolViolation, match="not the encoding of a rectangle"):
        connection.receive_data(pseudo(-432, Rect(0, 0, 1, 1)))


@pytest.mark.parametrize(
    ("command", "number", "message"),
    [
        (Fence(b"abc"), NUMBERS.FENCE, pack(">BxxxIB", 248, 1 << 31 | 1, 3) + b"abc"),
        (
            EnableContinuousUpdates(enable=True, rect=Rect(1, 2, 3, 4)),
            NUMBERS.CONTINUOUS_UPDATES,
            pack(">BBHHHH", 150, 1, 1, 2, 3, 4),
        ),
        (
            SetDesktopSize(Size(100, 60), (Screen(7, Rect(0, 0, 50, 60), 1), Screen(8, Rect(50, 0, 50, 60)))),
            NUMBERS.EXTENDED_DESKTOP_SIZE,
            pack(">BxHHBxIHHHHIIHHHHI", 251, 100, 60, 2, 7, 0, 0, 50, 60, 1, 8, 50, 0, 50, 60, 0),
        ),
        (
            EnableAudio(AudioFormat(SampleFormat.U8, 1, 8000)),
            NUMBERS.QEMU_AUDIO,
            pack(">BBHBBIBBH", 255, 1, 2, 0, 1, 8000, 255, 1, 0),
        ),
        (DisableAudio(), NUMBERS.QEMU_AUDIO, pack(">BBH", 255, 1, 1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_command_of_an_extension_waits_for_its_announcement(command, number, message):
    connection = connected(SIZE)
    with pytest.raises(Unsupported, match=f"{type(command).__name__}: the server has not announced {number.name}"):
        connection.send(command)
    assert connection.data_to_send() == b""
    connection = announced(number)
    assert number in connection.announced
    connection.send(command)
    assert connection.data_to_send() == message


def test_refusal_says_what_to_offer():
    connection = connected(SIZE, open_settings(encodings=()))
    with pytest.raises(Unsupported, match=r"EXTENDED_CLIPBOARD \(-1063131698\); offer it in SetEncodings"):
        connection.send(ClipboardRequest())


def test_key_has_its_scancode_once_that_is_announced():
    key = KeyEvent(0xFF53, down=True, scancode=0xCD)
    connection = connected(SIZE)
    connection.send(key)
    assert connection.data_to_send() == pack(">BBxxI", 4, 1, 0xFF53)
    connection = announced(NUMBERS.QEMU_EXTENDED_KEY_EVENT)
    connection.send(key)
    assert connection.data_to_send() == pack(">BBHII", 255, 0, 1, 0xFF53, 0xCD)
    connection.send(KeyEvent(0xFF53, down=False))
    assert connection.data_to_send() == pack(">BBxxI", 4, 0, 0xFF53)


@pytest.mark.parametrize(
    ("buttons", "message"),
    [
        (0x7F, pack(">BBHH", 5, 0x7F, 3, 4)),
        (0x80, pack(">BBHHB", 5, 0x80, 3, 4, 1)),
        (0x101, pack(">BBHHB", 5, 0x81, 3, 4, 2)),
    ],
)
def test_buttons_beyond_the_seventh_are_sent_once_they_are_announced(buttons, message):
    connection = announced(NUMBERS.EXTENDED_MOUSE_BUTTONS)
    connection.send(PointerEvent(3, 4, buttons))
    assert connection.data_to_send() == message


def test_eighth_button_could_be_taken_for_more_of_them_if_that_was_offered():
    with pytest.raises(Unsupported, match="EXTENDED_MOUSE_BUTTONS"):
        connected(SIZE).send(PointerEvent(3, 4, 0x80))
    plain = connected(SIZE, open_settings(encodings=()))
    plain.send(PointerEvent(3, 4, 0x80))
    assert plain.data_to_send() == pack(">BBHH", 5, 0x80, 3, 4)
    with pytest.raises(Unsupported, match="EXTENDED_MOUSE_BUTTONS"):
        plain.send(PointerEvent(3, 4, 0x100))


def test_pointer_takes_positions_or_motion_as_the_server_says():
    connection = announced(NUMBERS.QEMU_POINTER_MOTION_CHANGE)
    connection.send(PointerMotion(-2, 3, 1))
    assert connection.data_to_send() == pack(">BBHH", 5, 1, 0x7FFD, 0x8002)
    with pytest.raises(Unsupported, match="motion instead of positions"):
        connection.send(PointerEvent(1, 1, 0))
    mode = pseudo(NUMBERS.QEMU_POINTER_MOTION_CHANGE, Rect(1, 0, 64, 48))
    assert PointerModeChanged(absolute=True) in connection.receive_data(mode)
    connection.send(PointerEvent(1, 1, 0))
    with pytest.raises(Unsupported, match="positions instead of motion"):
        connection.send(PointerMotion(1, 1, 0))


def test_pointer_mode_that_is_neither_is_refused():
    assert "pointer mode 2, expected 0" in str(failure(pseudo(NUMBERS.QEMU_POINTER_MOTION_CHANGE, Rect(2, 0, 1, 1))))


@pytest.mark.parametrize("payload", [b"", b"x" * 64], ids=len)
@pytest.mark.parametrize("flags", [0, 1, 3, 7, 0x7FFFFFFF])
def test_fence_of_the_server_is_answered_with_what_is_kept_of_its_flags(payload, flags):
    connection = connected(SIZE)
    events = connection.receive_data(fence(payload, 1 << 31 | flags))
    assert events == [ExtensionAnnounced(NUMBERS.FENCE)]
    assert connection.data_to_send() == fence(payload, flags & 3)
    assert connection.receive_data(fence(payload, 1 << 31 | flags)) == []


def test_fence_is_answered_before_anything_that_is_sent_later():
    connection = connected(SIZE)
    connection.receive_data(fence(b"1") + fence(b"2"))
    connection.send(KeyEvent(1, down=True))
    assert connection.data_to_send() == fence(b"1", 0) + fence(b"2", 0) + pack(">BBxxI", 4, 1, 1)


def test_answer_to_a_fence_is_an_event_and_is_not_answered():
    connection = announced(NUMBERS.FENCE)
    assert connection.receive_data(fence(b"mine", 1)) == [FenceReplied(b"mine", FenceFlag.BLOCK_BEFORE)]
    assert connection.data_to_send() == b""


def test_fence_beyond_64_bytes_is_refused_both_ways():
    assert "a fence of 65 bytes, more than 64" in str(failure(fence(bytes(65))))
    connection = announced(NUMBERS.FENCE)
    with pytest.raises(RfbError, match="a fence of 65 bytes, more than 64"):
        connection.send(Fence(bytes(65)))


def test_first_end_of_continuous_updates_announces_them():
    events = connected(SIZE).receive_data(END_OF_CONTINUOUS_UPDATES * 2)
    assert events == [ExtensionAnnounced(NUMBERS.CONTINUOUS_UPDATES), ContinuousUpdatesEnded()]


def test_sound_has_the_format_that_was_asked_for_when_it_began():
    connection = announced(NUMBERS.QEMU_AUDIO)
    few, many = AudioFormat(SampleFormat.U8, 1, 8000), AudioFormat(SampleFormat.S32, 2, 48000)
    connection.send(EnableAudio(few))
    assert connection.receive_data(audio(1) + audio(2, b"abc")) == [AudioBegun(few), AudioReceived(few, b"abc")]
    connection.send(DisableAudio())
    connection.send(EnableAudio(many))
    under_way, ended, begun = connection.receive_data(audio(2, b"abc") + audio(0) + audio(1))
    assert (under_way, ended, begun) == (AudioReceived(few, b"abc"), AudioEnded(), AudioBegun(many))
    # Half a frame is none: it is of another format.
    assert connection.receive_data(audio(2, bytes(12)) + audio(2, bytes(16))) == [AudioReceived(many, bytes(16))]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (pack(">BBHI", 255, 1, 2, (1 << 20) + 1), "1048577 bytes of audio, more than 1048576"),
        (pack(">BBH", 255, 1, 3), "audio operation 3"),
        (pack(">BBH", 255, 0, 0), "submessage 0, expected 1"),
    ],
)
def test_sound_that_cannot_be_is_refused(message, words):
    assert words in str(failure(message))


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (pseudo(NUMBERS.LED_STATE, NOWHERE, b"\5"), LedStateChanged(Led.SCROLL_LOCK | Led.CAPS_LOCK)),
        (pseudo(NUMBERS.VMWARE_LED_STATE, NOWHERE, pack(">I", 2)), LedStateChanged(Led.NUM_LOCK)),
        (pseudo(NUMBERS.DESKTOP_NAME, NOWHERE, pack(">I", 5) + "büro".encode()), DesktopNameChanged("büro")),
        (pseudo(NUMBERS.DESKTOP_NAME, NOWHERE, pack(">I", 1) + b"\xff"), DesktopNameChanged("\ufffd")),
        (pseudo(NUMBERS.POINTER_POS, Rect(3, 4, 0, 0)), PointerMoved(3, 4)),
        (pseudo(NUMBERS.VMWARE_CURSOR_POSITION, Rect(3, 4, 0, 0)), PointerMoved(3, 4)),
    ],
)
def test_state_of_the_desktop_is_an_event(message, event):
    assert connected(SIZE).receive_data(message)[1:-1] == [event]


@pytest.mark.parametrize(
    "message",
    [
        lambda number: fence(b"", number),
        lambda number: clipboard(number << 8 | PEEK, b""),
        lambda number: pseudo(NUMBERS.VMWARE_LED_STATE, NOWHERE, pack(">I", number)),
    ],
    ids=["fence", "clipboard", "lights"],
)
def test_flags_that_are_not_defined_leave_nothing_behind(message):
    """Python keeps each value of a flag for ever, and 32 bits have 4294967296 of them."""
    connection = connected(SIZE)
    connection.receive_data(message(0))
    tracemalloc.start()
    for number in range(1, 2000):
        connection.receive_data(message(number << 4))
        connection.data_to_send()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000


def test_name_beyond_the_limit_is_refused():
    assert "a desktop name of 4294967295 bytes" in str(failure(pseudo(NUMBERS.DESKTOP_NAME, NOWHERE, b"\xff" * 4)))


@pytest.mark.parametrize("status", [*range(6), 0xFFFF])
def test_status_of_a_resize_has_words(status):
    rect = Rect(1, status, 80, 60)
    [_, resized, _] = connected(SIZE).receive_data(pseudo(NUMBERS.EXTENDED_DESKTOP_SIZE, rect, bytes(4)))
    assert isinstance(resized, DesktopResized)
    assert resized.status == (status if status < 5 else ResizeStatus.FAILED)
    assert resized.size == (SIZE if status else Size(80, 60))
    assert resized.status.words.startswith("the ")


@pytest.mark.parametrize("reason", [0, 2, 3, 0xFFFF])
def test_status_means_nothing_where_this_client_did_not_ask(reason):
    rect = Rect(reason, 3, 80, 60)
    [_, resized, _] = connected(SIZE).receive_data(pseudo(NUMBERS.EXTENDED_DESKTOP_SIZE, rect, bytes(4)))
    expected = ResizeReason.OTHER_CLIENT if reason == 2 else ResizeReason.SERVER
    assert (resized.size, resized.reason, resized.status) == (Size(80, 60), expected, ResizeStatus.DONE)


@pytest.mark.parametrize(("level", "number"), [(0, -512), (100, -412)])
def test_fine_quality_is_from_0_to_100(level, number):
    assert jpeg_fine_quality(level) == number
    with pytest.raises(ValueError, match="0 to 100"):
        jpeg_fine_quality(101)
