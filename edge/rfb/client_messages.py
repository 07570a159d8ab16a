"""Commands as bytes.

Source: RFC 6143 section 7.5; SetScale from UltraVNC, as LibVNCServer's `rfbSetScaleMsg`; the others from the rfbproto
specification.
"""

from collections.abc import Set as AbstractSet
from enum import IntEnum
from struct import Struct, error, pack
from typing import assert_never

from edge.errors import RfbError
from edge.geometry import Size
from edge.rfb.audio import AudioFormat
from edge.rfb.commands import (
    ClientCutText,
    ClipboardRequest,
    Command,
    DisableAudio,
    EnableAudio,
    EnableContinuousUpdates,
    Fence,
    FramebufferUpdateRequest,
    KeyEvent,
    PointerEvent,
    PointerMotion,
    SetDesktopSize,
    SetEncodings,
    SetScale,
)
from edge.rfb.encodings import EncodingNumber
from edge.rfb.fence import PAYLOAD_BYTES, FenceFlag
from edge.rfb.pixel_format import PixelFormat
from edge.rfb.screens import Screen


class ClientMessage(IntEnum):
    """Message types from client to server."""

    SET_PIXEL_FORMAT = 0
    SET_ENCODINGS = 2
    FRAMEBUFFER_UPDATE_REQUEST = 3
    KEY_EVENT = 4
    POINTER_EVENT = 5
    CLIENT_CUT_TEXT = 6
    SET_SCALE = 8
    ENABLE_CONTINUOUS_UPDATES = 150
    FENCE = 248
    SET_DESKTOP_SIZE = 251
    QEMU = 255


class _Qemu(IntEnum):
    """Submessages of QEMU's."""

    EXTENDED_KEY_EVENT = 0
    AUDIO = 1


class _AudioOperation(IntEnum):
    ENABLE = 0
    DISABLE = 1
    SET_FORMAT = 2


_UPDATE_REQUEST = Struct(">BBHHHH")
_KEY_EVENT = Struct(">BBxxI")
_QEMU_KEY_EVENT = Struct(">BBHII")
_POINTER_EVENT = Struct(">BBHH")
_CUT_TEXT = Struct(">BxxxI")
_SET_SCALE = Struct(">BBxx")
_FENCE = Struct(">BxxxIB")
_SET_DESKTOP_SIZE = Struct(">BxHHBx")
_SCREEN = Struct(">IHHHHI")
_QEMU_AUDIO = Struct(">BBH")
_QEMU_AUDIO_FORMAT = Struct(">BBHBBI")

#: The button that says, in extended pointer events, that more of them follow.
_MORE_BUTTONS = 0x80
#: What stands for no motion.
_STILL = 0x7FFF


def set_pixel_format(pixel_format: PixelFormat) -> bytes:
    """Return the SetPixelFormat message."""
    return pack(">Bxxx", ClientMessage.SET_PIXEL_FORMAT) + pixel_format.to_bytes()


def fence_message(payload: bytes, flags: FenceFlag) -> bytes:
    """Return the ClientFence message, a request or an answer as its flags say; raises `RfbError` if it is too long."""
    if len(payload) > PAYLOAD_BYTES:
        raise RfbError(f"a fence of {len(payload)} bytes, more than {PAYLOAD_BYTES}")
    return _FENCE.pack(ClientMessage.FENCE, flags, len(payload)) + payload


def encode(command: Command, announced: AbstractSet[int] = frozenset()) -> bytes:
    """Return the message that says `command` to a server that has announced these encodings.

    Of the clipboard's only the text of RFC 6143 is here, the rest in `ExtendedClipboard`. Raises `RfbError` where a
    number does not fit its field.
    """
    try:
        return _encode(command, announced)
    except error as wrong:
        raise RfbError(f"{type(command).__name__} does not fit its message: {wrong}") from wrong


