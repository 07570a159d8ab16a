"""The encodings that came before Tight and ZRLE, and ZYWRLE, from pictures in any pixel format."""

import zlib
from struct import pack

import numpy as np

from edge.geometry import Grid, Size
from edge.pixels import Picture
from tests.rfb import encode
from tests.rfb.wire import Wire

SubRect = tuple[int, int, int, int, int]


def tiles(pixels: Picture, side: int) -> list[Picture]:
    height, width = pixels.shape
    grid = Grid(Size(width, height), side)
    return [pixels[grid.rect(row, column).slices] for row in range(grid.rows) for column in range(grid.columns)]


def subrects(pixels: Picture) -> tuple[int, list[SubRect]]:
    """The most frequent colour, and the others as (x, y, width, height, colour): runs, as long as rows repeat them."""
    colours, counts = np.unique(pixels, return_counts=True)
    background = int(colours[counts.argmax()])
    found: list[SubRect] = []
    above: dict[tuple[int, int, int], int] = {}
    for y, row in enumerate(pixels):
        x, here = 0, {}
        for colour, length in encode.runs(row):
            key = (x, length, colour)
            if colour != background:
                if key in above:
                    place = above[key]
                    left, top, width, height, _ = found[place]
                    found[place] = (left, top, width, height + 1, colour)
                else:
                    place = len(found)
                    found.append((x, y, length, 1, colour))
                here[key] = place
            x += length
        above = here
    return background, found


def rre_of(background: int, rectangles: list[SubRect], wire: Wire, form: str = ">HHHH") -> bytes:
    parts = [pack(">I", len(rectangles)), wire.pixel(background)]
    parts += [wire.pixel(colour) + pack(form, *place) for *place, colour in rectangles]
    return b"".join(parts)


def rre(pixels: Picture, wire: Wire) -> bytes:
    return rre_of(*subrects(pixels), wire)


def corre(pixels: Picture, wire: Wire) -> bytes:
    return rre_of(*subrects(pixels), wire, ">BBBB")


def hextile(pixels: Picture, wire: Wire) -> bytes:
    """Every kind of tile where it fits, with colours that are only sent where they change."""
    out = bytearray()
    last_background = last_foreground = None
    for tile in tiles(pixels, 16):
        background, found = subrects(tile)
        if len(found) > 40:
            out += b"\1" + wire.pixels(tile)
            continue
        head, flags = b"", 0
        if background != last_background:
            flags |= 2
            head += wire.pixel(background)
        last_background = background
        colours = {colour for *_, colour in found}
        if len(colours) == 1 and colours != {last_foreground}:
            flags |= 4
            [last_foreground] = colours
            head += wire.pixel(last_foreground)
        if found:
            flags |= 8 if len(colours) == 1 else 24
            head += bytes([len(found)])
        out += bytes([flags]) + head
        for x, y, width, height, colour in found:
            out += (wire.pixel(colour) if len(colours) > 1 else b"") + hextile_place(x, y, width, height)
    return bytes(out)


def hextile_place(x: int, y: int, width: int, height: int) -> bytes:
    return bytes([x << 4 | y, (width - 1) << 4 | height - 1])


class ZlibEncoder:
    """Zlib with the connection's stream."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(1)

    def wrap(self, data: bytes) -> bytes:
        deflated = self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        return pack(">I", len(deflated)) + deflated

    def encode(self, pixels: Picture, wire: Wire) -> bytes:
        return self.wrap(wire.pixels(pixels))


def trle(pixels: Picture, tile: object, wire: Wire) -> bytes:
    return b"".join(tile(part, wire.cpixels) for part in tiles(pixels, 16))


def haar(first: int, second: int) -> tuple[int, int]:
    """The mean and the detail of two signed bytes; of these again the bytes."""
    if (first < 0) != (second < 0):
        low, high = first + second, first
        if (low < 0) == (second < 0):
            high = -second
    else:
        low, high = second, first - second
        if (high < 0) == (first < 0):
            low = first
    return low, (high + 128) % 256 - 128


def wavelets(plane: np.ndarray, level: int) -> np.ndarray:
    """All levels of the transform of one plane of signed bytes, one pair at a time; its coefficients in order."""
    out = plane.copy()
    height, width = out.shape
    for step in range(level):
        half, whole = 1 << step, 2 << step
        for y in range(0, height, half):
            for x in range(0, width, whole):
                out[y, x], out[y, x + half] = haar(int(out[y, x]), int(out[y, x + half]))
        for x in range(0, width, half):
            for y in range(0, height, whole):
                out[y, x], out[y + half, x] = haar(int(out[y, x]), int(out[y + half, x]))
    parts = []
    for step in range(level):
        half, whole = 1 << step, 2 << step
        parts += [out[half::whole, half::whole], out[half::whole, ::whole], out[::whole, half::whole]]
    return np.concatenate([part.ravel() for part in [*parts, out[:: 1 << level, :: 1 << level]]])


def zywrle_tile(tile: Picture, level: int, bits: tuple[int, int, int] = (8, 8, 8)) -> list[int]:
    """A tile's pixels as a list of numbers: coefficients, then what no block of the last level reaches, as it is."""
    height, width = (side >> level << level for side in tile.shape)
    colours = np.stack([tile >> shift & 255 for shift in (16, 8, 0)]).astype(int)
    for plane, kept in enumerate(bits):
        colours[plane] &= 256 - (1 << 8 - kept)
    shifts = (bits[1] + bits[2], bits[2], 0)
    whole = sum(plane >> 8 - kept << shift for plane, kept, shift in zip(colours, bits, shifts, strict=True))
    if not height or not width:
        return list(whole.ravel().tolist())
    red, green, blue = colours[:, :height, :width]
    numbers = np.zeros(height * width, dtype=int)
    planes = ((red - green) // 2, (red + 2 * green + blue) // 4 - 128, (blue - green) // 2)
    for plane, kept, shift in zip(planes, bits, shifts, strict=True):
        step = 1 << 8 - kept
        coefficients = wavelets(np.maximum(plane // step * step, step - 128), level)
        numbers |= (coefficients & 255) >> 8 - kept << shift
    strips = (whole[:height, width:], whole[height:, :width], whole[height:, width:])
    return [*numbers.tolist(), *(number for strip in strips for number in strip.ravel().tolist())]
