"""Messages: what comes in is a message or a ControlError."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.control import messages
from edge.control.messages import Refusal, SignInDenied, SignInGranted, SignInRequest, Status, Ticket, TlsMode
from edge.errors import ControlError

TICKET = Ticket(
    desktop="kim",
    host="127.0.0.1",
    port=5900,
    tls=TlsMode.DIRECT,
    server_name="kim.desktop.edge",
    ca_pem="ca",
    certificate_pem="certificate",
    not_after=1.0,
    width=1920,
    height=1080,
)


def test_messages_come_back_as_they_were_sent():
    for reply in (
        SignInGranted(desktops=("kim",), ticket=TICKET),
        SignInDenied(reason=Refusal.WRONG, text="no", retry_after_s=2.0),
    ):
        assert messages.decode_sign_in_reply(messages.encode(reply)) == reply
    request = SignInRequest(user="kim", code="123456", session_request_pem="pem")
    assert messages.decode(messages.encode(request), SignInRequest) == request


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_control_error(data):
    for kind in (SignInRequest, Status, Ticket):
        try:
            messages.decode(data, kind)
        except ControlError:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"code": "1" * 33},
        {"code": ""},
        {"user": "u" * 65},
        {"user": 1},
        {"session_request_pem": "p" * 20_000},
    ],
)
def test_request_is_refused_when_a_key_is_unknown_or_out_of_range(change):
    body = {"user": "kim", "code": "123456", "session_request_pem": "pem"} | change
    with pytest.raises(ControlError, match="SignInRequest: "):
        messages.decode(json.dumps(body).encode(), SignInRequest)


def test_size_is_limited_on_both_sides():
    with pytest.raises(ControlError, match="at most 32768 were expected"):
        messages.decode(b" " * 40_000, Status)
    with pytest.raises(ControlError, match="at most 32768 can be sent"):
        messages.encode(SignInDenied(reason=Refusal.WRONG, text="x" * 40_000))


def test_errors_and_representations_hold_no_code():
    request = SignInRequest(user="kim", code="135790", session_request_pem="pem")
    assert "135790" not in repr(request)
    with pytest.raises(ControlError) as caught:
        messages.decode(b'{"user": "kim", "code": "135790", "session_request_pem": 3}', SignInRequest)
    assert "135790" not in str(caught.value)


def test_every_refusal_has_a_sentence_for_the_user():
    assert all(refusal.text.endswith(".") or refusal.text.endswith("?") for refusal in Refusal)
