"""Numbers of encodings and pseudo-encodings.

Source: RFC 6143 section 7.7; the rfbproto specification; SupportedMessages from LibVNCServer's `rfbproto.h`.
"""

from enum import IntEnum


class EncodingNumber(IntEnum):
    """What stands in SetEncodings and in a rectangle's header."""

    RAW = 0
    COPY_RECT = 1
    RRE = 2
    CORRE = 4
    HEXTILE = 5
    ZLIB = 6
    TIGHT = 7
    TRLE = 15
    ZRLE = 16
    ZYWRLE = 17
    JPEG = 21
    OPEN_H264 = 50
    TIGHT_PNG = -260
    DESKTOP_SIZE = -223
    LAST_RECT = -224
    POINTER_POS = -232
    CURSOR = -239
    XCURSOR = -240
    JPEG_QUALITY_0 = -32
    JPEG_QUALITY_9 = -23
    COMPRESS_LEVEL_0 = -256
    COMPRESS_LEVEL_9 = -247
    QEMU_POINTER_MOTION_CHANGE = -257
    QEMU_EXTENDED_KEY_EVENT = -258
    QEMU_AUDIO = -259
    LED_STATE = -261
    DESKTOP_NAME = -307
    EXTENDED_DESKTOP_SIZE = -308
    FENCE = -312
    CONTINUOUS_UPDATES = -313
    CURSOR_WITH_ALPHA = -314
    EXTENDED_MOUSE_BUTTONS = -316
    VMWARE_CURSOR = 0x574D5664
    VMWARE_CURSOR_STATE = 0x574D5665
    VMWARE_CURSOR_POSITION = 0x574D5666
    VMWARE_LED_STATE = 0x574D5668
    EXTENDED_CLIPBOARD = 0xC0A1E5CE - (1 << 32)
    SUPPORTED_MESSAGES = 0xFFFE0001 - (1 << 32)


def jpeg_quality(level: int) -> int:
    """Return what lets Tight use JPEG, of quality `level` from 0 (worst) to 9; without it Tight is exact."""
    if not 0 <= level <= 9:
        raise ValueError(f"a JPEG quality level is 0 to 9, not {level}")
    return EncodingNumber.JPEG_QUALITY_0 + level


def compress_level(level: int) -> int:
    """Return what asks for zlib's effort, from 0 (least) to 9."""
    if not 0 <= level <= 9:
        raise ValueError(f"a compression level is 0 to 9, not {level}")
    return EncodingNumber.COMPRESS_LEVEL_0 + level


def is_level(number: int) -> bool:
    """Whether it is a quality or compression level: said by the client, never the encoding of a rectangle."""
    return -32 <= number <= -23 or -256 <= number <= -247


def encoding_name(number: int) -> str:
    """Name an encoding for messages, with its number."""
    try:
        return f"{EncodingNumber(number).name} ({number})"
    except ValueError:
        return f"encoding {number} (0x{number & 0xFFFFFFFF:08x})"
