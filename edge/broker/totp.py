"""One-time codes by time: which step a code belongs to. Pure; whether a step still counts is `edge.broker.sign_in`'s.

Source: RFC 6238; the window is that of its section 5.2.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum

import pyotp

STEP_S = 30
DIGITS = 6
WINDOW_STEPS = 1
LATE_STEPS = 20  # ten minutes: typed slowly, or read off an old screen
CLOCK_STEPS = 2 * 3600 // STEP_S  # daylight saving and a wrong time zone by one are both within two hours
SECRET_BYTES = 20


class Nearness(StrEnum):
    """How near to the present the code's step is. Only `CURRENT` is good."""

    CURRENT = "current"
    LATE = "late"
    CLOCK = "clock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Match:
    """Which step a code belongs to; `offset_s` is how far that is from now, 0 for `NONE`."""

    nearness: Nearness
    step: int = 0
    offset_s: int = 0


def find_step(secret: str, code: str, now: float) -> Match:
    """Find the step within two hours of `now` to which `code` belongs, nearest first.

    `secret` is Base32, `now` in seconds since 1970. All candidates are computed whatever the code is.
    """
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    present = int(now) // STEP_S
    candidates = sorted(range(max(0, present - CLOCK_STEPS), present + CLOCK_STEPS + 1), key=lambda s: abs(s - present))
    expected = [(step, totp.generate_otp(step)) for step in candidates]
    for step, otp in expected:
        if hmac.compare_digest(otp.encode(), code.encode()):
            away = step - present
            if abs(away) <= WINDOW_STEPS:
                nearness = Nearness.CURRENT
            else:
                nearness = Nearness.LATE if -LATE_STEPS <= away < 0 else Nearness.CLOCK
            return Match(nearness, step, away * STEP_S)
    return Match(Nearness.NONE)


def provisioning_uri(secret: str, user: str, issuer: str) -> str:
    """Return the otpauth URI that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(name=user, issuer_name=issuer)
