"""Sizes, rectangles and tile grids, in whole pixels with the origin at the top left."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Size:
    """A width and a height in pixels."""

    width: int
    height: int

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def shape(self) -> tuple[int, int]:
        """The (height, width) of an array that holds it."""
        return (self.height, self.width)

    @property
    def rect(self) -> "Rect":
        """The rectangle of this size at the origin."""
        return Rect(0, 0, self.width, self.height)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle: its top left pixel and its size. A width or height of zero is an empty rectangle."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def size(self) -> Size:
        """Its width and height."""
        return Size(self.width, self.height)

    @property
    def slices(self) -> tuple[slice, slice]:
        """The (rows, columns) that cut it out of an array."""
        return (slice(self.y, self.bottom), slice(self.x, self.right))

    def __bool__(self) -> bool:
        return self.width > 0 and self.height > 0

    def __str__(self) -> str:
        return f"{self.width}x{self.height}+{self.x}+{self.y}"

    def __and__(self, other: "Rect") -> "Rect":
        """Return the part that both cover; empty where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Rect(x, y, max(0, min(self.right, other.right) - x), max(0, min(self.bottom, other.bottom) - y))

    def __or__(self, other: "Rect") -> "Rect":
        """Return the smallest rectangle around both; an empty one adds nothing."""
        if not self:
            return other
        if not other:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def __contains__(self, other: "Rect") -> bool:
        # One without pixels has no far side to be outside with.
        return (
            self.x <= other.x
            and self.y <= other.y
            and (not other.width or other.right <= self.right)
            and (not other.height or other.bottom <= self.bottom)
        )

    def moved(self, dx: int, dy: int) -> "Rect":
        """Return the same size, `dx` to the right and `dy` down."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, margin: int) -> "Rect":
        """Return it larger by `margin` pixels on each side."""
        return Rect(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def scaled(self, factor: int) -> "Rect":
        """Return the same rectangle in a coordinate system `factor` times as fine."""
        return Rect(self.x * factor, self.y * factor, self.width * factor, self.height * factor)


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture of `size` cut into square tiles of `tile_px`; the last row and column may be smaller.

    A *mask* is a bool array (rows, columns) with one element per tile.
    """

    size: Size
    tile_px: int

    @property
    def rows(self) -> int:
        """Number of rows of tiles."""
        return -(-self.size.height // self.tile_px)

    @property
    def columns(self) -> int:
        """Number of columns of tiles."""
        return -(-self.size.width // self.tile_px)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of a mask."""
        return (self.rows, self.columns)

    def mask(self, *, value: bool = False) -> Mask:
        """Make a mask with every tile set to `value`."""
        return np.full(self.shape, value, dtype=np.bool_)

    def touched(self, rect: Rect) -> tuple[slice, slice]:
        """Return the (rows, columns) of the tiles that `rect` touches, as an index into a mask."""
        rect = rect & self.size.rect
        if not rect:
            return (slice(0, 0), slice(0, 0))
        tile = self.tile_px
        return (
            slice(rect.y // tile, (rect.bottom - 1) // tile + 1),
            slice(rect.x // tile, (rect.right - 1) // tile + 1),
        )

    def covered(self, rect: Rect) -> tuple[slice, slice]:
        """Return the (rows, columns) of the tiles that lie wholly in `rect`, as an index into a mask."""
        rect = rect & self.size.rect
        if not rect:
            return (slice(0, 0), slice(0, 0))
        tile = self.tile_px
        bottom = self.rows if rect.bottom == self.size.height else rect.bottom // tile
        right = self.columns if rect.right == self.size.width else rect.right // tile
        top, left = -(-rect.y // tile), -(-rect.x // tile)
        return (slice(top, max(top, bottom)), slice(left, max(left, right)))

    def rect(self, row: int, column: int, rows: int = 1, columns: int = 1) -> Rect:
        """Return the pixels of `rows` x `columns` tiles from (row, column) on, cut at the picture's edge."""
        tile = self.tile_px
        return Rect(column * tile, row * tile, columns * tile, rows * tile) & self.size.rect

    def rectangles(self, mask: Mask) -> Iterator[Rect]:
        """Cover exactly the set tiles of `mask` with disjoint rectangles in reading order, tall where runs repeat."""
        left = mask.copy()
        for row in map(int, np.flatnonzero(mask.any(axis=1))):
            while left[row].any():
                column = int(np.argmax(left[row]))
                gap = np.flatnonzero(~left[row, column:])
                columns = int(gap[0]) if gap.size else self.columns - column
                run = left[row:, column : column + columns].all(axis=1)
                short = np.flatnonzero(~run)
                rows = int(short[0]) if short.size else self.rows - row
                left[row : row + rows, column : column + columns] = False
                yield self.rect(row, column, rows, columns)


def any_in_tiles(pixels: Mask, tile_px: int) -> Mask:
    """Return in which tiles of `tile_px` (rows, columns; the last cut short) any of `pixels` (height, width) is set."""
    height, width = pixels.shape
    rows, columns = -(-height // tile_px), -(-width // tile_px)
    whole = np.zeros((rows * tile_px, columns * tile_px), dtype=np.bool_)
    whole[:height, :width] = pixels
    # Ten times as fast as `reduceat`, which takes element by element.
    strips = np.asarray(whole.reshape(rows, tile_px, columns * tile_px).any(axis=1))
    return np.asarray(strips.reshape(rows, columns, tile_px).any(axis=2))
