"""JPEG rectangles, whose header is checked before anything is decoded.

Source: ITU-T T.81 annex B.
"""

import cv2
import numpy as np

from edge.errors import DecodeError
from edge.geometry import Size
from edge.pixels import Picture, from_bgr

_START = b"\xff\xd8"
_FRAMES = {0xC0, 0xC1}
# All other frame headers: progressive, lossless and arithmetic coding, which no server uses.
_FOREIGN_FRAMES = set(range(0xC2, 0xD0)) - {0xC4, 0xC8, 0xCC}
# What may come before the frame header and has a length: tables, restart interval, application data, comment. At any
# other marker libjpeg goes on in its own way, and would find another frame header than we do.
_SEGMENTS = {0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_FILL = 0xFF
_SCAN = b"\xff\xda"
# One for each colour, if they are not together. For each one more, of ten bytes, libjpeg goes over the whole picture.
_MOST_SCANS = 3
# It fills up to whole blocks, of which noise at the highest quality takes no more than this; the rest is for tables.
_BLOCK_PX, _BLOCK_BYTES, _TABLE_BYTES = 16, 16 * 16 * 6, 4096


def jpeg_bytes_most(size: Size) -> int:
    """Return the most that a JPEG of `size` can take."""
    return -(-size.width // _BLOCK_PX) * -(-size.height // _BLOCK_PX) * _BLOCK_BYTES + _TABLE_BYTES


def frame_size(data: bytes | bytearray) -> Size:
    """Read the size from the header; raises `DecodeError` where it is not sequential JPEG of 8 bits."""
    if data[:2] != _START:
        raise DecodeError("its JPEG data does not begin with a JPEG header")
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES and at + 10 <= len(data):
            if data[at + 4] != 8 or data[at + 9] not in {1, 3}:
                raise DecodeError(
                    f"its JPEG has {data[at + 9]} components of {data[at + 4]} bits, expected 1 or 3 of 8"
                )
            return Size(int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big"))
        if marker in _FOREIGN_FRAMES:
            raise DecodeError(f"its JPEG is not baseline (frame header 0x{marker:02x})")
        if marker != _FILL and (marker not in _SEGMENTS or length < 2):
            break
        # A marker may be preceded by any number of bytes of 0xFF.
        at += 1 if marker == _FILL else 2 + length
    raise DecodeError("its JPEG data has no frame header")


def decode_jpeg(data: bytes | bytearray, size: Size) -> Picture:
    """Decode a JPEG that must be of `size`."""
    if (found := frame_size(data)) != size:
        raise DecodeError(f"its JPEG is of {found}, expected {size}")
    if (scans := data.count(_SCAN)) > _MOST_SCANS:
        raise DecodeError(f"its JPEG has {scans} scans, expected {_MOST_SCANS} at most")
    try:
        picture = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as wrong:
        raise DecodeError(f"its JPEG data is damaged: {wrong}") from wrong
    if picture is None or picture.shape[:2] != size.shape:
        raise DecodeError("its JPEG data is damaged")
    return from_bgr(np.asarray(picture, dtype=np.uint8))
