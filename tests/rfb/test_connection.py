import threading
from contextlib import suppress
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ConnectionClosed, ProtocolViolation, RfbError
from edge.geometry import Rect, Size
from edge.rfb import Bell, Connection, CutTextReceived, EncodingNumber, KeyEvent, Limits, State
from tests.rfb import encode, session
from tests.rfb.drive import connected, cut, failure, open_settings, plain, run

WHOLE = session.whole()
EXPECTED = run([WHOLE], open_settings())


def test_session_comes_through_whole():
    events, error, _ = EXPECTED
    assert error == "ConnectionClosed: the server closed the connection"
    names = [name for name, *_ in events]
    assert names.count("UpdateFinished") == names.count("UpdateStarted") == len(session.messages()) - 3
    assert {"Bell", "CutTextReceived", "CursorChanged", "SupportedMessages", "DesktopResized", "RectangleCopied"} <= {
        *names
    }


def test_session_is_the_same_byte_by_byte():
    assert run([WHOLE[i : i + 1] for i in range(len(WHOLE))], open_settings()) == EXPECTED


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(WHOLE)), max_size=30))
def test_session_is_the_same_however_it_is_cut(places):
    assert run(cut(WHOLE, places), open_settings()) == EXPECTED


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_session_is_the_same_however_it_is_cut(data):
    damaged = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(WHOLE) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    places = data.draw(st.lists(st.integers(0, len(WHOLE)), max_size=10))
    events, error, sent = run([bytes(damaged)], open_settings())
    cut_events, cut_error, cut_sent = run(cut(bytes(damaged), places), open_settings())
    # What was decoded in the call that failed is lost with it, so the cut session may have more to show.
    assert cut_events[: len(events)] == events
    assert (cut_error, cut_sent) == (error, sent)


@pytest.mark.parametrize("name", session.messages())
def test_message_cut_short_names_itself(name):
    messages = session.messages()
    before = b"".join(list(messages.values())[: list(messages).index(name)])
    message = messages[name]
    for end in sorted({1, 2, len(message) // 2, len(message) - 1} & set(range(1, len(message)))):
        connection = connected(session.SIZE)
        if before:
            connection.receive_data(before)
        connection.receive_data(message[:end])
        words = {"cut-text": "SERVER_CUT_TEXT", "colour-map": "SET_COLOUR_MAP_ENTRIES"}.get(name, "FRAMEBUFFER_UPDATE")
        with pytest.raises(ConnectionClosed, match=f"in the middle of {words}"):
            connection.receive_data(b"")


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (0, "ProtocolVersion"),
        (5, "ProtocolVersion"),
        (12, "security types"),
        (13, "security types"),
        (16, "SecurityResult"),
        (20, "ServerInit"),
        (45, "ServerInit"),
    ],
)
def test_greeting_cut_short_says_where(end, words):
    connection = Connection(open_settings())
    if end:
        connection.receive_data(WHOLE[:end])
    with pytest.raises(ConnectionClosed, match=f"in the middle of {words} \\(byte {end}\\)"):
        connection.receive_data(b"")


def test_end_of_stream_between_messages_is_plain():
    assert str(failure(b"\2")) == "the server closed the connection"


@pytest.mark.parametrize("number", [4, 15, 127, 250, 253])
def test_unknown_message_is_named(number):
    error = failure(b"\2" + bytes([number]))
    assert isinstance(error, ProtocolViolation)
    assert str(error) == f"server message, byte 48: message type {number}, which this client did not ask for"


def test_cut_text_is_latin_1():
    text = b"caf\xe9\n"
    assert connected(Size(1, 1)).receive_data(pack(">BxxxI", 3, 5) + text) == [CutTextReceived("café\n")]


def test_cut_text_beyond_the_limit_is_read_past():
    connection = connected(Size(1, 1))
    connection.receive_data(pack(">BxxxI", 3, (1 << 20) + 1))
    for _ in range(4):
        assert connection.receive_data(bytes(1 << 18)) == []
    assert connection.receive_data(b"\0\2") == [Bell()]


def test_connection_is_dead_after_an_error():
    connection = connected(Size(1, 1))
    with pytest.raises(ProtocolViolation):
        connection.receive_data(b"\xfe")
    assert connection.state is State.CLOSED
    for use in (lambda: connection.receive_data(b"\2"), lambda: connection.send(KeyEvent(1, down=True))):
        with pytest.raises(ConnectionClosed, match=r"ended before: .*message type 254"):
            use()


@pytest.mark.parametrize(
    ("encoding", "rect", "data"),
    [
        (EncodingNumber.TIGHT, Rect(0, 0, 100, 100), b"\x80abc"),
        (EncodingNumber.COPY_RECT, Rect(0, 0, 100, 100), bytes(4)),
        (EncodingNumber.CURSOR_WITH_ALPHA, Rect(0, 0, 100, 100), pack(">i", EncodingNumber.TIGHT) + b"\x80abcd"),
    ],
)
def test_pixels_to_be_shown_copied_or_pointed_with_come_in_portions(encoding, rect, data):
    """Sixteen bytes are enough for a megabyte of cursor, or for the whole desktop to be copied."""
    connection = connected(Size(100, 100), open_settings(limits=Limits(pixels_at_once=30_000)))
    events = [connection.receive_data(encode.update(encode.rectangle(rect, encoding, data)) * 10)]
    while connection.more:
        events.append(connection.receive_more())
    # Each update is three events.
    assert [len(portion) for portion in events] == [8, 9, 9, 4]


def test_large_rectangle_in_small_pieces_is_joined_once():
    size = Size(1920, 1080)
    pixels = encode.picture(size, 200)
    data = encode.update(encode.rectangle(size.rect, 0, encode.raw(pixels)))
    connection = connected(size)
    events = [event for at in range(0, len(data), 1000) for event in connection.receive_data(data[at : at + 1000])]
    assert plain(events) == plain(connected(size).receive_data(data))


def test_commands_of_one_thread_are_whole_while_another_one_receives():
    connection = connected(Size(1, 1))
    keys, sent = range(5000), bytearray()

    def send() -> None:
        for key in keys:
            connection.send(KeyEvent(key, down=True))
            sent.extend(connection.data_to_send())

    thread = threading.Thread(target=send)
    thread.start()
    while thread.is_alive():
        connection.receive_data(b"\2" * 50)
    thread.join()
    assert bytes(sent) == b"".join(pack(">BBxxI", 4, 1, key) for key in keys)


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_a_documented_error(data):
    run([data], open_settings())
    with suppress(RfbError):
        connected(Size(40, 40)).receive_data(data)
