from struct import pack

import pytest

from edge.errors import RfbError, Unsupported
from edge.geometry import Rect, Size
from edge.rfb import (
    ClientCutText,
    Connection,
    ConnectionSettings,
    EncodingNumber,
    FramebufferUpdateRequest,
    KeyEvent,
    PointerEvent,
    SetEncodings,
    SetScale,
    compress_level,
    jpeg_quality,
)
from tests.rfb import encode
from tests.rfb.drive import connected, open_settings


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (SetEncodings((16, -223)), pack(">BxHii", 2, 2, 16, -223)),
        (SetEncodings((jpeg_quality(6), compress_level(9))), pack(">BxHii", 2, 2, -26, -247)),
        (FramebufferUpdateRequest(Rect(1, 2, 3, 4), incremental=True), pack(">BBHHHH", 3, 1, 1, 2, 3, 4)),
        (FramebufferUpdateRequest(Rect(1, 2, 3, 4), incremental=False), pack(">BBHHHH", 3, 0, 1, 2, 3, 4)),
        (KeyEvent(0x0100AC00, down=True), pack(">BBxxI", 4, 1, 0x0100AC00)),
        (KeyEvent(0xFF0D, down=False), pack(">BBxxI", 4, 0, 0xFF0D)),
        (PointerEvent(479, 269, 0b101), pack(">BBHH", 5, 5, 479, 269)),
        (ClientCutText("né 한"), pack(">BxxxI", 6, 4) + b"n\xe9 ?"),
    ],
)
def test_command_is_its_message(command, message):
    connection = connected(Size(64, 48))
    connection.send(command)
    assert connection.data_to_send() == message
    assert connection.data_to_send() == b""


@pytest.mark.parametrize(
    "command",
    [
        FramebufferUpdateRequest(Rect(-1, 0, 5, 5), incremental=True),
        FramebufferUpdateRequest(Rect(0, 0, 65536, 5), incremental=True),
        PointerEvent(-1, 5, 0),
        PointerEvent(1, 5, 256),
        KeyEvent(1 << 32, down=True),
    ],
)
def test_command_that_does_not_fit_is_refused_and_changes_nothing(command):
    connection = connected(Size(64, 48))
    with pytest.raises(RfbError, match=type(command).__name__):
        connection.send(command)
    assert connection.data_to_send() == b""
    connection.receive_data(b"\2")


def test_command_before_connected_is_refused():
    with pytest.raises(RfbError, match="wait for Connected"):
        Connection(open_settings()).send(KeyEvent(1, down=True))


def test_pixel_format_and_encodings_follow_server_init():
    connection = Connection(open_settings(encodings=(EncodingNumber.RAW, jpeg_quality(9))))
    connection.receive_data(encode.greeting(Size(1, 1)))
    expected = b"RFB 003.008\n\1\1" + b"\0\0\0\0" + encode.FORMAT + pack(">BxHii", 2, 2, 0, -23)
    assert connection.data_to_send() == expected


def supported(*types: int) -> bytes:
    bits = sum(1 << number for number in types).to_bytes(32, "little")
    return encode.update(encode.rectangle(Rect(0, 0, 64, 0), EncodingNumber.SUPPORTED_MESSAGES, bits + bytes(32)))


def test_set_scale_is_sent_once_the_server_lists_it():
    connection = connected(Size(64, 48))
    with pytest.raises(Unsupported, match="SupportedMessages"):
        connection.send(SetScale(4))
    connection.receive_data(supported(0, 7))
    with pytest.raises(Unsupported):
        connection.send(SetScale(4))
    connection.receive_data(supported(0, 8))
    connection.send(SetScale(4))
    assert connection.data_to_send() == b"\x08\x04\0\0"


@pytest.mark.parametrize("encoding", [8, -305, -309])
def test_encoding_that_cannot_be_decoded_is_not_offered(encoding):
    with pytest.raises(Unsupported, match="cannot decode"):
        Connection(ConnectionSettings(encodings=(encoding,)))
    with pytest.raises(Unsupported, match="cannot decode"):
        connected(Size(1, 1)).send(SetEncodings((0, encoding)))


@pytest.mark.parametrize("level", [-1, 10])
@pytest.mark.parametrize("named", [jpeg_quality, compress_level])
def test_level_outside_0_to_9_is_refused(named, level):
    with pytest.raises(ValueError, match="0 to 9"):
        named(level)


def test_secrets_and_keystrokes_are_not_in_representations():
    assert "9876" not in repr(KeyEvent(9876, down=True))
    assert "abc" not in repr(ClientCutText("abc"))
    assert "abc" not in repr(ConnectionSettings(password=b"abc"))
