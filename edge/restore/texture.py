"""Text or picture? Decided from the low-resolution evidence, and from what came at full size.

What a desktop draws (text, lines, buttons) stands on a background of one colour: a pixel equals its neighbour, or is
far from it. In a photograph most neighbours differ by a little, even in a sky and after the evidence was rounded to
RGB565. The error that matters is to take text for a picture, so the thresholds are on the safe side of it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask, any_in_tiles
from edge.pixels import Picture

STEP = 9
"""Levels of one step of RGB565's red and blue, rounded up."""
SMALL_ABOVE = 0.2
"""Share of neighbours that differ by one step at most, above which a tile is a picture.

Measured over text pages, one tile in a thousand of text has more; of eight photographs, one tile in thirty has less.
"""
EQUAL_BELOW = 0.1
"""Share of equal neighbours below which it is one too: busy pictures."""
LEAST_TILES = 12
"""What has fewer tiles is an icon or the soft edge of a button, and cheap."""
LEAST_SIDE_TILES = 3
"""What is narrower may be a line of text in a card whose ground is nearly that of the page, and is cheap too."""
EDGE = 26
"""Levels between neighbours that make an edge, as of a letter or of a picture's border."""
EDGES_FROM = 0.06
"""Share of pixels at an edge from which on a tile beside paper may hold letters: half of a straight border's."""
LETTERS_FROM = 0.25
"""Share of pixels at an edge that letters have, and one tile in a hundred of a photograph that is not all leaves."""
PAPER_FROM = 0.08
"""Share of equal neighbours that the closest lines of letters leave, and leaves do not."""
LETTERED_SHARE = 0.2
"""Of the tiles that look like a picture and hang together, the share with both that makes them text: small letters in
close lines, or a card, whose border and letters have small differences beside the large ones."""
PICTURE_BELOW = 0.45
"""The same at full size, where text leaves most pixels of its background alone."""

Shares = NDArray[np.float32]
Levels = NDArray[np.uint8]


def pictures(low: Picture, grid: Grid) -> Mask:
    """Return the tiles that look like a photograph rather than like text or controls."""
    return pictures_and_flat(low, grid)[0]


def pictures_and_flat(low: Picture, grid: Grid) -> tuple[Mask, Mask]:
    """Return what `pictures` and `flat` do, at the cost of one look."""
    right, down = _differences(low)
    of_one_colour = _of_one_colour(right, down, grid)
    small = _share((right > 0) & (right <= STEP), (down > 0) & (down <= STEP), grid)
    equal = _share(right == 0, down == 0, grid)
    edges = _tile_means(((right > EDGE) | (down > EDGE)).view(np.uint8), grid)
    alike = ((_with_around(small) > SMALL_ABOVE) | (_with_around(equal) < EQUAL_BELOW)).view(np.uint8)
    _, number_of, figures, _ = cv2.connectedComponentsWithStats(alike, connectivity=4)
    sides = np.minimum(figures[:, cv2.CC_STAT_WIDTH], figures[:, cv2.CC_STAT_HEIGHT])
    large = (figures[:, cv2.CC_STAT_AREA] >= LEAST_TILES) & (sides >= LEAST_SIDE_TILES)
    large[0] = False  # what is alike nothing
    lettered = (edges >= LETTERS_FROM) & (equal >= PAPER_FROM)
    large &= np.bincount(number_of[lettered], minlength=large.size) < LETTERED_SHARE * figures[:, cv2.CC_STAT_AREA]
    mask: Mask = large[number_of] & ~_mixed(edges, of_one_colour)
    return mask, of_one_colour


def _mixed(edges: Shares, paper: Mask) -> Mask:
    """Return the tiles at the border of `paper`, of one colour, which may hold letters beside a part of a picture."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    beside = cv2.dilate(paper.view(np.uint8), cross).view(np.bool_)
    mask: Mask = beside & (edges >= EDGES_FROM)
    return mask


def pictures_at_full_size(native: Picture, tile_px: int) -> Mask:
    """Return which of the tiles of `tile_px` native pixels, from the top left on, are parts of photographs."""
    equal = np.ones(native.shape, dtype=np.float32)
    equal[:, 1:] = native[:, 1:] == native[:, :-1]
    rows, columns = (np.arange(0, side, tile_px) for side in native.shape)
    sums = np.add.reduceat(np.add.reduceat(equal, rows, axis=0), columns, axis=1)
    heights, widths = (np.diff(np.append(at, side)) for at, side in zip((rows, columns), native.shape, strict=True))
    mask: Mask = sums < PICTURE_BELOW * heights[:, None] * widths[None, :]
    return mask


def flat(low: Picture, grid: Grid) -> Mask:
    """Return the tiles of one colour: restored they are nearly right already, and fetched they cost next to nothing."""
    return _of_one_colour(*_differences(low), grid)


def _of_one_colour(right: Levels, down: Levels, grid: Grid) -> Mask:
    return ~any_in_tiles((right | down) > 0, grid.tile_px)


def _differences(low: Picture) -> tuple[Levels, Levels]:
    """Take how far each pixel is from the one before it in its row and in its column, in the channel of the most."""
    right, down = (np.zeros(low.shape, dtype=np.uint8) for _ in range(2))
    for levels in cv2.split(np.ascontiguousarray(low).view(np.uint8).reshape(*low.shape, 4))[:3]:
        right[:, 1:] = cv2.max(right[:, 1:], cv2.absdiff(levels[:, 1:], levels[:, :-1]))
        down[1:] = cv2.max(down[1:], cv2.absdiff(levels[1:], levels[:-1]))
    right[:, :1], down[:1] = right[:, 1:2], down[1:2]
    return right, down


def _share(across: Mask, along: Mask, grid: Grid) -> Shares:
    """Mean two masks over the pixels in each tile."""
    return _tile_means(across.view(np.uint8) + along.view(np.uint8), grid) / np.float32(2)


def _with_around(own: Shares) -> Shares:
    """Mean each tile's share with that of the tiles around."""
    around = np.asarray(cv2.blur(own, (3, 3), borderType=cv2.BORDER_REPLICATE), dtype=np.float32)
    return (own + around) / np.float32(2)


def _tile_means(values: Levels, grid: Grid) -> Shares:
    """Mean of `values` (the grid's size) in each tile; edge tiles as if their last pixels went on."""
    down, right = (-side % grid.tile_px for side in values.shape)
    padded = cv2.copyMakeBorder(values, 0, down, 0, right, cv2.BORDER_REPLICATE).astype(np.float32)
    means = cv2.resize(padded, (grid.columns, grid.rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means, dtype=np.float32)
