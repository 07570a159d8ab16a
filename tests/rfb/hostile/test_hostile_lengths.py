"""Lengths, numbers and messages that a client must not believe."""

from struct import pack

import pytest

from edge.geometry import Rect, Size
from edge.rfb import (
    ClientCutText,
    Connection,
    EncodingNumber,
    FramebufferUpdateRequest,
    KeyEvent,
    PointerEvent,
    compress_level,
)
from tests.rfb import encode
from tests.rfb.drive import connected, open_settings
from tests.rfb.hostile.siege import CHUNK_BYTES, besiege, besiege_each, rectangle, refused, session, sessions

ALL_ONES = b"\xff" * 4
V3_3, V3_8 = b"RFB 003.003\n", b"RFB 003.008\n"


@pytest.mark.parametrize("before", [V3_3 + bytes(4), V3_8 + b"\0", V3_8 + b"\1\1" + pack(">I", 1)])
def test_reason_of_4_gib_is_refused(before):
    refused("a reason of 4294967295 bytes", besiege(before + ALL_ONES, bytes(4096)))


def test_desktop_name_of_4_gib_is_refused():
    init = encode.greeting(Size(9, 9))[:-8]
    refused("a desktop name of 4294967295 bytes", besiege(init + ALL_ONES, bytes(4096)))


def test_desktop_name_of_4_gib_is_refused_in_a_rectangle():
    refused("a desktop name of 4294967295 bytes", session(rectangle(0, 0, EncodingNumber.DESKTOP_NAME, ALL_ONES)))


def test_cut_text_without_end_is_read_past_and_not_kept():
    outcome = besiege(encode.greeting(Size(9, 9)) + pack(">BxxxI", 3, 0x7FFFFFFF), bytes(CHUNK_BYTES), repeat=1600)
    assert (outcome.error, outcome.events) == ("", 1)


@pytest.mark.parametrize("length", [-1, -3, -(1 << 31)])
def test_extended_clipboard_of_impossible_length_is_refused_or_read_past(length):
    outcome = session(pack(">Bxxxi", 3, length) + bytes(64))
    assert (outcome.kind == "ProtocolViolation") == (length > -4)


@pytest.mark.parametrize("number", sorted(set(range(256)) - {0, 1, 2, 3, 150, 248, 255}))
def test_message_that_nobody_asked_for_is_refused(number):
    """Among them file transfer (7), text chat (11), xvp (250) and gii (253)."""
    with pytest.raises(Exception, match=f"message type {number}"):
        connected(Size(9, 9)).receive_data(bytes([number]) + bytes(100))


@pytest.mark.parametrize("number", [150, 248, 255])
def test_message_of_an_extension_that_was_not_offered_is_refused(number):
    outcome = session(bytes([number]) + bytes(100), encodings=(EncodingNumber.RAW,))
    refused(f"message type {number}", outcome)


def test_encoding_that_nobody_asked_for_is_refused():
    """Among them Ultra (9) and UltraZip (10), which LibVNCClient decoded whether or not it had asked."""
    numbers = [9, 10, 8, 22, 1000, -1, -260 - 65536, 0x7FFFFFFF, -(1 << 31)]
    for outcome in sessions(rectangle(8, 8, number, bytes(64)) for number in numbers):
        refused("did not offer", outcome)


@pytest.mark.parametrize("encoding", [compress_level(5), EncodingNumber.FENCE, EncodingNumber.EXTENDED_CLIPBOARD])
def test_encoding_that_is_only_the_client_s_to_say_is_refused(encoding):
    assert session(rectangle(8, 8, encoding, bytes(64))).kind == "ProtocolViolation"


def test_fence_of_4_gib_is_refused():
    refused("a fence of 255 bytes", session(b"\xf8\0\0\0" + ALL_ONES + b"\xff"))


def test_sound_of_4_gib_is_refused():
    outcome = session(b"\xff\1\0\2" + ALL_ONES + bytes(1000))
    assert outcome.kind == "ProtocolViolation"
    assert "QEMU" in outcome.error