def _encode(command: Command, announced: AbstractSet[int]) -> bytes:  # noqa: PLR0911 - one for each command
    match command:
        case SetEncodings(encodings):
            count = len(encodings)
            return pack(f">BxH{count}i", ClientMessage.SET_ENCODINGS, count, *encodings)
        case FramebufferUpdateRequest(rect, incremental):
            message = ClientMessage.FRAMEBUFFER_UPDATE_REQUEST
            return _UPDATE_REQUEST.pack(message, incremental, rect.x, rect.y, rect.width, rect.height)
        case KeyEvent():
            return _key_event(command, extended=EncodingNumber.QEMU_EXTENDED_KEY_EVENT in announced)
        case PointerEvent(x, y, buttons):
            return _pointer_event(x, y, buttons, extended=EncodingNumber.EXTENDED_MOUSE_BUTTONS in announced)
        case PointerMotion(dx, dy, buttons):
            extended = EncodingNumber.EXTENDED_MOUSE_BUTTONS in announced
            return _pointer_event(dx + _STILL, dy + _STILL, buttons, extended=extended)
        case ClientCutText(text):
            latin = text.replace("\r\n", "\n").encode("latin-1", "replace")
            return _CUT_TEXT.pack(ClientMessage.CLIENT_CUT_TEXT, len(latin)) + latin
        case SetScale(scale):
            return _SET_SCALE.pack(ClientMessage.SET_SCALE, scale)
        case _:
            return _encode_extension(command)


def _encode_extension(
    command: ClipboardRequest | Fence | EnableContinuousUpdates | SetDesktopSize | EnableAudio | DisableAudio,
) -> bytes:
    match command:
        case Fence(payload, flags):
            return fence_message(payload, flags | FenceFlag.REQUEST)
        case EnableContinuousUpdates(enable, rect):
            message = ClientMessage.ENABLE_CONTINUOUS_UPDATES
            return _UPDATE_REQUEST.pack(message, enable, rect.x, rect.y, rect.width, rect.height)
        case SetDesktopSize(size, screens):
            return _set_desktop_size(size, screens)
        case EnableAudio(audio_format):
            return _enable_audio(audio_format)
        case DisableAudio():
            return _QEMU_AUDIO.pack(ClientMessage.QEMU, _Qemu.AUDIO, _AudioOperation.DISABLE)
        case ClipboardRequest():
            raise TypeError("only an ExtendedClipboard can ask, for it must know the answer")
    assert_never(command)


def _key_event(event: KeyEvent, *, extended: bool) -> bytes:
    if extended and event.scancode:
        kind = _Qemu.EXTENDED_KEY_EVENT
        return _QEMU_KEY_EVENT.pack(ClientMessage.QEMU, kind, event.down, event.keysym, event.scancode)
    return _KEY_EVENT.pack(ClientMessage.KEY_EVENT, event.down, event.keysym)


def _pointer_event(x: int, y: int, buttons: int, *, extended: bool) -> bytes:
    if not extended or 0 <= buttons < _MORE_BUTTONS:
        return _POINTER_EVENT.pack(ClientMessage.POINTER_EVENT, buttons, x, y)
    few = buttons & _MORE_BUTTONS - 1
    return _POINTER_EVENT.pack(ClientMessage.POINTER_EVENT, few | _MORE_BUTTONS, x, y) + pack(">B", buttons >> 7)


def _set_desktop_size(size: Size, screens: tuple[Screen, ...]) -> bytes:
    head = _SET_DESKTOP_SIZE.pack(ClientMessage.SET_DESKTOP_SIZE, size.width, size.height, len(screens))
    return head + b"".join(
        _SCREEN.pack(screen.id, screen.rect.x, screen.rect.y, screen.rect.width, screen.rect.height, screen.flags)
        for screen in screens
    )


def _enable_audio(audio_format: AudioFormat) -> bytes:
    head = ClientMessage.QEMU, _Qemu.AUDIO
    fields = audio_format.sample, audio_format.channels, audio_format.frequency_hz
    return _QEMU_AUDIO_FORMAT.pack(*head, _AudioOperation.SET_FORMAT, *fields) + _QEMU_AUDIO.pack(
        *head, _AudioOperation.ENABLE
    )
