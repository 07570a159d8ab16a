import random
from dataclasses import replace
from struct import pack

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import AuthenticationFailed, ConnectionClosed, ProtocolViolation, RfbError
from edge.geometry import Size
from edge.rfb import Connected, Connection, ConnectionSettings, KeyEvent, Security, SecurityPolicy, State
from edge.rfb.security.eax import Eax
from edge.rfb.security.ra2 import fingerprint
from tests.rfb import encode, session
from tests.rfb.drive import CLIENT_KEY, EVERYTHING, connected, plain, same_entropy
from tests.rfb.ra2_server import PASSWORD, BlockEax, Ra2Server

SIZE = Size(20, 10)
OK = pack(">I", 0)
TYPES = {5: "RA2", 6: "RA2NE", 129: "RA2_256", 130: "RA2NE_256"}
WORDS = {5: Security.RA2, 6: Security.RA2NE, 129: Security.RA2_256, 130: Security.RA2NE_256}
SERVER_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
LONG_KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)
KNOWN = fingerprint(SERVER_KEY.public_key().public_numbers())


def settings(number: int, **changes: object) -> ConnectionSettings:
    made = ConnectionSettings(
        SecurityPolicy(frozenset({WORDS[number]})),
        user="mina",
        password="암호".encode(),
        server_key_sha256=KNOWN,
        entropy=same_entropy(),
    )
    return replace(made, **changes)


def begun(server: Ra2Server, how: ConnectionSettings) -> Connection:
    """A connection that has chosen the server's type; nothing is left to send."""
    connection = Connection(how)
    connection.receive_data(b"RFB 003.008\n" + bytes([1, server.number]))
    assert connection.data_to_send() == b"RFB 003.008\n" + bytes([server.number])
    return connection


def agreed(server: Ra2Server, how: ConnectionSettings) -> Connection:
    """A connection that has both keys and has sent its hash."""
    connection = begun(server, how)
    connection.receive_data(server.public())
    connection.receive_data(server.answer(connection.data_to_send()))
    return connection


def failure(connection: Connection, data: bytes) -> RfbError:
    with pytest.raises(RfbError) as caught:
        connection.receive_data(data)
    assert connection.state is State.CLOSED
    return caught.value


@pytest.mark.parametrize("key", [SERVER_KEY, LONG_KEY], ids=["2048", "3072"])
@pytest.mark.parametrize("number", TYPES)
def test_user_name_and_password_arrive_sealed_and_the_session_begins(number, key):
    server = Ra2Server(number, key)
    how = settings(number, server_key_sha256=fingerprint(key.public_key().public_numbers()))
    connection = agreed(server, how)
    connection.receive_data(server.proof())
    assert server.into.open_all(connection.data_to_send()) == server.expected(b"mina", "암호".encode())
    [event] = connection.receive_data(server.after(OK, encode.server_init(SIZE)))
    assert event == Connected(SIZE, "desk", TYPES[number])
    connection.send(KeyEvent(0x61, down=True))
    sent = connection.data_to_send()
    if server.seals_all:
        assert b"".join(server.into.open_all(sent)).endswith(pack(">BBxxI", 4, 1, 0x61))
    else:
        assert sent.endswith(pack(">BBxxI", 4, 1, 0x61))
    assert connection.receive_data(server.after(b"\2", b"\2")) == 2 * connection.receive_data(server.after(b"\2"))


@pytest.mark.parametrize("number", TYPES)
def test_server_that_asks_for_a_password_alone_is_told_no_user_name(number):
    server = Ra2Server(number, SERVER_KEY, PASSWORD)
    connection = agreed(server, settings(number))
    connection.receive_data(server.proof())
    assert server.into.open_all(connection.data_to_send()) == server.expected(b"", "암호".encode())


def conversation(number: int) -> list[bytes]:
    """What a server says, in the parts that it can say without hearing from the client in between."""
    server = Ra2Server(number, SERVER_KEY)
    connection = begun(server, settings(number))
    connection.receive_data(server.public())
    answer = server.answer(connection.data_to_send())
    rest = server.proof() + server.after(OK, encode.server_init(SIZE), b"\2")
    return [b"RFB 003.008\n" + bytes([1, number]), server.public(), answer, rest]


