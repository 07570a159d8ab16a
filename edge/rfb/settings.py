"""What the owner of a connection decides before it begins."""

from dataclasses import dataclass, field

from edge.rfb.encodings import EncodingNumber
from edge.rfb.limits import Limits
from edge.rfb.pixel_format import XRGB8888, PixelFormat
from edge.rfb.security.entropy import Entropy
from edge.rfb.security.policy import SecurityPolicy

#: What can be decoded and loses nothing, best first. ExtendedDesktopSize is left out: LibVNCServer answers every full
#: request with it alone, so whoever fetches rectangles in full must ask twice for each (see `DesktopResized`).
LOSSLESS = (
    EncodingNumber.ZRLE,
    EncodingNumber.TIGHT,
    EncodingNumber.COPY_RECT,
    EncodingNumber.RAW,
    EncodingNumber.CURSOR,
    EncodingNumber.DESKTOP_SIZE,
    EncodingNumber.LAST_RECT,
    EncodingNumber.SUPPORTED_MESSAGES,
)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Settings of one connection.

    `transport_secure` says that the bytes already travel in TLS, begun before RFB's first byte.
    `server_key_sha256` is the `fingerprint` that an RSA key of the server must have.
    `pixel_format` is what the server is asked for; None keeps its own.
    `encodings` are sent at once after ServerInit, best first; without CopyRect if the framebuffer will be scaled.
    """

    security: SecurityPolicy = field(default_factory=SecurityPolicy)
    transport_secure: bool = False
    user: str | None = None
    password: bytes | None = field(default=None, repr=False)
    server_key_sha256: str | None = None
    entropy: Entropy = field(default_factory=Entropy, repr=False)
    encodings: tuple[int, ...] = LOSSLESS
    pixel_format: PixelFormat | None = XRGB8888
    shared: bool = True
    limits: Limits = field(default_factory=Limits)
