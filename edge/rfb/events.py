"""What an RFB server said, as values: the output of `Connection.receive_data`.

Source: RFC 6143 section 7.6 and the rfbproto specification. Rectangles are in the server's framebuffer, which is the
scaled one after SetScale; pixels are `edge.pixels` pictures, whatever the pixel format on the wire was.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Rect, Size
from edge.pixels import Picture


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
    """New pixels (rect.height, rect.width), owned by the receiver; `encoding` is the number on the wire."""

    rect: Rect
    pixels: Picture = field(repr=False)
    encoding: int


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
class Screen:
    """One screen of ExtendedDesktopSize."""

    id: int
    rect: Rect
    flags: int = 0


@dataclass(frozen=True, slots=True)
class DesktopResized:
    """The framebuffer has a new size and undefined content; every pixel must be asked for again.

    The update that brings it has no pixels. With ExtendedDesktopSize it also comes, the size unchanged, in answer to
    each request that is not incremental: ask incrementally then, or the server never comes to send a pixel.

    `reason` and `status` are those of ExtendedDesktopSize, 0 otherwise. A refused SetDesktopSize arrives with
    status != 0 and the unchanged size.
    """

    size: Size
    screens: tuple[Screen, ...] = ()
    reason: int = 0
    status: int = 0


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
class Bell:
    """The server rings."""


@dataclass(frozen=True, slots=True)
class CutTextReceived:
    """The server's clipboard as text."""

    text: str = field(repr=False)


Event = (
    TlsRequired
    | Connected
    | UpdateStarted
    | RectangleDecoded
    | RectangleCopied
    | UpdateFinished
    | CursorChanged
    | DesktopResized
    | SupportedMessages
    | ColourMapChanged
    | Bell
    | CutTextReceived
)
