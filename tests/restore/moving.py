"""Native pictures of text, what the server makes of them, and what a hypothesis claims of them."""

from functools import cache

import cv2
import numpy as np

from edge.framebuffer.reduction import Reduction
from edge.geometry import Grid, Mask, Size
from edge.pixels import Picture, from_bgr
from edge.restore.memory import Hypothesis, Memory

NATIVE = Size(640, 480)
REDUCTION = Reduction(NATIVE, 4)
GRID = Grid(REDUCTION.low, 8)
ALL = GRID.mask(value=True)
TILE_PX = 32


@cache
def long_page(seed: int = 0) -> Picture:
    """A page of text, 1400 rows high and 1200 wide: every line differs."""
    page = np.full((1400, 1200, 3), 250, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    for line in range(63):
        words = "".join(chr(c) for c in rng.integers(33, 126, 110))
        cv2.putText(page, words, (4, 18 + 22 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    return from_bgr(page)


def at(page: Picture, top: int, left: int = 0) -> Picture:
    return page[top : top + NATIVE.height, left : left + NATIVE.width].copy()


def ruled(spacing: int, top: int, left: int) -> Picture:
    """A table without text: lines of one native pixel."""
    picture = np.full(NATIVE.shape, 0xFFFFFF, dtype=np.uint32)
    picture[top::spacing] = 0xC0C6CE
    picture[:, left :: 4 * spacing] = 0xC0C6CE
    return picture


def low_of(picture: Picture) -> Picture:
    return REDUCTION.reduce(picture, REDUCTION.low.rect)


def memory_of(*pictures: Picture, sharp: Mask = ALL) -> Memory:
    memory = Memory(NATIVE.shape, GRID, REDUCTION.reduce)
    for picture in pictures:
        memory.remember(picture, sharp, low_of(picture))
    return memory


def assert_true(found: list[Hypothesis], new: Picture) -> Mask:
    """Every tile of each hypothesis is the new picture's, pixel for pixel, and in no other; return all."""
    accepted = GRID.mask()
    for one in found:
        assert not (accepted & one.tiles).any()
        accepted |= one.tiles
        for row, column in np.argwhere(one.tiles):
            y, x = row * TILE_PX, column * TILE_PX
            top, left = y + one.offset.y, x + one.offset.x
            moved = one.picture[top : top + TILE_PX, left : left + TILE_PX]
            assert np.array_equal(moved, new[y : y + TILE_PX, x : x + TILE_PX])
    return accepted
