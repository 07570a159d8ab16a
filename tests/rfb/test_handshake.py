from struct import pack

import pytest

from edge.errors import AuthenticationFailed, ConnectionClosed, ProtocolViolation, RfbError, Unsupported
from edge.geometry import Size
from edge.rfb import Bell, Connected, Connection, ConnectionSettings, Security, SecurityPolicy, State, TlsRequired
from edge.rfb.security.vnc_auth import response
from tests.rfb import encode
from tests.rfb.drive import open_settings

OK = pack(">I", 0)
INIT = encode.server_init(Size(20, 10), b"desk \xe2\x82\xac")
CHALLENGE = bytes(range(16))


def reason(text: bytes) -> bytes:
    return pack(">I", len(text)) + text


def begun(data: bytes, settings: ConnectionSettings | None = None) -> Connection:
    connection = Connection(settings or open_settings())
    connection.receive_data(data)
    return connection


def failure(data: bytes, settings: ConnectionSettings | None = None) -> RfbError:
    with pytest.raises(RfbError) as caught:
        begun(data, settings)
    return caught.value


@pytest.mark.parametrize(
    ("announced", "spoken", "rest"),
    [
        (b"003.003", b"003.003", pack(">I", 1) + INIT),
        (b"003.005", b"003.003", pack(">I", 1) + INIT),
        (b"003.006", b"003.003", pack(">I", 1) + INIT),
        (b"003.007", b"003.007", b"\1\1" + INIT),
        (b"003.008", b"003.008", b"\1\1" + OK + INIT),
        (b"003.889", b"003.008", b"\2\x05\1" + OK + INIT),
        (b"004.001", b"003.008", b"\1\1" + OK + INIT),
        (b"005.000", b"003.008", b"\1\1" + OK + INIT),
    ],
)
def test_version_is_the_nearest_lower_one(announced, spoken, rest):
    connection = Connection(open_settings(shared=False))
    events = connection.receive_data(b"RFB " + announced + b"\n" + rest)
    assert events == [Connected(Size(20, 10), "desk €", "None")]
    assert connection.state is State.CONNECTED
    assert connection.size == Size(20, 10)
    chosen = b"" if spoken == b"003.003" else b"\1"
    assert connection.data_to_send().startswith(b"RFB " + spoken + b"\n" + chosen + b"\0" + pack(">BxxxBB", 0, 32, 24))


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 400", b"SSH-2.0-Open", b"RFB 3.8\r\n\0\0\0", b"\x15\3\1\0\2\2\x28" + bytes(5)]
)
def test_version_of_something_else_is_shown(line):
    error = failure(line)
    assert isinstance(error, ProtocolViolation)
    assert repr(line) in str(error)


def test_version_before_3_3_is_refused():
    assert "RFB 2.9, older than 3.3" in str(failure(b"RFB 002.009\n"))


@pytest.mark.parametrize(
    "data", [b"RFB 003.003\n" + pack(">I", 0) + reason(b"full"), b"RFB 003.008\n\0" + reason(b"full")]
)
def test_server_that_refuses_at_once_gives_its_reason(data):
    error = failure(data)
    assert isinstance(error, ProtocolViolation)
    assert "refuses the connection: full" in str(error)


def test_reason_beyond_the_limit_is_refused():
    assert "4294967295 bytes, more than 16384" in str(failure(b"RFB 003.008\n\0" + pack(">I", 0xFFFFFFFF)))


@pytest.mark.parametrize("version", [b"003.003", b"003.007", b"003.008"])
def test_vnc_auth_answers_the_challenge(version):
    offer = pack(">I", 2) if version == b"003.003" else b"\2\1\2"
    connection = begun(b"RFB " + version + b"\n" + offer + CHALLENGE, open_settings(password=b"secret"))
    assert connection.data_to_send().endswith(response(b"secret", CHALLENGE))
    assert connection.receive_data(OK + INIT) == [Connected(Size(20, 10), "desk €", "VncAuth")]


