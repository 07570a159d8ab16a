"""Which resting tiles to fetch at full size next: the order, the budget, and what is under way.

Pure: it is told what changed and when, and answers with tiles. A tile is *due* when it has stood still, is not exact,
is not under way, and the policy wants it. Due text near the pointer comes first, then text in reading order; tiles of
one colour and tiles that are only likely are fetched when nothing else is due, since they cost little or can wait.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask
from edge.pixels import Picture
from edge.restore import texture

REST_S = 0.05
"""A tile that has not changed for so long stands still."""
CONFIRM_S = 2.0
"""A likely tile is confirmed only after so long, so that a blinking caret never asks for anything."""
LOST_S = 5.0
"""A request not answered for so long is asked again."""
NEAR_TILES = 6
"""Half of the side of the square around the pointer that comes first: the lines being read."""
FLAT_BYTES = 1.0
"""What a tile of one colour costs in a larger rectangle."""
FIRST_GUESS_BYTES = 220.0
"""What a tile of text costs in ZRLE before any was measured; a page of Latin and Korean at 15 to 17 px."""


class SharpenPolicy(StrEnum):
    """What is fetched at full size once it rests."""

    OFF = "off"
    TEXT = "text"
    """Everything but pictures."""
    ALL = "all"


class Sharpener:
    """The state of sharpening over the tiles of `grid`; times are seconds of any one clock."""

    def __init__(self, grid: Grid, policy: SharpenPolicy) -> None:
        self.policy = policy
        self._grid = grid
        self._changed_at: NDArray[np.float64] = np.full(grid.shape, np.inf)  # never seen: never due
        self._asked_at: NDArray[np.float64] = np.full(grid.shape, -np.inf)
        self._under_way = grid.mask()
        self._pictures = grid.mask()
        self._flat = grid.mask(value=True)
        self._tile_bytes = FIRST_GUESS_BYTES

    def changed(self, tiles: Mask, low: Picture, now: float) -> None:
        """Note that `tiles` now show something else; `low` is the whole low-resolution picture."""
        self._changed_at[tiles] = now
        self._pictures = texture.pictures(low, self._grid)
        self._flat = texture.flat(low, self._grid)

    def wanted(self, exact: Mask) -> Mask:
        """Return the tiles that the policy wants exact and that are not."""
        if self.policy is SharpenPolicy.OFF:
            return self._grid.mask()
        if self.policy is SharpenPolicy.ALL:
            return ~exact
        return ~exact & ~self._pictures

    def text(self) -> Mask:
        """Return the tiles taken for text: neither a picture nor of one colour."""
        return ~self._pictures & ~self._flat

    def due(self, exact: Mask, likely: Mask, now: float) -> Mask:
        """Return the tiles that may be asked for now."""
        self._under_way &= self._asked_at > now - LOST_S
        still = self._changed_at <= now - np.where(likely, CONFIRM_S, REST_S)
        return self.wanted(exact) & still & ~self._under_way

    def next_due_at(self, exact: Mask, likely: Mask, now: float) -> float | None:
        """Return when the next tile comes due, `now` if one is; None if nothing is wanted."""
        waiting = self.wanted(exact)
        if not waiting.any():
            return None
        at = self._changed_at + np.where(likely, CONFIRM_S, REST_S)
        at = np.where(self._under_way, np.maximum(at, self._asked_at + LOST_S), at)
        soonest = float(at[waiting].min())
        return None if np.isinf(soonest) else max(now, soonest)

    def choose(
        self, due: Mask, likely: Mask, pointer: tuple[int, int] | None, budget_bytes: float, now: float
    ) -> tuple[Mask, float]:
        """Choose from `due` what fits `budget_bytes`, at least one tile; `pointer` is its (row, column).

        Returns the tiles, which count as under way from now on, and what they are expected to cost.
        """
        rows, columns = np.nonzero(due)
        if rows.size == 0:
            return self._grid.mask(), 0.0
        last = (likely | self._flat)[rows, columns]
        far = np.ones(rows.size, dtype=np.bool_)
        if pointer is not None:
            far = (abs(rows - pointer[0]) > NEAR_TILES) | (abs(columns - pointer[1]) > 2 * NEAR_TILES)
        order = np.lexsort((columns, rows, far, last))
        cost = np.where(self._flat[rows, columns], FLAT_BYTES, self._tile_bytes)[order].cumsum()
        count = max(1, int(np.searchsorted(cost, budget_bytes, side="right")))
        picked = order[:count]
        chosen = self._grid.mask()
        chosen[rows[picked], columns[picked]] = True
        self._under_way |= chosen
        self._asked_at[chosen] = now
        return chosen, float(cost[count - 1])

    def fresh(self) -> Mask:
        """Return the tiles that have not changed since they were last asked for."""
        mask: Mask = self._changed_at <= self._asked_at
        return mask

    def arrived(self, tiles: Mask) -> None:
        """Note that the server has answered for `tiles`, whatever with."""
        self._under_way &= ~tiles

    def learn(self, textured_tiles: int, wire_bytes: int) -> None:
        """Note what `textured_tiles` tiles not of one colour cost on the wire."""
        if textured_tiles >= 4:
            weight = min(0.5, textured_tiles / 512)
            self._tile_bytes += weight * (max(16.0, wire_bytes / textured_tiles) - self._tile_bytes)

    def textured(self, tiles: Mask) -> int:
        """Return how many of `tiles` are not of one colour."""
        return int(np.count_nonzero(tiles & ~self._flat))

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way.any()
