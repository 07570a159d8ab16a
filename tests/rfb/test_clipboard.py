import zlib
from struct import pack, unpack

import pytest

from edge.errors import DecodeError, ProtocolViolation, Unsupported
from edge.geometry import Size
from edge.rfb import (
    Bell,
    ClientCutText,
    ClipboardNotified,
    ClipboardRequest,
    CutTextReceived,
    EncodingNumber,
    ExtensionAnnounced,
    Limits,
)
from tests.rfb.drive import connected, failure, open_settings
from tests.rfb.extensions import ALL_CAPS, CAPS, NOTIFY, PEEK, PROVIDE, REQUEST, TEXT, caps, clipboard, provide

KOREAN = "한글\nné"


def with_clipboard(text_bytes: int = 0, flags: int = ALL_CAPS):
    """A connection whose server has told its capabilities, with nothing left to send."""
    connection = connected(Size(1, 1))
    connection.receive_data(caps(text_bytes, flags))
    connection.data_to_send()
    return connection


def said(data: bytes) -> tuple[int, bytes]:
    """Flags and data of the one extended ClientCutText that `data` is."""
    kind, length, flags = unpack(">BxxxiI", data[:12])
    assert (kind, -length) == (6, len(data) - 8)
    return flags, data[12:]


def inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data)


def test_capabilities_are_answered_with_no_text_that_was_not_requested():
    connection = connected(Size(1, 1))
    events = connection.receive_data(caps(1000))
    assert events == [ExtensionAnnounced(EncodingNumber.EXTENDED_CLIPBOARD)]
    assert said(connection.data_to_send()) == (ALL_CAPS, pack(">I", 0))


def test_capabilities_with_other_formats_have_more_sizes():
    connection = connected(Size(1, 1))
    connection.receive_data(clipboard(ALL_CAPS | 0b110, pack(">III", 1 << 20, 5, 6)))
    connection.data_to_send()
    connection.send(ClientCutText(KOREAN))
    assert said(connection.data_to_send())[0] == PROVIDE | TEXT


def test_clipboard_without_text_is_not_one():
    connection = connected(Size(1, 1))
    assert connection.receive_data(clipboard(CAPS | PROVIDE | 0b100, pack(">I", 9))) == []
    with pytest.raises(Unsupported, match="EXTENDED_CLIPBOARD"):
        connection.send(ClipboardRequest())


def test_text_of_the_server_comes_on_request():
    connection = with_clipboard()
    assert connection.receive_data(clipboard(NOTIFY | TEXT)) == [ClipboardNotified(text=True)]
    assert connection.receive_data(clipboard(NOTIFY)) == [ClipboardNotified(text=False)]
    connection.send(ClipboardRequest())
    assert said(connection.data_to_send()) == (REQUEST | TEXT, b"")
    text = "한글\r\nné\rlone\r\n\0".encode()
    assert connection.receive_data(provide(text)) == [CutTextReceived("한글\nné\nlone\n")]


def test_text_that_was_not_requested_is_dropped():
    connection = with_clipboard()
    assert connection.receive_data(provide(b"one\0")) == []
    connection.send(ClipboardRequest())
    connection.send(ClipboardRequest())
    events = connection.receive_data(provide(b"two\0") + provide(b"three\0") + provide(b"four\0"))
    assert events == [CutTextReceived("two"), CutTextReceived("three")]


def test_formats_that_follow_the_text_are_ignored():
    connection = with_clipboard()
    connection.send(ClipboardRequest())
    data = zlib.compress(pack(">I", 5) + b"text\0" + pack(">I", 6) + b"<b>hi!")
    assert connection.receive_data(clipboard(PROVIDE | TEXT | 0b100, data)) == [CutTextReceived("text")]
    connection.send(ClipboardRequest())
    assert connection.receive_data(clipboard(PROVIDE | 0b100, zlib.compress(b""))) == []


