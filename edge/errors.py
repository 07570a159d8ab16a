"""The tree of errors. Everything that this package raises on purpose is an `EdgeError`.

EdgeError
├── ConfigError            a configuration file or an option is wrong
├── RfbError
│   ├── ProtocolViolation  the server said something that RFC 6143 or its extensions do not allow
│   ├── DecodeError        a rectangle's data does not decode to its pixels
│   ├── AuthenticationFailed
│   ├── Unsupported        the server wants what this client does not speak, or may not use
│   └── ConnectionClosed   the server closed the connection
├── DisplayError           the screen or the window cannot be used
├── UpscalerError          a model or its runtime cannot be used
├── RecordingError         a recording cannot be written, or is none
├── TrustError             a key or a certificate cannot be used
├── ControlError           the message bus cannot be used, or a message on it is malformed
├── SignInRefused          the broker refused the user; `reason` says why
└── BrokerError            an administrator's request to the broker cannot be carried out
"""


class EdgeError(Exception):
    """Root of all errors of this package; its text is fit to be shown to an administrator."""


class ConfigError(EdgeError):
    """A configuration file or an option is wrong."""


class RfbError(EdgeError):
    """A connection to an RFB server cannot go on."""


class ProtocolViolation(RfbError):
    """The server said something that RFC 6143 or its extensions do not allow."""


class DecodeError(RfbError):
    """A rectangle's data does not decode to its pixels."""


class AuthenticationFailed(RfbError):
    """The server refused the credentials."""


class Unsupported(RfbError):
    """The server wants what this client does not speak, or may not use by its policy."""


class ConnectionClosed(RfbError):
    """The server closed the connection."""


class DisplayError(EdgeError):
    """The screen or the window cannot be used."""


class UpscalerError(EdgeError):
    """A model or its runtime cannot be used."""


class RecordingError(EdgeError):
    """A recording cannot be written, or what was given is none."""


class TrustError(EdgeError):
    """A key or a certificate cannot be used."""


class ControlError(EdgeError):
    """The message bus cannot be used, or a message on it is malformed."""


class SignInRefused(EdgeError):
    """The broker refused the user.

    `reason` is the word that went over the wire (see `edge.control.messages.Refusal`), `retry_after_s` how long one who
    is throttled has to wait; the text is for the user.
    """

    def __init__(self, reason: str, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.reason = reason
        self.retry_after_s = retry_after_s


class BrokerError(EdgeError):
    """An administrator's request to the broker cannot be carried out."""
