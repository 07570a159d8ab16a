"""A sans-IO RFB client: `Connection` turns bytes into events and commands into bytes, and does nothing else."""

from edge.rfb.commands import (
    ClientCutText,
    Command,
    FramebufferUpdateRequest,
    KeyEvent,
    PointerEvent,
    SetEncodings,
    SetScale,
)
from edge.rfb.connection import Connection, State
from edge.rfb.encodings import EncodingNumber, compress_level, jpeg_quality
from edge.rfb.events import (
    Bell,
    ColourMapChanged,
    Connected,
    CursorChanged,
    CutTextReceived,
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    Screen,
    SupportedMessages,
    TlsRequired,
    UpdateFinished,
    UpdateStarted,
)
from edge.rfb.limits import Limits
from edge.rfb.pixel_format import XRGB8888, PixelFormat
from edge.rfb.security.policy import Security, SecurityPolicy
from edge.rfb.settings import LOSSLESS, ConnectionSettings

__all__ = [
    "LOSSLESS",
    "XRGB8888",
    "Bell",
    "ClientCutText",
    "ColourMapChanged",
    "Command",
    "Connected",
    "Connection",
    "ConnectionSettings",
    "CursorChanged",
    "CutTextReceived",
    "DesktopResized",
    "EncodingNumber",
    "Event",
    "FramebufferUpdateRequest",
    "KeyEvent",
    "Limits",
    "PixelFormat",
    "PointerEvent",
    "RectangleCopied",
    "RectangleDecoded",
    "Screen",
    "Security",
    "SecurityPolicy",
    "SetEncodings",
    "SetScale",
    "State",
    "SupportedMessages",
    "TlsRequired",
    "UpdateFinished",
    "UpdateStarted",
    "compress_level",
    "jpeg_quality",
]