def test_text_beyond_the_limit_is_dropped_however_it_is_packed():
    limits = Limits(cut_text_bytes=1000)
    connection = connected(Size(1, 1), open_settings(limits=limits))
    connection.receive_data(caps())
    bomb = provide(bytes(50_000_000))
    long = clipboard(PROVIDE | TEXT, bytes(1001))
    claimed = provide(b"", size=0xFFFFFFFF)
    for message in (bomb, long, claimed):
        connection.send(ClipboardRequest())
        assert connection.receive_data(message + b"\2") == [Bell()]
    connection.send(ClipboardRequest())
    assert connection.receive_data(provide(b"x" * 999 + b"\0")) == [CutTextReceived("x" * 999)]


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (clipboard(PROVIDE | TEXT, b"no zlib"), DecodeError, "zlib data is damaged"),
        (clipboard(PROVIDE | TEXT, zlib.compress(b"abc")), DecodeError, "3 bytes, less than a size"),
        (provide(b"abc", size=4), DecodeError, "3 bytes, expected 4"),
        (clipboard(PROVIDE | NOTIFY | TEXT), ProtocolViolation, "actions 0x18000000, expected one"),
        (clipboard(0), ProtocolViolation, "actions 0x00000000, expected one"),
        (clipboard(CAPS | TEXT), ProtocolViolation, "sizes of 0 bytes for 1 formats"),
        (pack(">Bxxxi", 3, -3), ProtocolViolation, "of 3 bytes, expected at least 4"),
        (pack(">BxxxI", 3, 1 << 31), ProtocolViolation, "in the middle of SERVER_CUT_TEXT"),
    ],
)
def test_clipboard_that_cannot_be_is_refused(message, kind, words):
    if words.startswith("in the middle"):
        assert words in str(failure(message))
        return
    connection = with_clipboard()
    connection.send(ClipboardRequest())
    with pytest.raises(kind, match=words):
        connection.receive_data(message)


def test_text_of_the_client_is_told_and_given_on_request():
    connection = with_clipboard()
    connection.receive_data(clipboard(REQUEST | TEXT) + clipboard(PEEK))
    assert said(connection.data_to_send()) == (NOTIFY, b"")
    connection.send(ClientCutText("한글\nné\r\nend"))
    assert said(connection.data_to_send()) == (NOTIFY | TEXT, b"")
    assert connection.receive_data(clipboard(REQUEST | TEXT)) == []
    flags, data = said(connection.data_to_send())
    text = "한글\r\nné\r\nend\0".encode()
    assert (flags, inflated(data)) == (PROVIDE | TEXT, pack(">I", len(text)) + text)
    connection.receive_data(clipboard(PEEK))
    assert said(connection.data_to_send()) == (NOTIFY | TEXT, b"")
    connection.receive_data(clipboard(REQUEST | 0b100))
    assert connection.data_to_send() == b""


def test_text_of_the_client_is_compressed_once_for_all_who_ask():
    """Twelve bytes ask for it, and a long one takes milliseconds: the time of this test would be minutes."""
    connection = with_clipboard()
    connection.send(ClientCutText("글" * (1 << 20)))
    connection.data_to_send()
    for _ in range(5):
        connection.receive_data(clipboard(REQUEST | TEXT) * 1000)
        sent = connection.data_to_send()
        assert sent == sent[: len(sent) // 1000] * 1000
    connection.send(ClientCutText(""))
    connection.data_to_send()
    connection.receive_data(clipboard(REQUEST | TEXT))
    assert inflated(said(connection.data_to_send())[1]) == pack(">I", 1) + b"\0"


@pytest.mark.parametrize(("most", "flags"), [(len("한글\0".encode()), PROVIDE), (len("한글\0".encode()) - 1, NOTIFY)])
def test_text_of_the_client_is_given_at_once_where_the_server_takes_as_much(most, flags):
    connection = with_clipboard(most)
    connection.send(ClientCutText("한글"))
    assert said(connection.data_to_send())[0] == flags | TEXT


@pytest.mark.parametrize(
    ("connection", "text", "latin"),
    [
        (with_clipboard, "né\r\n", b"n\xe9\n"),
        (with_clipboard, "", b""),
        (lambda: connected(Size(1, 1)), "né 한", b"n\xe9 ?"),
        (lambda: with_clipboard(0, CAPS | REQUEST | TEXT), "한", b"?"),
    ],
    ids=["latin-1", "empty", "not extended", "no notify"],
)
def test_text_of_the_client_is_latin_1_where_that_is_all_or_will_do(connection, text, latin):
    connection = connection()
    connection.send(ClientCutText(text))
    assert connection.data_to_send() == pack(">BxxxI", 6, len(latin)) + latin


def test_clipboard_is_not_in_representations():
    assert "geheim" not in repr(CutTextReceived("geheim")) + repr(ClientCutText("geheim"))
