"""What an RFB server said, as values: the output of `Connection.receive_data`.

Source: RFC 6143 section 7.6 and the rfbproto specification. Rectangles are in the server's framebuffer, which is the
scaled one after SetScale; pixels are `edge.pixels` pictures, whatever the pixel format on the wire was.
"""

from dataclasses import dataclass, field
from enum import CONFORM, IntFlag

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb.audio import AudioFormat
from edge.rfb.fence import FenceFlag
from edge.rfb.screens import ResizeReason, ResizeStatus, Screen


@dataclass(frozen=True, slots=True)
class TlsRequired:
    """The shell must now wrap the transport in TLS and then call `Connection.tls_established`.

    `anonymous` is true for the VeNCrypt types that have no certificate.
    """

    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """ServerInit came: the session is open. Pixel format and encodings have been queued for sending."""

    size: Size
    name: str
    security: str


@dataclass(frozen=True, slots=True)
class UpdateStarted:
    """A FramebufferUpdate's header came; `rectangles` is None if LastRect will end it."""

    rectangles: int | None


@dataclass(frozen=True, slots=True)
class RectangleDecoded:
    """New pixels (rect.height, rect.width), owned by the receiver; `encoding` is the number on the wire.

    They are `exact` unless the encoding loses something, as JPEG does.
    """

    rect: Rect
    pixels: Picture = field(repr=False)
    encoding: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class RectangleCopied:
    """CopyRect: the pixels at (source_x, source_y) now also stand at `rect`. The areas may overlap."""

    rect: Rect
    source_x: int
    source_y: int


@dataclass(frozen=True, slots=True)
class UpdateFinished:
    """The last rectangle of a FramebufferUpdate came; `wire_bytes` is its whole length on the wire."""

    wire_bytes: int


@dataclass(frozen=True, slots=True)
class CursorChanged:
    """The cursor's new shape: uint8 (height, width, 4) of B, G, R, alpha, not premultiplied; (0, 0, 4) hides it."""

    hotspot_x: int
    hotspot_y: int
    pixels: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CursorShown:
    """VMware: whether the desktop shows its cursor. Its shape stays."""

    visible: bool


@dataclass(frozen=True, slots=True)
class PointerMoved:
    """The desktop's pointer is at (x, y), moved by somebody else than this client."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class PointerModeChanged:
    """QEMU: whether the desktop's pointer takes positions (`PointerEvent`) from now on, or `PointerMotion`."""

    absolute: bool


class Led(IntFlag, boundary=CONFORM):
    """The lights of a keyboard; bits that are none are dropped, as Python keeps every value."""

    SCROLL_LOCK = 1
    NUM_LOCK = 2
    CAPS_LOCK = 4


@dataclass(frozen=True, slots=True)
class LedStateChanged:
    """The desktop's keyboard has these lights on."""

    leds: Led


@dataclass(frozen=True, slots=True)
class DesktopNameChanged:
    """The desktop has another name."""

    name: str


@dataclass(frozen=True, slots=True)
class DesktopResized:
    """The framebuffer has a new size and undefined content, or the same size and perhaps other screens.

    The update that brings it has no pixels. With ExtendedDesktopSize it also comes, the size unchanged, in answer to
    each request that is not incremental, and with LibVNCServer in place of the pixels. So whatever was asked for
    before, ask *incrementally* for the whole framebuffer after it: servers take all of it for changed then, and one
    that is asked in full answers with this again, for ever.

    `reason` and `status` are those of ExtendedDesktopSize. A refused SetDesktopSize arrives with another status than
    DONE and the unchanged size.
    """

    size: Size
    screens: tuple[Screen, ...] = ()
    reason: ResizeReason = ResizeReason.SERVER
    status: ResizeStatus = ResizeStatus.DONE


@dataclass(frozen=True, slots=True)
class SupportedMessages:
    """The message types that the server handles (client to server) and sends (server to client)."""

    client_to_server: frozenset[int]
    server_to_client: frozenset[int]


@dataclass(frozen=True, slots=True)
class ColourMapChanged:
    """The `count` colours from number `first` on were set: ask anew for pictures that came before, which keep theirs.

    It only comes where the pixel format has a colour map.
    """

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class ExtensionAnnounced:
    """The server knows the extension of this number, which was offered: its commands may be sent from now on."""

    encoding: int


@dataclass(frozen=True, slots=True)
class Bell:
    """The server rings."""


@dataclass(frozen=True, slots=True)
class CutTextReceived:
    """The server's clipboard as text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClipboardNotified:
    """Extended clipboard: the server's clipboard is another one, with or without text; send `ClipboardRequest`."""

    text: bool


@dataclass(frozen=True, slots=True)
class FenceReplied:
    """The server has come to a `Fence` of this client; `flags` are those that it has kept to."""

    payload: bytes
    flags: FenceFlag


@dataclass(frozen=True, slots=True)
class ContinuousUpdatesEnded:
    """No update comes any more without being asked for; the answer to `EnableContinuousUpdates(enable=False)`."""


@dataclass(frozen=True, slots=True)
class AudioBegun:
    """The desktop begins to sound, in this format."""

    format: AudioFormat


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """PCM in whole frames of `format`, that of the last `AudioBegun`."""

    format: AudioFormat
    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AudioEnded:
    """The desktop is silent; no `AudioReceived` until the next `AudioBegun`."""


Event = (
    TlsRequired
    | Connected
    | UpdateStarted
    | RectangleDecoded
    | RectangleCopied
    | UpdateFinished
    | CursorChanged
    | CursorShown
    | PointerMoved
    | PointerModeChanged
    | LedStateChanged
    | DesktopNameChanged
    | DesktopResized
    | SupportedMessages
    | ColourMapChanged
    | ExtensionAnnounced
    | Bell
    | CutTextReceived
    | ClipboardNotified
    | FenceReplied
    | ContinuousUpdatesEnded
    | AudioBegun
    | AudioReceived
    | AudioEnded
)
