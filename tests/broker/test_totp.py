"""Codes by time, and how failures are counted."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.broker.throttle import LOCKED_AT, LONGEST_WAIT_S, THROTTLED_FROM, wait_s
from edge.broker.totp import STEP_S, Nearness, find_step, provisioning_uri

# RFC 6238's secret; its appendix B gives eight digits, of which the last six are these.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_code_is_the_standard_s_own(now, code):
    assert find_step(SECRET, code, now).nearness is Nearness.CURRENT
    assert find_step(SECRET, code, now).step == now // STEP_S


@pytest.mark.parametrize(
    ("steps", "nearness"),
    [
        (0, Nearness.CURRENT),
        (-1, Nearness.CURRENT),
        (1, Nearness.CURRENT),
        (-2, Nearness.LATE),
        (-20, Nearness.LATE),
        (-21, Nearness.CLOCK),
        (2, Nearness.CLOCK),
        (120, Nearness.CLOCK),
        (-120, Nearness.CLOCK),
        (240, Nearness.CLOCK),
        (241, Nearness.NONE),
        (-241, Nearness.NONE),
    ],
)
def test_nearness_goes_by_the_distance_of_the_step(steps, nearness):
    step = int(NOW) // STEP_S + steps
    found = find_step(SECRET, pyotp.TOTP(SECRET).generate_otp(step), NOW)
    assert found.nearness is nearness
    if nearness is not Nearness.NONE:
        assert (found.step, found.offset_s) == (step, steps * STEP_S)


@given(st.text(max_size=12))
def test_any_text_is_taken_as_a_code(text):
    assert find_step(SECRET, text, NOW).nearness in Nearness


def test_uri_is_read_back_by_an_authenticator():
    read = pyotp.parse_uri(provisioning_uri(SECRET, "kim.min su", "edge & co"))
    assert (read.secret, read.name, read.issuer) == (SECRET, "kim.min su", "edge & co")


def test_waits_begin_at_the_fifth_failure_and_never_shrink():
    waits = [wait_s(failures) for failures in range(LOCKED_AT + 1)]
    assert waits[:THROTTLED_FROM] == [0.0] * THROTTLED_FROM
    assert waits[THROTTLED_FROM] > 0
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S
