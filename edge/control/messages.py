"""What goes over the bus, as values; JSON on the wire.

Every message is limited in size before it is decoded, unknown keys are refused, and so is what is out of its range.
"""

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from edge.errors import ControlError

MAX_MESSAGE_BYTES = 32 * 1024  # a ticket with two certificates takes 3 kB

UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
DesktopName = Annotated[str, msgspec.Meta(max_length=63)]
DeviceName = Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Pem = Annotated[str, msgspec.Meta(min_length=1, max_length=16 * 1024)]
SessionName = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
MOST_OF_A_REASON = 500  # characters: who wants more reads the device's log
MAX_DESKTOPS = 64  # on one choosing screen; more belong to nobody
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Extent = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Refusal(StrEnum):
    """Why the broker refused a user. A name that does not exist is refused exactly as a wrong code is."""

    WRONG = "wrong"
    REUSED = "reused"
    LATE = "late"
    CLOCK = "clock"
    THROTTLED = "throttled"
    LOCKED = "locked"
    NO_DESKTOP = "no-desktop"
    DESKTOP_FAILED = "desktop-failed"
    DEVICE_REVOKED = "device-revoked"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    SESSION_OVER = "session-over"

    @property
    def text(self) -> str:
        """The sentence for the user."""
        return _TEXTS[self]


_TEXTS = {
    Refusal.WRONG: "The name or the code is wrong. Type the code that your authenticator shows now.",
    Refusal.REUSED: "This code was used already. Wait for the next one.",
    Refusal.LATE: "This code has run out. Type the one that your authenticator shows now.",
    Refusal.CLOCK: "This code belongs to another time of the day. Set the clock of your authenticator; if it is right, "
    "tell your administrator that the broker's clock may be wrong.",
    Refusal.THROTTLED: "Too many failed attempts. Wait before the next one.",
    Refusal.LOCKED: "Locked after too many failed attempts, or by your administrator. Ask your administrator.",
    Refusal.NO_DESKTOP: "No desktop is assigned to you. Ask your administrator.",
    Refusal.DESKTOP_FAILED: "Your desktop could not be started. Try again; if it fails again, ask your administrator.",
    Refusal.DEVICE_REVOKED: "This device was revoked. Ask your administrator.",
    Refusal.UNAVAILABLE: "The broker cannot record sign-ins at the moment, so nobody is let in. "
    "Tell your administrator: its disk may be full.",
    Refusal.SESSION_OVER: "This session is over. Sign in again.",
    Refusal.MALFORMED: "The broker did not understand this device. Are both of the same version?",
}


class TlsMode(StrEnum):
    """How TLS begins at a desktop: from the first byte, or after VeNCrypt's negotiation."""

    DIRECT = "direct"
    VENCRYPT = "vencrypt"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Anything that goes over the bus."""


class Presence(StrEnum):
    """Whether a device is there; `OFFLINE` is its last will."""

    ONLINE = "online"
    OFFLINE = "offline"


class Status(Message, frozen=True):
    """A device's retained status. `boot_sequence` counts starts: a will that comes late is told from the present."""

    presence: Presence
    boot_sequence: Annotated[int, msgspec.Meta(ge=0)]
    version: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SignInRequest(Message, frozen=True):
    """A user at a device asks for a desktop. The request (PKCS #10, PEM) is for a key made for this session alone.

    `desktop` is the one that is wanted, if it is the user's; of a user with several it may be left open.
    """

    user: UserName
    code: Code
    session_request_pem: Pem
    desktop: DesktopName = ""

    def __repr__(self) -> str:
        return f"SignInRequest(user={self.user!r}, code=<hidden>)"


class Ticket(Message, frozen=True):
    """Where a desktop is, whom to trust there, and what to show there, for some minutes.

    `certificate_pem` is the client certificate for the session's key; `server_name` is the name in the desktop's
    certificate, to be checked in place of `host`; `not_after` is in seconds since 1970, by the broker's clock.
    """

    desktop: DeviceName
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    port: Port
    tls: TlsMode
    server_name: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    ca_pem: Pem
    certificate_pem: Pem
    not_after: Annotated[float, msgspec.Meta(ge=0)]
    width: Extent
    height: Extent


class SignInGranted(Message, frozen=True, tag="granted", tag_field="result"):
    """The user may in; without a ticket, one of `desktops` is to be chosen and asked for by a `TicketRequest`."""

    desktops: Annotated[tuple[DesktopName, ...], msgspec.Meta(min_length=1, max_length=MAX_DESKTOPS)]
    ticket: Ticket | None = None


