"""Open H.264: each area of the screen is a video of its own, decoded by FFmpeg.

A rectangle without a whole frame changes nothing, and of several frames the last one is shown. Colours follow the
video's own description of them, or, where it has none, BT.601 in limited range, which is FFmpeg's choice and so that
of other viewers.

Source: the Open H.264 section of the rfbproto specification.
"""

import re
from importlib.util import find_spec
from struct import Struct
from typing import ClassVar

import numpy as np

from edge.errors import DecodeError
from edge.geometry import Rect, Size
from edge.pixels import Picture
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import RectangleDecoded
from edge.rfb.stream import Parser, Stream

_HEADER = Struct(">II")
_RESET_CONTEXT, _RESET_ALL_CONTEXTS = 1, 2
#: What to do where PyAV is missing.
PYAV_HINT = "pip install 'edge[h264]'"
#: What the specification lets a server have at a time.
CONTEXTS = 64
# How often all contexts together may cover the framebuffer: each keeps up to 16 frames and more of its area, which is
# 75 MiB for one of 1920x1080.
_AREAS = 4
# The longest that a macroblock can be is its samples, 4:4:4, with a byte inserted after each two to keep start codes
# unique; the rest is for headers.
_BLOCK_PX, _BLOCK_BYTES, _HEADERS_BYTES = 16, 16 * 16 * 3 * 3 // 2, 16 << 10
# More than a second of video for one rectangle: a frame that changes nothing takes twenty bytes, and the time of any.
_FRAMES = 64
# A start code and the first byte of a slice, NAL units 1 to 5: without one FFmpeg takes what it gets for damaged.
_SLICE = re.compile(rb"\x00\x00\x01[\x01-\x05\x21-\x25\x41-\x45\x61-\x65]")
_COLOUR = np.uint32(0xFFFFFF)


def h264_is_there() -> bool:
    """Whether PyAV is installed; it is only imported when a video comes."""
    return find_spec("av") is not None


class OpenH264:
    """The decoder of Open H.264, with a context for each area."""

    draws: ClassVar[bool] = True

    def __init__(self) -> None:
        # The one that was used last stands last.
        self._contexts: dict[Rect, _Video] = {}

    def decode(self, stream: Stream, rect: Rect, framebuffer: Size) -> Parser[None]:
        """Read a piece of the video of `rect`, and show it."""
        length, flags = yield from stream.unpack(_HEADER)
        blocks = -(-rect.width // _BLOCK_PX) * -(-rect.height // _BLOCK_PX)
        if length > (most := blocks * _BLOCK_BYTES + _HEADERS_BYTES):
            raise DecodeError(f"it announces {length} bytes, more than its area can take ({most})")
        data = yield from stream.read(length)
        if flags & _RESET_ALL_CONTEXTS:
            self._contexts.clear()
        elif flags & _RESET_CONTEXT:
            self._contexts.pop(rect, None)
        if not data:
            return
        if (video := self._contexts.pop(rect, None)) is None:
            video = _Video(rect.size)
        self._contexts[rect] = video
        self._forget(framebuffer)
        if (picture := video.decode(bytes(data))) is not None:
            yield RectangleDecoded(rect, picture, EncodingNumber.OPEN_H264, exact=False)

    def _forget(self, framebuffer: Size) -> None:
        """Drop the contexts that were used longest ago, where there are too many, or too large ones."""
        most = _AREAS * framebuffer.area
        while len(self._contexts) > CONTEXTS or (
            len(self._contexts) > 1 and sum(rect.area for rect in self._contexts) > most
        ):
            del self._contexts[next(iter(self._contexts))]


class _Video:
    """The video of one area."""

    def __init__(self, size: Size) -> None:
        from av.codec.context import Flags, ThreadType  # noqa: PLC0415 - takes a tenth of a second and 30 MB
        from av.video.codeccontext import VideoCodecContext  # noqa: PLC0415

        self._size = size
        self._headers = b""
        # Sizes are rounded up to macroblocks before they are cropped.
        pixels = (size.width + _BLOCK_PX) * (size.height + _BLOCK_PX)
        self._codec = VideoCodecContext.create("h264", "r")
        self._codec.options = {"max_pixels": str(pixels), "err_detect": "explode"}
        self._codec.flags |= Flags.low_delay
        self._codec.thread_type = ThreadType.SLICE  # threads for frames hold each back for a few more

    def decode(self, data: bytes) -> Picture | None:
        """Decode what came for one rectangle; returns the last frame, None if there is none yet."""
        from av.error import FFmpegError  # noqa: PLC0415

        data = self._headers + data
        self._headers = b""
        if not _SLICE.search(data):
            if len(data) > _HEADERS_BYTES:
                raise DecodeError(f"its H.264 data holds no picture in {len(data)} bytes")
            self._headers = data
            return None
        try:
            packets = self._codec.parse(data) + self._codec.parse(None)
            if len(packets) > _FRAMES:
                raise DecodeError(f"its H.264 data has {len(packets)} frames, expected {_FRAMES} at most")
            frame = None
            for packet in packets:
                for decoded in self._codec.decode(packet):
                    frame = decoded
        except FFmpegError as wrong:
            raise DecodeError(f"its H.264 data is damaged: {wrong}") from wrong
        if frame is None:
            return None
        if frame.is_corrupt:
            raise DecodeError("its H.264 data is damaged")
        extra = frame.width - self._size.width, frame.height - self._size.height
        if not all(0 <= side < _BLOCK_PX for side in extra):
            raise DecodeError(f"its H.264 frame is of {frame.width}x{frame.height}, expected {self._size}")
        picture = frame.to_ndarray(format="bgra").view(np.uint32)[: self._size.height, : self._size.width, 0]
        return np.asarray(picture & _COLOUR, dtype=np.uint32)
