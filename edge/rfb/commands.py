"""What the client says to an RFB server, as values: the input of `Connection.send`.

Source: RFC 6143 section 7.5; SetScale from UltraVNC (message type 8), as LibVNCServer reads it.
"""

from dataclasses import dataclass, field

from edge.geometry import Rect


@dataclass(frozen=True, slots=True)
class SetEncodings:
    """The encodings and pseudo-encodings that the server may use, best first."""

    encodings: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FramebufferUpdateRequest:
    """Ask for `rect`: all of it now, or, if `incremental`, what has changed in it, once something has."""

    rect: Rect
    incremental: bool


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key, as an X11 keysym, goes down or up."""

    keysym: int = field(repr=False)
    down: bool = field(repr=False)


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """The pointer is at (x, y) of the server's (scaled) framebuffer; bit 0 of `buttons` is the left button."""

    x: int
    y: int
    buttons: int


@dataclass(frozen=True, slots=True)
class ClientCutText:
    """The client's clipboard; characters outside Latin-1 are replaced by '?' (RFC 6143 section 7.5.6)."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetScale:
    """Send the framebuffer at 1/`scale` of its size from now on. Refused unless SupportedMessages lists it."""

    scale: int


Command = SetEncodings | FramebufferUpdateRequest | KeyEvent | PointerEvent | ClientCutText | SetScale