def test_vnc_auth_is_des_with_reversed_bits():
    # From the specification of DES (FIPS 46 weak key): with an all-zero key, encrypting twice gives the plain text.
    once = response(b"", CHALLENGE)
    assert once != CHALLENGE
    assert response(b"", once) == CHALLENGE
    assert response(b"12345678", CHALLENGE) == response(b"123456789", CHALLENGE)
    assert response(b"\x80", CHALLENGE) != response(b"\x40", CHALLENGE)
    # The lowest bit of a DES key's byte is parity; reversed, that is the highest bit of the password's.
    assert response(b"\x80", CHALLENGE) == response(b"", CHALLENGE)


def test_vnc_auth_without_a_password_says_so():
    error = failure(b"RFB 003.008\n\1\2" + CHALLENGE)
    assert isinstance(error, AuthenticationFailed)
    assert "--password-file" in str(error)


@pytest.mark.parametrize(
    ("version", "result", "words"),
    [
        (b"003.003", pack(">I", 1), "no reason"),
        (b"003.007", pack(">I", 1), "no reason"),
        (b"003.007", pack(">I", 2), "too many attempts"),
        (b"003.008", pack(">I", 1) + reason(b"bad password"), "refuses: bad password"),
        (b"003.008", pack(">I", 2) + reason(b"too many"), "refuses: too many"),
    ],
)
def test_wrong_password_is_an_authentication_failure(version, result, words):
    offer = pack(">I", 2) if version == b"003.003" else b"\1\2"
    error = failure(b"RFB " + version + b"\n" + offer + CHALLENGE + result, open_settings(password=b"x"))
    assert isinstance(error, AuthenticationFailed)
    assert words in str(error)


def test_unknown_result_is_a_violation():
    error = failure(b"RFB 003.008\n\1\1" + pack(">I", 7))
    assert isinstance(error, ProtocolViolation)
    assert "SecurityResult, byte 18: result 7" in str(error)


VENCRYPT = b"RFB 003.008\n\1\x13\0\2\0"


def subtypes(*numbers: int) -> bytes:
    return bytes([len(numbers)]) + b"".join(pack(">I", number) for number in numbers)


def test_pixel_format_of_the_server_does_not_matter_where_another_one_is_asked_for():
    """LibVNCServer has framebuffers of 24 bits per pixel."""
    form = pack(">BBBBHHHBBB3x", 24, 24, 0, 1, 255, 255, 255, 0, 8, 16)
    init = pack(">HH", 20, 10) + form + pack(">I", 0)
    hello = b"RFB 003.008\n\1\1" + OK + init
    assert begun(hello).receive_data(b"\2") == [Bell()]
    assert "24 bits per pixel" in str(failure(hello, open_settings(pixel_format=None)))


def test_vencrypt_goes_on_in_tls():
    connection = Connection(ConnectionSettings())
    assert connection.receive_data(VENCRYPT + subtypes(257, 260, 261) + b"\1") == [TlsRequired(anonymous=False)]
    assert connection.state is State.TLS
    assert connection.data_to_send() == b"RFB 003.008\n\x13\0\2" + pack(">I", 260)
    connection.tls_established()
    assert connection.receive_data(OK + INIT) == [Connected(Size(20, 10), "desk €", "VeNCrypt X509_NONE")]


def test_vencrypt_with_a_password_inside():
    policy = SecurityPolicy(frozenset({Security.X509_VNC}))
    connection = Connection(ConnectionSettings(security=policy, password=b"secret"))
    connection.receive_data(VENCRYPT + subtypes(260, 261) + b"\1")
    connection.tls_established()
    connection.receive_data(CHALLENGE)
    assert connection.data_to_send().endswith(response(b"secret", CHALLENGE))
    [event] = connection.receive_data(OK + INIT)
    assert event.security == "VeNCrypt X509_VNC"


