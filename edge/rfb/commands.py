"""What the client says to an RFB server, as values: the input of `Connection.send`.

Source: RFC 6143 section 7.5 and the rfbproto specification; SetScale from UltraVNC (message type 8), as LibVNCServer
reads it.
"""

from dataclasses import dataclass, field

from edge.geometry import Rect, Size
from edge.rfb.audio import AudioFormat
from edge.rfb.fence import FenceFlag
from edge.rfb.screens import Screen


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
    """A key, as an X11 keysym (0: none) and, where it is known, as an XT scancode, goes down or up.

    The scancode is that of the key's press, with 0x80 added where 0xe0 precedes it (Right: 0xe0 0x4d is 0xcd). It is
    sent where the server has announced QEMU's extended key events; otherwise the keysym alone is.
    """

    keysym: int = field(repr=False)
    down: bool = field(repr=False)
    scancode: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """The pointer is at (x, y) of the server's (scaled) framebuffer; bit 0 of `buttons` is the left button.

    Bits 7 and 8 (back and forward) need the server's announcement of extended mouse buttons, if they were offered.
    """

    x: int
    y: int
    buttons: int


@dataclass(frozen=True, slots=True)
class PointerMotion:
    """The pointer has moved by (dx, dy); in place of `PointerEvent` after `PointerModeChanged(absolute=False)`."""

    dx: int
    dy: int
    buttons: int


@dataclass(frozen=True, slots=True)
class ClientCutText:
    """The client's clipboard has new text.

    Latin-1 is sent at once. Of other text a server with the extended clipboard is told, and gets it as UTF-8 when it
    asks, which the connection answers; one without gets '?' in place of each other character (RFC 6143 section 7.5.6).
    """

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClipboardRequest:
    """Send me the text that `ClipboardNotified` spoke of; `CutTextReceived` answers."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Answer with `FenceReplied` and this payload (at most 64 bytes), in the order that the flags ask for."""

    payload: bytes = b""
    flags: FenceFlag = FenceFlag.BLOCK_BEFORE


@dataclass(frozen=True, slots=True)
class EnableContinuousUpdates:
    """Send changes of `rect` without being asked from now on; or, if not `enable`, no more of them."""

    enable: bool
    rect: Rect


@dataclass(frozen=True, slots=True)
class SetDesktopSize:
    """Give the desktop this size and these screens; keep the `id` and `flags` of those that stay.

    `DesktopResized` with reason THIS_CLIENT says what came of it.
    """

    size: Size
    screens: tuple[Screen, ...]


@dataclass(frozen=True, slots=True)
class EnableAudio:
    """Send the desktop's sound in this format. To change it, disable first: what is under way has no label."""

    format: AudioFormat = field(default_factory=AudioFormat)


@dataclass(frozen=True, slots=True)
class DisableAudio:
    """Send no more sound; what is under way may still come."""


@dataclass(frozen=True, slots=True)
class SetScale:
    """Send the framebuffer at 1/`scale` of its size from now on. Refused unless SupportedMessages lists it."""

    scale: int


Command = (
    SetEncodings
    | FramebufferUpdateRequest
    | KeyEvent
    | PointerEvent
    | PointerMotion
    | ClientCutText
    | ClipboardRequest
    | Fence
    | EnableContinuousUpdates
    | SetDesktopSize
    | EnableAudio
    | DisableAudio
    | SetScale
)