@pytest.mark.parametrize("first", [0, 1, 255, 65535])
def test_colour_map_past_its_end_is_refused_or_of_no_effect(first):
    entries = pack(">BxHH", 1, first, 65535) + bytes(6 * 65535)
    outcome = session(entries)
    assert not outcome.error


FORMATS = [
    (0, 24, 1, 255, 255, 255, 16, 8, 0),
    (7, 7, 1, 7, 7, 3, 0, 3, 6),
    (24, 24, 1, 255, 255, 255, 16, 8, 0),
    (64, 24, 1, 255, 255, 255, 16, 8, 0),
    (255, 255, 1, 65535, 65535, 65535, 255, 255, 255),
    (32, 0, 1, 255, 255, 255, 16, 8, 0),
    (32, 33, 1, 255, 255, 255, 16, 8, 0),
    (32, 24, 1, 255, 255, 255, 32, 8, 0),
    (32, 24, 1, 255, 255, 255, 255, 254, 253),
    (32, 24, 1, 256, 255, 255, 16, 8, 0),
    (32, 24, 1, 1000, 255, 255, 16, 8, 0),
    (32, 32, 1, 65535, 65535, 65535, 16, 0, 0),
    (32, 32, 1, 0, 0, 0, 0, 0, 0),
    (16, 16, 1, 31, 63, 31, 12, 5, 0),
    (8, 8, 1, 255, 255, 255, 0, 0, 0),
    (8, 8, 0, 0, 0, 0, 0, 0, 0),
    (16, 16, 0, 255, 255, 255, 99, 98, 97),
    (32, 24, 0, 255, 255, 255, 16, 8, 0),
]


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_pixel_format_that_cannot_be_is_refused_or_decoded_without_harm(form):
    """A client that keeps the server's format decodes by its shifts and maxima."""
    bits, depth, true, *colours = form
    layout = pack(">BBBBHHHBBB3x", bits, depth, 1, true, *colours)
    init = encode.greeting(Size(70, 70))[:18] + pack(">HH", 70, 70) + layout + pack(">I", 0)
    updates = [rectangle(4, 4, number, bytes(range(256)) * 2) for number in (0, 2, 4, 5, 6, 7, 15, 16)]
    for outcome in besiege_each([(init, update) for update in updates], pixel_format=None):
        assert outcome.kind in {"", "ProtocolViolation", "DecodeError"}, outcome


def test_colour_map_is_filled_past_its_end_in_a_format_that_has_one():
    layout = pack(">BBBBHHHBBB3x", 8, 8, 0, 0, 0, 0, 0, 0, 0, 0)
    init = encode.greeting(Size(9, 9))[:18] + pack(">HH", 9, 9) + layout + pack(">I", 0)
    entries = pack(">BxHH", 1, 250, 65535) + bytes(6 * 65535)
    outcome = besiege(init, entries + rectangle(9, 9, 0, b"\xff" * 81), pixel_format=None)
    assert outcome.kind in {"", "ProtocolViolation"}


@pytest.mark.parametrize("offer", [b"\xff" + bytes(range(1, 256)), b"\xff" + b"\x10" * 255, b"\1\0"])
def test_security_types_without_one_that_is_allowed_are_refused(offer):
    outcome = besiege(V3_8 + offer, bytes(100), security=open_settings().security.__class__())
    assert outcome.kind in {"Unsupported", "ProtocolViolation"}


def test_padding_of_messages_is_zero():
    """Uninitialised padding told servers what the client's memory held."""
    connection = Connection(open_settings())
    connection.receive_data(encode.greeting(Size(9, 9)))
    first = connection.data_to_send()
    assert first[12 + 2 :][:4] == bytes(4)
    assert first[12 + 2 + 4 + 13 :][:3] == bytes(3)
    for command, padding in [
        (KeyEvent(0xFFFFFFFF, down=True), slice(2, 4)),
        (ClientCutText("\xff" * 9), slice(1, 4)),
    ]:
        connection.send(command)
        assert not any(connection.data_to_send()[padding])
    connection.send(PointerEvent(1, 1, 1))
    connection.send(FramebufferUpdateRequest(Rect(0, 0, 1, 1), incremental=True))
    assert len(connection.data_to_send()) == 6 + 10