PLAIN = pack(">II", 4, 6) + b"minasecret"
#: Word of the policy -> subtype, whether TLS is anonymous (None: no TLS), what the server says in it, the answer.
SUBTYPES = {
    Security.X509_NONE: (260, False, b"", b""),
    Security.X509_VNC: (261, False, CHALLENGE, response(b"secret", CHALLENGE)),
    Security.X509_PLAIN: (262, False, b"", PLAIN),
    Security.TLS_NONE: (257, True, b"", b""),
    Security.TLS_VNC: (258, True, CHALLENGE, response(b"secret", CHALLENGE)),
    Security.TLS_PLAIN: (259, True, b"", PLAIN),
    Security.PLAIN: (256, None, b"", PLAIN),
}


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("word", SUBTYPES)
def test_vencrypt_subtype_is_spoken_however_it_is_cut(word, step):
    number, anonymous, says, answer = SUBTYPES[word]
    settings = ConnectionSettings(SecurityPolicy(frozenset({word})), user="mina", password=b"secret")
    connection = Connection(settings)

    def receive(data: bytes) -> list[object]:
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        return [event for piece in pieces for event in connection.receive_data(piece)]

    offer = VENCRYPT + subtypes(999, *(subtype for subtype, *_ in SUBTYPES.values()))
    begun = b"RFB 003.008\n\x13\0\2" + pack(">I", number)
    if anonymous is None:
        assert receive(offer) == []
    else:
        assert receive(offer + b"\1") == [TlsRequired(anonymous)]
        assert connection.data_to_send() == begun
        connection.tls_established()
        begun = b""
    receive(says)
    assert connection.data_to_send() == begun + answer
    [event] = receive(OK + INIT)
    assert event.security == f"VeNCrypt {word.name}"


@pytest.mark.parametrize("word", SUBTYPES)
def test_vencrypt_subtype_that_is_cut_short_is_a_closed_connection(word):
    number, anonymous, says, _ = SUBTYPES[word]
    before = VENCRYPT + subtypes(number) + (b"" if anonymous is None else b"\1")
    said = says + OK + INIT
    for end in range(len(before) + len(said)):
        settings = ConnectionSettings(SecurityPolicy(frozenset({word})), user="mina", password=b"secret")
        connection = Connection(settings)
        if start := before[:end]:
            connection.receive_data(start)
        if end >= len(before) and anonymous is not None:
            connection.tls_established()
        if rest := said[: max(0, end - len(before))]:
            connection.receive_data(rest)
        with pytest.raises(ConnectionClosed):
            connection.receive_data(b"")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": None}, "not both were given (--user, --password-file)"),
        ({"password": None}, "not both were given (--user, --password-file)"),
        ({"user": "m" * 1025}, "longer than the 1024 bytes that fit"),
    ],
)
def test_plain_without_a_user_name_and_a_password_that_fit_says_so(changes, words):
    settings = ConnectionSettings(
        **{"security": SecurityPolicy(frozenset({Security.PLAIN})), "user": "mina", "password": b"x", **changes}
    )
    error = failure(VENCRYPT + subtypes(256), settings)
    assert isinstance(error, AuthenticationFailed)
    assert words in str(error)


def test_plain_inside_of_tls_from_the_first_byte():
    policy = SecurityPolicy(frozenset({Security.PLAIN_IN_TLS}))
    connection = Connection(ConnectionSettings(policy, transport_secure=True, user="mina", password=b"secret"))
    connection.receive_data(VENCRYPT + subtypes(260, 256))
    assert connection.data_to_send().endswith(pack(">I", 256) + PLAIN)


@pytest.mark.parametrize("before", [b"", b"\1"])
def test_bytes_in_the_clear_before_tls_are_refused(before):
    connection = Connection(ConnectionSettings())
    connection.receive_data(VENCRYPT + subtypes(260) + before)
    with pytest.raises(ProtocolViolation, match="4 bytes came in the clear"):
        connection.receive_data(b"\1"[len(before) :] + OK)


def test_connection_is_dead_after_an_error_inside_tls():
    connection = Connection(ConnectionSettings(security=SecurityPolicy(frozenset({Security.X509_PLAIN}))))
    connection.receive_data(VENCRYPT + subtypes(262) + b"\1")
    with pytest.raises(AuthenticationFailed, match="user name and a password"):
        connection.tls_established()
    assert connection.state is State.CLOSED
    with pytest.raises(ConnectionClosed, match="ended before"):
        connection.receive_data(OK)


def test_tls_established_is_refused_when_nobody_asked():
    with pytest.raises(RfbError, match="state VERSION"):
        Connection(ConnectionSettings()).tls_established()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"RFB 003.008\n\1\x13\0\1", "VeNCrypt 0.1"),
        (b"RFB 003.008\n\1\x13\0\2\1", "refused the VeNCrypt version"),
        (VENCRYPT + subtypes(), "offers by VeNCrypt nothing"),
        (VENCRYPT + subtypes(257, 999), "offers by VeNCrypt TLS_NONE (257), unknown (999); the security policy allows"),
        (VENCRYPT + subtypes(260) + b"\0", "answered 0"),
    ],
)
def test_vencrypt_that_cannot_be_used_says_why(data, words):
    assert words in str(failure(data, ConnectionSettings()))