def heard(pieces: list[bytes], number: int) -> tuple[list[object], bytes]:
    connection = Connection(settings(number))
    events = [event for piece in pieces if piece for event in connection.receive_data(piece)]
    return events, connection.data_to_send()


@pytest.mark.parametrize("number", TYPES)
def test_cutting_changes_nothing(number):
    parts = conversation(number)
    whole = b"".join(parts)
    expected = heard(parts, number)
    assert [type(event).__name__ for event in expected[0]] == ["Connected", "Bell"]
    assert heard([whole], number) == expected
    assert heard([whole[at : at + 1] for at in range(len(whole))], number) == expected
    cuts = sorted(random.Random(number).sample(range(len(whole)), 30))
    assert heard([whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)], number) == expected


@pytest.mark.parametrize("number", TYPES)
def test_end_of_the_stream_anywhere_is_a_closed_connection(number):
    whole = b"".join(conversation(number))
    for end in range(0, len(whole) - 1, 7):
        connection = Connection(settings(number))
        if end:
            connection.receive_data(whole[:end])
        with pytest.raises(ConnectionClosed):
            connection.receive_data(b"")


def run_out(connection: Connection, data: bytes) -> None:
    """Receive the last bytes and the end of the stream."""
    connection.receive_data(data)
    connection.receive_data(b"")


@pytest.mark.parametrize("number", TYPES)
def test_every_changed_byte_after_the_keys_is_found(number):
    *before, rest = conversation(number)
    sealed_bytes = len(rest) if number in {5, 129} else len(rest) - len(OK + encode.server_init(SIZE) + b"\2")
    for at in range(0, sealed_bytes, 3):
        connection = Connection(settings(number))
        for part in before:
            connection.receive_data(part)
        changed = rest[:at] + bytes([rest[at] ^ 1]) + rest[at + 1 :]
        with pytest.raises((AuthenticationFailed, ProtocolViolation, ConnectionClosed)):
            run_out(connection, changed)


@pytest.mark.parametrize("number", TYPES)
def test_frame_that_comes_twice_does_not_open(number):
    server = Ra2Server(number, SERVER_KEY)
    connection = agreed(server, settings(number))
    proof = server.proof()
    first = proof[: 2 + server.hash().digest_size + 16]
    connection.receive_data(first)
    error = failure(connection, first)
    assert isinstance(error, ProtocolViolation)
    assert "sealed frame 1 does not open" in str(error)


def test_frame_of_the_session_that_is_left_out_is_found():
    server = Ra2Server(129, SERVER_KEY)
    connection = agreed(server, settings(129))
    connection.receive_data(server.proof() + server.after(OK, encode.server_init(SIZE)))
    server.after(b"\2")
    assert "sealed frame 4 does not open" in str(failure(connection, server.after(b"\2")))


@pytest.mark.parametrize("number", TYPES)
@pytest.mark.parametrize("allowed", [False, True])
def test_key_that_nobody_knows_is_refused_before_anything_is_said_unless_that_is_allowed(number, allowed):
    server = Ra2Server(number, SERVER_KEY)
    words = {WORDS[number], *({Security.UNKNOWN_RSA_KEY} if allowed else ())}
    connection = begun(server, settings(number, server_key_sha256=None, security=SecurityPolicy(frozenset(words))))
    if allowed:
        connection.receive_data(server.public())
        server.answer(connection.data_to_send())
    else:
        error = failure(connection, server.public())
        assert isinstance(error, AuthenticationFailed)
        assert f"SHA-256 {KNOWN}" in str(error)
        assert "--server-key" in str(error)
        assert connection.data_to_send() == b""


@pytest.mark.parametrize("number", TYPES)
def test_key_that_is_not_the_known_one_is_refused_before_anything_is_said(number):
    server = Ra2Server(number, OTHER_KEY)
    words = frozenset({WORDS[number], Security.UNKNOWN_RSA_KEY})
    connection = begun(server, settings(number, security=SecurityPolicy(words)))
    error = failure(connection, server.public())
    assert isinstance(error, AuthenticationFailed)
    assert f"the known one {KNOWN}" in str(error)
    assert connection.data_to_send() == b""


