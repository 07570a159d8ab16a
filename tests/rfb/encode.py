"""An RFB server's side for tests: messages, and every sub-encoding of ZRLE and Tight, from pictures."""

import zlib
from collections.abc import Callable, Iterable
from struct import pack

import cv2
import numpy as np

from edge.geometry import Grid, Rect, Size
from edge.pixels import Picture, to_bgr

FORMAT = pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def picture(size: Size, colours: int, seed: int = 0, run: int = 5) -> Picture:
    """Random runs of about `run` pixels in exactly `colours` colours (if it has the pixels for them)."""
    random = np.random.default_rng(seed)
    palette = random.choice(1 << 24, colours, replace=False).astype(np.uint32)
    lengths = random.geometric(1 / run, size.area + colours)
    order = np.append(np.arange(colours), random.integers(0, colours, size.area))
    lengths[:colours] = 1
    return palette[np.repeat(order, lengths)[: size.area]].reshape(size.shape)


def server_init(size: Size, name: bytes = b"desk") -> bytes:
    return pack(">HH", size.width, size.height) + FORMAT + pack(">I", len(name)) + name


def greeting(size: Size) -> bytes:
    """All that a server of version 3.8 without security says up to ServerInit."""
    return b"RFB 003.008\n" + b"\1\1" + pack(">I", 0) + server_init(size)


def rectangle(rect: Rect, encoding: int, data: bytes = b"") -> bytes:
    return pack(">HHHHi", rect.x, rect.y, rect.width, rect.height, encoding) + data


def update(*rectangles: bytes, count: int | None = None) -> bytes:
    return pack(">BxH", 0, len(rectangles) if count is None else count) + b"".join(rectangles)


def colour_map(first: int, colours: Iterable[int]) -> bytes:
    """SetColourMapEntries for colours of 0xRRGGBB."""
    entries = [pack(">HHH", *(257 * level for level in int(colour).to_bytes(3, "big"))) for colour in colours]
    return pack(">BxHH", 1, first, len(entries)) + b"".join(entries)


def raw(pixels: Picture) -> bytes:
    return pixels.astype("<u4").tobytes()


def cpixels(pixels: Iterable[int]) -> bytes:
    return b"".join(int(pixel).to_bytes(3, "little") for pixel in pixels)


CPixels = Callable[[Iterable[int]], bytes]


def tpixels(pixels: Iterable[int]) -> bytes:
    return b"".join(int(pixel).to_bytes(3, "big") for pixel in pixels)


def runs(pixels: Picture) -> list[tuple[int, int]]:
    """The (colour, length) of each run, in reading order."""
    flat = pixels.ravel()
    starts = np.append(0, np.flatnonzero(np.diff(flat)) + 1)
    return list(zip(flat[starts].tolist(), np.diff(np.append(starts, flat.size)).tolist(), strict=True))


