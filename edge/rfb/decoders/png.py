"""PNG rectangles, whose header is checked before anything is decoded.

What servers send: 8 bits for each of red, green and blue, or a palette; not interlaced. Only the chunks that make the
picture reach the decoder, so nothing else can be inflated.

Source: the PNG specification, sections 5 and 11.
"""

from collections.abc import Iterator
from struct import Struct

import cv2
import numpy as np

from edge.errors import DecodeError
from edge.geometry import Size
from edge.pixels import Picture, from_bgr

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = Struct(">I4s")
_CRC_BYTES = 4
_HEADER = Struct(">IIBBxxB")
_COLOURS, _PALETTE = 2, 3
_DEPTHS = {_COLOURS: {8}, _PALETTE: {1, 2, 4, 8}}
_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


def png_bytes_most(size: Size) -> int:
    """Return the most that a PNG of `size` can take: rows stored with a byte of filter each, in chunks of 256 bytes."""
    rows = (3 * size.width + 1) * size.height
    return rows + rows // 16 + 4096


def decode_png(data: bytes | bytearray, size: Size) -> Picture:
    """Decode a PNG that must be of `size`; raises `DecodeError` if it is not, or is of a kind that no server sends."""
    if data[:8] != _SIGNATURE:
        raise DecodeError("its PNG data does not begin with a PNG signature")
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != _CHUNK.size + _HEADER.size + _CRC_BYTES:
        raise DecodeError("its PNG data has no header")
    width, height, depth, kind, interlaced = _HEADER.unpack_from(chunks[0][1], _CHUNK.size)
    if (found := Size(width, height)) != size:
        raise DecodeError(f"its PNG is of {found}, expected {size}")
    if depth not in _DEPTHS.get(kind, set()) or interlaced:
        raise DecodeError(
            f"its PNG has colour type {kind} of {depth} bits{', interlaced' * bool(interlaced)}, "
            "expected 2 of 8 bits or 3 of up to 8, not interlaced"
        )
    picture = np.frombuffer(_SIGNATURE + b"".join(chunk for name, chunk in chunks if name in _PICTURE), dtype=np.uint8)
    try:
        bgr = cv2.imdecode(picture, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as wrong:
        raise DecodeError(f"its PNG data is damaged: {wrong}") from wrong
    if bgr is None or bgr.shape[:2] != size.shape:
        raise DecodeError("its PNG data is damaged")
    return from_bgr(np.asarray(bgr, dtype=np.uint8))


def _chunks(data: bytes | bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Take the PNG apart: the name of each chunk, and all of its bytes."""
    at, name = len(_SIGNATURE), b""
    while name != b"IEND":
        if at + _CHUNK.size > len(data):
            raise DecodeError("its PNG data ends before its last chunk")
        length, name = _CHUNK.unpack_from(data, at)
        end = at + _CHUNK.size + length + _CRC_BYTES
        if end > len(data):
            raise DecodeError(f"its PNG data ends {end - len(data)} bytes before its chunk {name!r} does")
        yield name, bytes(data[at:end])
        at = end
    if at != len(data):
        raise DecodeError(f"{len(data) - at} bytes follow its PNG")
