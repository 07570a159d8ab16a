"""Dumb buffers: memory that a card scans out and the processor draws into."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.display.kms import uapi
from edge.display.kms.card import Card
from edge.display.kms.uapi import Request
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, to_bgr

_BITS = {uapi.XRGB8888: 32, uapi.RGB565: 16}


class DumbBuffer:
    """One buffer of `size` in `fourcc`, and the kernel's framebuffer around it.

    `stale` are the parts in which it is behind the picture; `written_bytes` counts what was ever written to it.
    """

    def __init__(self, card: Card, size: Size, fourcc: int) -> None:
        """Make it; raises `DisplayError`."""
        self.size = size
        self.stale: list[Rect] = [size.rect]
        self.written_bytes = 0
        self._card = card
        self._fourcc = fourcc
        made = uapi.CreateDumb(width=size.width, height=size.height, bpp=_BITS[fourcc])
        card.request(Request.MODE_CREATE_DUMB, made)
        self._handle = int(made.handle)
        if made.size < made.pitch * size.height or made.pitch * 8 < size.width * _BITS[fourcc]:
            raise DisplayError(f"{card.name}: a buffer of {made.size} bytes and {made.pitch} a row for {size} pixels")
        framebuffer = uapi.Framebuffer(width=size.width, height=size.height, pixel_format=fourcc)
        framebuffer.handles[0], framebuffer.pitches[0] = made.handle, made.pitch
        card.request(Request.MODE_ADDFB2, framebuffer)
        self.fb_id = int(framebuffer.fb_id)
        asked = uapi.MapDumb(handle=made.handle)
        card.request(Request.MODE_MAP_DUMB, asked)
        self._memory = card.map(int(asked.offset), int(made.size))
        kind = np.uint32 if fourcc == uapi.XRGB8888 else np.uint16
        rows = np.frombuffer(self._memory, dtype=np.uint8, count=made.pitch * size.height)
        self._pixels: NDArray[np.unsignedinteger] = rows.reshape(size.height, made.pitch)[
            :, : size.width * _BITS[fourcc] // 8
        ].view(kind)

    def catch_up(self, part: Callable[[Rect], Picture]) -> list[Rect]:
        """Write what is stale, by the pixels that `part` gives for a rectangle of it; return where that was."""
        written, self.stale = _joined(self.stale), []
        for rect in written:
            self._write(part(rect), rect)
        return written

    def _write(self, pixels: Picture, rect: Rect) -> None:
        if self._fourcc == uapi.RGB565:
            bgr565 = cv2.cvtColor(to_bgr(pixels), cv2.COLOR_BGR2BGR565)
            self._pixels[rect.slices] = bgr565.view(np.uint16).reshape(rect.size.shape)
        else:
            self._pixels[rect.slices] = pixels
        self.written_bytes += rect.area * _BITS[self._fourcc] // 8

    def close(self) -> None:
        """Give the memory back."""
        self._card.request(Request.MODE_RMFB, uapi.DestroyDumb(handle=self.fb_id))
        self._pixels = np.empty((0, 0), dtype=np.uint16)
        self._memory.release()
        self._card.request(Request.MODE_DESTROY_DUMB, uapi.DestroyDumb(handle=self._handle))


def _joined(rects: Iterable[Rect]) -> list[Rect]:
    """Drop rectangles that lie in others, so that nothing is written twice for having been damaged twice."""
    kept: list[Rect] = []
    for rect in sorted(rects, key=lambda each: each.area, reverse=True):
        if rect and not any(rect in other for other in kept):
            kept.append(rect)
    return kept