def run_length(length: int) -> bytes:
    return b"\xff" * ((length - 1) // 255) + bytes([(length - 1) % 255])


def packed(indices: np.ndarray, bits: int) -> bytes:
    """Rows of indices of `bits` bits, each row filled up to whole bytes."""
    out = b""
    for row in indices:
        text = "".join(f"{index:0{bits}b}" for index in row)
        text += "0" * (-len(text) % 8)
        out += int(text, 2).to_bytes(len(text) // 8, "big")
    return out


def tile_raw(tile: Picture, cpixels: CPixels = cpixels) -> bytes:
    return b"\0" + cpixels(tile.ravel())


def tile_solid(tile: Picture, cpixels: CPixels = cpixels) -> bytes:
    return b"\1" + cpixels(tile.ravel()[:1])


def tile_packed(tile: Picture, cpixels: CPixels = cpixels) -> bytes:
    palette, indices = np.unique(tile, return_inverse=True)
    count = max(2, len(palette))
    bits = 1 if count == 2 else 2 if count <= 4 else 4
    colours = cpixels(np.resize(palette, count))
    return bytes([count]) + colours + packed(indices.reshape(tile.shape), bits)


def tile_plain_rle(tile: Picture, cpixels: CPixels = cpixels) -> bytes:
    return b"\x80" + b"".join(cpixels([colour]) + run_length(length) for colour, length in runs(tile))


def tile_palette_rle(tile: Picture, cpixels: CPixels = cpixels) -> bytes:
    palette = np.unique(tile)
    count = max(2, len(palette))
    index = {int(colour): number for number, colour in enumerate(palette)}
    out = bytes([128 + count]) + cpixels(np.resize(palette, count))
    for colour, length in runs(tile):
        out += bytes([index[colour]]) if length == 1 else bytes([128 | index[colour]]) + run_length(length)
    return out


class ZrleEncoder:
    """ZRLE with the connection's zlib stream."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(1)

    def wrap(self, tiles: bytes) -> bytes:
        data = self._zlib.compress(tiles) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        return pack(">I", len(data)) + data

    def encode(self, pixels: Picture, tile: Callable[..., bytes], cpixels: CPixels = cpixels) -> bytes:
        height, width = pixels.shape
        grid = Grid(Size(width, height), 64)
        parts = [
            tile(pixels[grid.rect(row, column).slices], cpixels)
            for row in range(grid.rows)
            for column in range(grid.columns)
        ]
        return self.wrap(b"".join(parts))


def compact(length: int) -> bytes:
    if length < 1 << 7:
        return bytes([length])
    if length < 1 << 14:
        return bytes([length & 127 | 128, length >> 7])
    return bytes([length & 127 | 128, length >> 7 & 127 | 128, length >> 14])


class TightEncoder:
    """Tight with the connection's four zlib streams."""

    def __init__(self, tpixels: CPixels = tpixels) -> None:
        self._tpixels = tpixels
        self._zlib = [zlib.compressobj(1) for _ in range(4)]

    def _basic(self, stream: int, data: bytes) -> bytes:
        if len(data) < 12:
            return data
        compressor = self._zlib[stream]
        out = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        return compact(len(out)) + out

    def _control(self, stream: int, *, explicit: bool, reset: bool) -> bytes:
        if reset:
            self._zlib[stream] = zlib.compressobj(6)
        return bytes([(stream | 4 * explicit) << 4 | reset << stream])

    @staticmethod
    def fill(pixels: Picture) -> bytes:
        return b"\x80" + tpixels(pixels.ravel()[:1])

    @staticmethod
    def jpeg(pixels: Picture, quality: int = 90) -> bytes:
        ok, data = cv2.imencode(".jpg", to_bgr(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert ok
        return b"\x90" + compact(len(data)) + data.tobytes()

    def copy(self, pixels: Picture, stream: int = 0, *, explicit: bool = False, reset: bool = False) -> bytes:
        control = self._control(stream, explicit=explicit, reset=reset) + (b"\0" if explicit else b"")
        return control + self._basic(stream, self._tpixels(pixels.ravel()))

    def palette(self, pixels: Picture, stream: int = 1, *, reset: bool = False) -> bytes:
        palette, indices = np.unique(pixels, return_inverse=True)
        if len(palette) == 1:
            palette = np.resize(palette, 2)
        head = (
            self._control(stream, explicit=True, reset=reset)
            + b"\1"
            + bytes([len(palette) - 1])
            + self._tpixels(palette)
        )
        indices = indices.reshape(pixels.shape)
        return head + self._basic(stream, packed(indices, 1 if len(palette) == 2 else 8))

    def gradient(self, pixels: Picture, stream: int = 2, *, reset: bool = False) -> bytes:
        height, width = pixels.shape
        rgb = to_bgr(pixels)[:, :, ::-1].astype(np.int16)
        around = np.zeros((height + 1, width + 1, 3), dtype=np.int16)
        around[1:, 1:] = rgb
        foretold = np.clip(around[1:, :-1] + around[:-1, 1:] - around[:-1, :-1], 0, 255)
        differences = ((rgb - foretold) & 255).astype(np.uint8).tobytes()
        return self._control(stream, explicit=True, reset=reset) + b"\2" + self._basic(stream, differences)
