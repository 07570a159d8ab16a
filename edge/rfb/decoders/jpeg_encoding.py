"""JPEG: a rectangle is a JPEG of its own, which may do without the tables of the one before.

Nothing says how long it is, so its segments are read one by one.

Source: the JPEG section of the rfbproto specification; ITU-T T.81 annex B.
"""

import re
from typing import ClassVar

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.rfb.decoders.jpeg import decode_jpeg, jpeg_bytes_most
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_QUANTISATION, _HUFFMAN = 0xDB, 0xC4
_TABLES = {_QUANTISATION: "quantisation", _HUFFMAN: "Huffman"}
# In the coded data of a scan 0xFF is followed by 0 or a restart marker, and any number of them may fill up.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class JpegEncoding:
    """The decoder of JPEG, with the tables of the last rectangle that had them."""

    draws: ClassVar[bool] = True

    def __init__(self) -> None:
        self._tables: dict[int, bytes] = {}

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:  # noqa: ARG002
        """Read a JPEG up to its end, and complete it."""
        segments = yield from _segments(stream, jpeg_bytes_most(rect.size))
        for kind, name in _TABLES.items():
            if own := b"".join(data for marker, data in segments if marker == kind):
                self._tables[kind] = own
            elif kind in self._tables:
                segments.insert(1, (kind, self._tables[kind]))
            else:
                raise DecodeError(f"its JPEG has no {name} tables, and none came before")
        picture = decode_jpeg(b"".join(data for _, data in segments), rect.size)
        yield RectangleDecoded(rect, picture, EncodingNumber.JPEG, exact=False)


def _segments(stream: Stream, most: int) -> Parser[list[tuple[int, bytes]]]:
    """Read the marker and the bytes of each segment, from the start of a JPEG to its end."""
    segments: list[tuple[int, bytes]] = []
    left = most
    while True:
        head = yield from stream.read(2)
        marker = head[1]
        if head[0] != 0xFF or (marker == _START) == bool(segments):
            raise DecodeError(f"its JPEG data has {bytes(head).hex()} where a segment begins")
        if marker not in {_START, _END}:
            size = yield from stream.read(2)
            length = int.from_bytes(size, "big")
            if length < 2:
                raise DecodeError(f"its JPEG has a segment of {length} bytes, expected 2 or more")
            _check(length, left, most)
            head += size + (yield from stream.read(length - 2))
        if marker == _SCAN:
            head += yield from _coded(stream, left - len(head), most)
        left -= len(head)
        segments.append((marker, bytes(head)))
        if marker == _END:
            return segments
        _check(0, left, most)


def _coded(stream: Stream, left: int, most: int) -> Parser[bytes]:
    """Read what a scan codes, up to the next marker."""
    coded = bytearray()
    while True:
        ahead = stream.peek(left + 2)
        found = _AFTER_SCAN.search(ahead)
        taken = found.start() if found else max(0, len(ahead) - 1)
        coded += yield from stream.read(taken)
        left -= taken
        if found:
            return bytes(coded)
        _check(0, left, most)
        yield None


def _check(length: int, left: int, most: int) -> None:
    if length > left:
        raise DecodeError(f"its JPEG is longer than its area can take ({most} bytes)")
