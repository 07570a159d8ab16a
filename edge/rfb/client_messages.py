"""Commands as bytes.

Source: RFC 6143 section 7.5; SetScale from UltraVNC, as LibVNCServer's `rfbSetScaleMsg`.
"""

from enum import IntEnum
from struct import Struct, error, pack
from typing import assert_never

from edge.errors import RfbError
from edge.rfb.commands import (
    ClientCutText,
    Command,
    FramebufferUpdateRequest,
    KeyEvent,
    PointerEvent,
    SetEncodings,
    SetScale,
)
from edge.rfb.pixel_format import PixelFormat


class ClientMessage(IntEnum):
    """Message types from client to server."""

    SET_PIXEL_FORMAT = 0
    SET_ENCODINGS = 2
    FRAMEBUFFER_UPDATE_REQUEST = 3
    KEY_EVENT = 4
    POINTER_EVENT = 5
    CLIENT_CUT_TEXT = 6
    SET_SCALE = 8


_UPDATE_REQUEST = Struct(">BBHHHH")
_KEY_EVENT = Struct(">BBxxI")
_POINTER_EVENT = Struct(">BBHH")
_CUT_TEXT = Struct(">BxxxI")
_SET_SCALE = Struct(">BBxx")


def set_pixel_format(pixel_format: PixelFormat) -> bytes:
    """Return the SetPixelFormat message."""
    return pack(">Bxxx", ClientMessage.SET_PIXEL_FORMAT) + pixel_format.to_bytes()


def encode(command: Command) -> bytes:
    """Return the message that says `command`; raises `RfbError` where a number does not fit its field."""
    try:
        return _encode(command)
    except error as wrong:
        raise RfbError(f"{type(command).__name__} does not fit its message: {wrong}") from wrong


def _encode(command: Command) -> bytes:
    match command:
        case SetEncodings(encodings):
            count = len(encodings)
            return pack(f">BxH{count}i", ClientMessage.SET_ENCODINGS, count, *encodings)
        case FramebufferUpdateRequest(rect, incremental):
            message = ClientMessage.FRAMEBUFFER_UPDATE_REQUEST
            return _UPDATE_REQUEST.pack(message, incremental, rect.x, rect.y, rect.width, rect.height)
        case KeyEvent(keysym, down):
            return _KEY_EVENT.pack(ClientMessage.KEY_EVENT, down, keysym)
        case PointerEvent(x, y, buttons):
            return _POINTER_EVENT.pack(ClientMessage.POINTER_EVENT, buttons, x, y)
        case ClientCutText(text):
            latin = text.encode("latin-1", "replace")
            return _CUT_TEXT.pack(ClientMessage.CLIENT_CUT_TEXT, len(latin)) + latin
        case SetScale(scale):
            return _SET_SCALE.pack(ClientMessage.SET_SCALE, scale)
    assert_never(command)