class SignInDenied(Message, frozen=True, tag="denied", tag_field="result"):
    """The user may not in; `retry_after_s` is how long a throttled user has to wait, 0 otherwise."""

    reason: Refusal
    text: Annotated[str, msgspec.Meta(max_length=1024)]
    retry_after_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0


SignInReply = SignInGranted | SignInDenied


class TicketRequest(Message, frozen=True):
    """A device asks, in the session of the key that it signs with, for a ticket: another desktop, or the time is over.

    Answered by a `SignInReply`. Nothing of it is secret: the ticket is of use to the holder of the key alone.
    """

    session_request_pem: Pem
    desktop: DesktopName


class SignOut(Message, frozen=True):
    """A device says that the user of a session has gone."""

    session: SessionName


class EndReason(StrEnum):
    """Why the broker has ended a session."""

    MOVED = "moved"
    """Its user has signed in at another device."""
    LOCKED = "locked"
    ASSIGNED = "assigned"
    STOPPED = "stopped"
    OVER = "over"
    """It has lasted for as long as one may."""


class SessionEnded(Message, frozen=True):
    """The broker tells a device that a session there is over; its tickets are void, or will be at once."""

    session: SessionName
    reason: EndReason


class RenewalRequest(Message, frozen=True):
    """A device asks for its next certificate: PKCS #10, PEM, for the key that it has."""

    request_pem: Pem


class RenewalGranted(Message, frozen=True, tag="granted", tag_field="result"):
    """The next certificate, and the CA that the device shall trust from now on."""

    certificate_pem: Pem
    ca_pem: Pem


class RenewalDenied(Message, frozen=True, tag="denied", tag_field="result"):
    """There is no next certificate; `text` is for an administrator."""

    text: Annotated[str, msgspec.Meta(max_length=1024)]


RenewalReply = RenewalGranted | RenewalDenied


class SessionFigures(Message, frozen=True):
    """What the desktop on a device's screen has cost since it was signed in to, and how much of it is exact by now."""

    seconds: Annotated[float, msgspec.Meta(ge=0)]
    bytes_in: Annotated[int, msgspec.Meta(ge=0)]
    bytes_out: Annotated[int, msgspec.Meta(ge=0)]
    round_trip_ms: Annotated[float, msgspec.Meta(ge=0)]
    backend: Annotated[str, msgspec.Meta(max_length=32)]
    network_ms: Annotated[float, msgspec.Meta(ge=0)] | None
    fraction_exact: Fraction
    fraction_text_exact: Fraction
    backend_failure: Annotated[str, msgspec.Meta(max_length=MOST_OF_A_REASON)] | None = None
    """What `backend` has taken over from, and why; None if that is what the device began with."""


class Telemetry(Message, frozen=True):
    """What a device says of itself now and then; `session` is None while nobody is signed in.

    What a board has no sensor for is None.
    """

    resident_bytes: Annotated[int, msgspec.Meta(ge=0)]
    temperature_c: float | None
    npu_mhz: Annotated[float, msgspec.Meta(ge=0)] | None
    session: SessionFigures | None


_encoder = msgspec.json.Encoder()
_sign_in_reply: msgspec.json.Decoder[SignInReply] = msgspec.json.Decoder(SignInReply)
_renewal_reply: msgspec.json.Decoder[RenewalReply] = msgspec.json.Decoder(RenewalReply)
Kind = TypeVar("Kind")


def encode(message: Message) -> bytes:
    """Encode a message for the wire; raises `ControlError` if it is larger than a receiver would take."""
    data = _encoder.encode(message)
    if len(data) > MAX_MESSAGE_BYTES:
        raise ControlError(f"a {type(message).__name__} of {len(data)} bytes; at most {MAX_MESSAGE_BYTES} can be sent")
    return data


def decode(data: bytes, kind: type[Kind]) -> Kind:
    """Decode a message of one kind; raises `ControlError` that says what is wrong, without the content."""
    return _decode(data, msgspec.json.Decoder(kind), kind.__name__)


def decode_sign_in_reply(data: bytes) -> SignInReply:
    """Decode the answer to a `SignInRequest`; raises `ControlError`."""
    return _decode(data, _sign_in_reply, "SignInReply")


def decode_renewal_reply(data: bytes) -> RenewalReply:
    """Decode the answer to a `RenewalRequest`; raises `ControlError`."""
    return _decode(data, _renewal_reply, "RenewalReply")


def _decode(data: bytes, decoder: "msgspec.json.Decoder[Kind]", name: str) -> Kind:
    if len(data) > MAX_MESSAGE_BYTES:
        raise ControlError(f"{name}: {len(data)} bytes came; at most {MAX_MESSAGE_BYTES} were expected")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ControlError(f"{name}: {error}") from error