def test_policy_by_default_refuses_what_has_no_certificate():
    for offer, words in [(b"\2\1\2", "NONE (1), VNC_AUTH (2)"), (b"\1\x05", "RA2 (5)")]:
        error = failure(b"RFB 003.008\n" + offer, ConnectionSettings(password=b"x"))
        assert isinstance(error, Unsupported)
        assert f"the server offers {words}; the security policy allows x509-none, none-in-tls" in str(error)
    assert "or allow none or vnc-auth" in str(failure(b"RFB 003.008\n\2\1\2", ConnectionSettings()))
    assert "or allow ra2" in str(failure(b"RFB 003.008\n\1\x05", ConnectionSettings()))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (16, "TIGHT (16)"),
        (18, "TLS (18)"),
        (20, "SASL (20)"),
        (30, "APPLE_DH (30)"),
        (113, "MS_LOGON_II (113)"),
        (133, "RA2_256_TWO_STEP (133)"),
    ],
)
def test_type_that_is_not_spoken_is_refused_by_name_and_with_the_reason(number, words):
    error = failure(b"RFB 003.008\n\1" + bytes([number]), open_settings())
    assert isinstance(error, Unsupported)
    assert f"the server offers {words}; " in str(error)
    assert f"speaks none of them; {words.split()[0]}: " in str(error)


def test_type_of_no_registry_is_refused_by_number():
    assert "offers unknown (99); " in str(failure(b"RFB 003.008\n\1\x63", open_settings()))


def test_policy_by_default_takes_none_in_mutual_tls():
    connection = begun(b"RFB 003.008\n\2\2\1" + OK + INIT, ConnectionSettings(transport_secure=True))
    assert connection.state is State.CONNECTED


def test_policy_is_asked_for_the_best_that_can_be_done():
    assert begun(b"RFB 003.008\n\3\1\2\x13", open_settings(password=b"x")).data_to_send().endswith(b"\x13")
    assert begun(b"RFB 003.008\n\2\1\2", open_settings(password=b"x")).data_to_send().endswith(b"\2")
    assert begun(b"RFB 003.008\n\2\1\2", open_settings()).data_to_send() == b"RFB 003.008\n\1"


@pytest.mark.parametrize(
    ("init", "words"),
    [
        (pack(">HH", 20000, 1) + encode.FORMAT + reason(b""), "framebuffer of 20000x1"),
        (pack(">HH", 9000, 9000) + encode.FORMAT + reason(b""), "framebuffer of 9000x9000"),
        (pack(">HH", 9, 9) + bytes(16) + reason(b""), "0 bits per pixel"),
        (pack(">HH", 9, 9) + pack(">BB14x", 8, 9) + reason(b""), "depth 9 in 8 bits"),
        (
            pack(">HH", 9, 9) + pack(">BBBBHHHBBB3x", 16, 16, 0, 1, 31, 62, 31, 11, 5, 0) + reason(b""),
            "green (maximum 62",
        ),
        (
            pack(">HH", 9, 9) + pack(">BBBBHHHBBB3x", 16, 16, 0, 1, 31, 63, 31, 12, 5, 0) + reason(b""),
            "red (maximum 31",
        ),
        (pack(">HH", 9, 9) + encode.FORMAT + pack(">I", 1 << 20), "desktop name of 1048576 bytes"),
    ],
)
def test_server_init_that_cannot_be_is_refused(init, words):
    error = failure(b"RFB 003.008\n\1\1" + OK + init, open_settings(pixel_format=None))
    assert isinstance(error, ProtocolViolation)
    assert words in str(error)
    assert "ServerInit, byte " in str(error)


def test_server_init_of_a_desktop_with_a_palette_is_taken():
    init = pack(">HH", 9, 9) + pack(">BBBB12x", 8, 8, 0, 0) + reason(b"")
    assert begun(b"RFB 003.008\n\1\1" + OK + init).state is State.CONNECTED