@pytest.mark.parametrize("number", TYPES)
def test_server_that_shows_a_key_it_does_not_hold_learns_neither_user_nor_password(number):
    """It has the right public key in front of its own, private one: it cannot know the client's random number."""
    impostor = Ra2Server(number, SERVER_KEY)
    connection = begun(impostor, settings(number))
    connection.receive_data(impostor.public())
    sent = connection.data_to_send()
    impostor.answer(sent)
    guessed = Ra2Server(number, OTHER_KEY)
    size = 2048 // 8
    guess = pack(">H", size) + OTHER_KEY.public_key().encrypt(bytes(impostor.size), PKCS1v15())
    answer = guessed.answer(sent[: 4 + 2 * size] + guess)
    connection.receive_data(answer)
    connection.data_to_send()
    guessed.public = impostor.public
    error = failure(connection, guessed.proof())
    assert isinstance(error, AuthenticationFailed)
    assert "has not shown that it holds its key" in str(error)
    assert connection.data_to_send() == b""


@pytest.mark.parametrize("number", TYPES)
def test_hash_of_other_keys_is_somebody_in_between(number):
    server = Ra2Server(number, SERVER_KEY)
    connection = agreed(server, settings(number))
    connection.data_to_send()
    server.key = OTHER_KEY
    error = failure(connection, server.proof())
    assert isinstance(error, AuthenticationFailed)
    assert "somebody is in between" in str(error)
    assert connection.data_to_send() == b""


def key_message(bits: int, modulus: int, exponent: int) -> bytes:
    size = (bits + 7) // 8
    return pack(">I", bits) + modulus.to_bytes(size, "big") + exponent.to_bytes(size, "big")


MODULUS = SERVER_KEY.public_key().public_numbers().n


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (pack(">I", 0), "an RSA key of 0 bits, expected 2048 to 8192"),
        (pack(">I", 1024), "an RSA key of 1024 bits"),
        (pack(">I", 8193), "an RSA key of 8193 bits"),
        (pack(">I", 0xFFFFFFFF), "an RSA key of 4294967295 bits"),
        (key_message(2048, 0, 65537), "a modulus of 0 bits, expected an odd one of 2048"),
        (key_message(2048, MODULUS >> 1 | 1, 65537), "a modulus of 2047 bits"),
        (key_message(2041, MODULUS, 65537), "a key of 2041 bits"),
        (key_message(2048, MODULUS - 1, 65537), "a modulus of 2048 bits, expected an odd"),
        (key_message(2048, MODULUS, 0), "an RSA exponent of 0 bits"),
        (key_message(2048, MODULUS, 1), "an RSA exponent of 1 bits"),
        (key_message(2048, MODULUS, 4), "an RSA exponent of 3 bits"),
        (key_message(2048, MODULUS, (1 << 2048) - 1), "an RSA exponent of 2048 bits"),
    ],
)
def test_key_that_cannot_be_is_refused_at_once(message, words):
    error = failure(begun(Ra2Server(129, SERVER_KEY), settings(129)), message)
    assert isinstance(error, ProtocolViolation)
    assert words.replace("a modulus", "an RSA modulus").replace("a key", "an RSA key") in str(error)
    assert "RA2_256 server key, byte " in str(error)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pack(">H", 0), "0 bytes, expected 256"),
        (pack(">H", 0xFFFF), "65535 bytes, expected 256"),
        (pack(">H", 256) + bytes(256), "does not decrypt to 32 bytes"),
        (pack(">H", 256) + b"\xff" * 256, "does not decrypt to 32 bytes"),
        (
            pack(">H", 256) + CLIENT_KEY.public_key().encrypt(bytes(31), PKCS1v15()),
            "does not decrypt to 32 bytes",
        ),
    ],
)
def test_random_number_that_cannot_be_is_refused(answer, words):
    server = Ra2Server(129, SERVER_KEY)
    connection = begun(server, settings(129))
    connection.receive_data(server.public())
    error = failure(connection, answer)
    assert isinstance(error, ProtocolViolation)
    assert words in str(error)


