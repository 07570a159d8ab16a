"""Which resting tiles to fetch at full size next: the order, the budget, and what is under way.

Pure: it is told what changed and when, and answers with tiles. A tile is *due* when it has stood still, is not exact,
is not under way, and the policy wants it. Due text near the pointer comes first, then text in reading order; tiles of
one colour and tiles that are only likely are fetched when nothing else is due, since they cost little or can wait.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask, Rect
from edge.pixels import Picture
from edge.restore import texture

REST_S = 0.05
"""A tile that has not changed for so long stands still."""
CONFIRM_S = 10.0
"""A likely tile is confirmed only after so long: a blinking caret asks for nothing, nor does who scrolls on."""
LOST_S = 5.0
"""A request not answered for so long is asked again."""
NEAR_TILES = 6
"""Half of the side of the square around the pointer that comes first: the lines being read."""
FLAT_BYTES = 1.0
"""What a tile of one colour costs in a larger rectangle."""
PICTURE_BYTES = 2500.0
"""What a tile of a photograph costs in ZRLE: nearly its three bytes a pixel."""
WORTH_SHARE = 0.5
"""A rectangle grows by a strip of tiles if more than this share of what the strip costs is due."""
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
    ) -> tuple[Rect, float]:
        """Choose one rectangle that holds the first tile of `due` and as many more as `budget_bytes` allows.

        One, because x11vnc takes one message of a client in each turn of its loop, and a turn lasts 20 ms and more.
        `pointer` is its (row, column). Returns the rectangle in low-resolution pixels, whole tiles, which count as
        under way from now on, and its expected cost in bytes; an empty rectangle if nothing is due.
        """
        rows, columns = np.nonzero(due)
        if rows.size == 0:
            return Rect(0, 0, 0, 0), 0.0
        last = (likely | self._flat)[rows, columns]
        far = np.ones(rows.size, dtype=np.bool_)
        if pointer is not None:
            far = (abs(rows - pointer[0]) > NEAR_TILES) | (abs(columns - pointer[1]) > 2 * NEAR_TILES)
        first = np.lexsort((columns, rows, far, last))[0]
        tiles, cost = self._grown(int(rows[first]), int(columns[first]), due, budget_bytes)
        self._under_way[tiles] = True
        self._asked_at[tiles] = now
        return self._grid.rect(tiles[0].start, tiles[1].start, *(part.stop - part.start for part in tiles)), cost

    def _grown(self, row: int, column: int, due: Mask, budget_bytes: float) -> tuple[tuple[slice, slice], float]:
        """Grow the tile at (row, column) side by side, to where most is due for what it costs, up to the budget."""
        prices = np.where(self._pictures, PICTURE_BYTES, np.where(self._flat, FLAT_BYTES, self._tile_bytes))
        due_prices = prices * due
        top, bottom, left, right = row, row + 1, column, column + 1
        cost = float(prices[row, column])
        while True:
            sides: dict[tuple[int, int, int, int], tuple[slice | int, slice | int]] = {
                (top, bottom, left, right + 1): (slice(top, bottom), right),
                (top, bottom, left - 1, right): (slice(top, bottom), left - 1),
                (top, bottom + 1, left, right): (bottom, slice(left, right)),
                (top - 1, bottom, left, right): (top - 1, slice(left, right)),
            }
            best, best_share, best_price = None, WORTH_SHARE, 0.0
            for grown, strip in sides.items():
                if grown[0] < 0 or grown[2] < 0 or grown[1] > self._grid.rows or grown[3] > self._grid.columns:
                    continue
                price = float(prices[strip].sum())
                share = float(due_prices[strip].sum()) / price
                if share > best_share and cost + price <= budget_bytes:
                    best, best_share, best_price = grown, share, price
            if best is None:
                return (slice(top, bottom), slice(left, right)), cost
            top, bottom, left, right = best
            cost += best_price

    def fresh(self) -> Mask:
        """Return the tiles that have not changed since they were last asked for."""
        mask: Mask = self._changed_at <= self._asked_at
        return mask

    def forget_requests(self) -> None:
        """Note that nothing is under way any more: what was asked for will not come."""
        self._under_way[:] = False

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
