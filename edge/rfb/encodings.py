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
    JPEG_FINE_QUALITY_0 = -512
    JPEG_FINE_QUALITY_100 = -412
    JPEG_SUBSAMPLING_1X = -768
    JPEG_SUBSAMPLING_4X = -767
    JPEG_SUBSAMPLING_2X = -766
    JPEG_SUBSAMPLING_GREY = -765
    JPEG_SUBSAMPLING_8X = -764
    JPEG_SUBSAMPLING_16X = -763
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


def jpeg_fine_quality(level: int) -> int:
    """Return what asks TurboVNC's servers for JPEG of quality `level` from 0 (worst) to 100, over `jpeg_quality`."""
    if not 0 <= level <= 100:
        raise ValueError(f"a fine-grained JPEG quality level is 0 to 100, not {level}")
    return EncodingNumber.JPEG_FINE_QUALITY_0 + level


def is_level(number: int) -> bool:
    """Whether it is a level of quality, subsampling or compression: said by the client, never a rectangle's."""
    return -32 <= number <= -23 or -256 <= number <= -247 or -512 <= number <= -412 or -768 <= number <= -763


def is_message(number: int) -> bool:
    """Whether it lets the server send messages or end an update, and has no rectangles to decode."""
    return number in {
        EncodingNumber.LAST_RECT,
        EncodingNumber.FENCE,
        EncodingNumber.CONTINUOUS_UPDATES,
        EncodingNumber.EXTENDED_CLIPBOARD,
    }


def encoding_name(number: int) -> str:
    """Name an encoding for messages, with its number."""
    try:
        return f"{EncodingNumber(number).name} ({number})"
    except ValueError:
        return f"encoding {number} (0x{number & 0xFFFFFFFF:08x})"