def test_subtype_that_is_unknown_is_refused():
    server = Ra2Server(129, SERVER_KEY, 3)
    assert "3, expected 1" in str(failure(agreed(server, settings(129)), server.proof()))


def test_sealed_bytes_that_nobody_asked_for_are_refused():
    server = Ra2Server(130, SERVER_KEY)
    connection = agreed(server, settings(130))
    shown = server.hash(server.public() + server.client_message).digest()
    assert "1 sealed bytes more" in str(failure(connection, server.out.seal(shown) + server.out.seal(b"\1\0")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": None}, "not both were given"),
        ({"user": None}, "not both were given"),
        ({"user": "m" * 256}, "longer than the 255 bytes"),
        ({"password": b"p" * 256}, "longer than the 255 bytes"),
    ],
)
def test_user_name_and_password_that_are_not_there_or_do_not_fit_are_said(changes, words):
    server = Ra2Server(129, SERVER_KEY)
    error = failure(agreed(server, settings(129, **changes)), server.proof())
    assert isinstance(error, AuthenticationFailed)
    assert words in str(error)


def test_password_alone_that_does_not_fit_is_said():
    server = Ra2Server(129, SERVER_KEY, PASSWORD)
    error = failure(agreed(server, settings(129, password=b"p" * 256)), server.proof())
    assert isinstance(error, AuthenticationFailed)
    assert "longer than the 255 bytes" in str(error)


@pytest.mark.parametrize("frame_bytes", [7, 100, 65535])
def test_whole_session_is_the_same_in_frames_of_any_length(frame_bytes):
    server = Ra2Server(129, SERVER_KEY)
    sealed = agreed(server, settings(129, encodings=EVERYTHING))
    start = sealed.receive_data(server.proof() + server.after(OK, encode.server_init(session.SIZE)))
    assert [event.size for event in start] == [session.SIZE]
    said = b"".join(session.messages().values())
    frames = server.after(*(said[at : at + frame_bytes] for at in range(0, len(said), frame_bytes)))
    assert plain(sealed.receive_data(frames)) == plain(connected(session.SIZE).receive_data(said))


def test_long_messages_are_cut_into_frames():
    server = Ra2Server(129, SERVER_KEY)
    connection = agreed(server, settings(129))
    connection.receive_data(server.proof() + server.after(OK, encode.server_init(SIZE)))
    frames = server.into.open_all(connection.data_to_send())
    connection._stream.write(bytes(20000))
    frames = server.into.open_all(connection.data_to_send())
    assert [len(frame) for frame in frames] == [8192, 8192, 3616]


def test_eax_is_that_of_its_paper():
    # Bellare, Rogaway, Wagner: the first two vectors of the appendix.
    eax = Eax(bytes.fromhex("233952DEE4D5ED5F9B9C6D6FF80FF478"))
    nonce, header = bytes.fromhex("62EC67F9C3A4A407FCB2A8C49031A8B3"), bytes.fromhex("6BFB914FD07EAE6B")
    assert eax.encrypt(nonce, header, b"").hex() == "e037830e8389f27b025a2d6527e79d01"
    eax = Eax(bytes.fromhex("91945D3F4DCBEE0BF45EF52255F095A4"))
    nonce, header = bytes.fromhex("BECAF043B0A23D843194BA972C66DEBD"), bytes.fromhex("FA3BFD4806EB53FA")
    assert eax.encrypt(nonce, header, bytes.fromhex("F7FB")).hex() == "19dd5c4c9331049d0bdab0277408f67967e5"


@given(st.sampled_from([16, 32]), st.binary(max_size=80), st.integers(0, 1 << 40), st.data())
def test_eax_is_the_definition_and_finds_every_changed_bit(key_bytes, message, number, data):
    key, nonce, header = bytes(range(key_bytes)), number.to_bytes(16, "little"), pack(">H", len(message))
    sealed = Eax(key).encrypt(nonce, header, message)
    assert sealed == BlockEax(key).encrypt(nonce, header, message)
    assert Eax(key).decrypt(nonce, header, sealed) == message
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidSignature):
        Eax(key).decrypt(nonce, header, bytes(changed))
