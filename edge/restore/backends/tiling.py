"""Covering a picture of any size with tiles of a few fixed sizes, each with a halo as wide as the network sees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edge.geometry import Rect, Size

CALL_PX = 4096
"""What it costs to call the runtime at all, in pixels of a tile: the smallest tile is then worth its call."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What the network is shown, `seen`, and the part of it that counts, `kept`; `seen` may end outside the picture."""

    seen: Rect
    kept: Rect


def cheapest(shapes: Iterable[Size], wanted: Size, halo_px: int, phase_px: int, cores: int) -> Size:
    """Choose of `shapes` the one whose tiles cover `wanted` soonest, with `cores` that work side by side.

    Where two take as long, the one with fewer pixels in all.
    """

    def cost(shape: Size) -> tuple[int, int]:
        step = inner(shape, halo_px, phase_px)
        count = -(-wanted.width // step.width) * -(-wanted.height // step.height)
        return -(-count // cores) * (shape.area + CALL_PX), count * shape.area

    return min(shapes, key=cost)


def inner(shape: Size, halo_px: int, phase_px: int) -> Size:
    """Return how much of a tile of `shape` counts: what is left within its halo, in whole steps of `phase_px`."""
    return Size(*((side - 2 * halo_px) // phase_px * phase_px for side in (shape.width, shape.height)))


def tiles(wanted: Rect, shape: Size, halo_px: int, phase_px: int) -> Iterator[Tile]:
    """Cover `wanted` with tiles of `shape`, in reading order; `wanted` begins on the network's grid of `phase_px`."""
    step = inner(shape, halo_px, phase_px)
    for y in range(wanted.y, wanted.bottom, step.height):
        for x in range(wanted.x, wanted.right, step.width):
            seen = Rect(x - halo_px, y - halo_px, shape.width, shape.height)
            yield Tile(seen, Rect(x, y, step.width, step.height) & wanted)
