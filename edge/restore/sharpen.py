"""Which resting tiles to fetch at full size next, and what is under way.

Pure: it is told what changed and when, and answers with tiles. A tile is *due* when it has stood still, is not exact,
is not under way, and the policy wants it. What is due is fetched by rank: text, then what is of one colour, then
pictures, then what is only likely, which is confirmed now and then and never in a hurry. Within a rank a score in rows
of tiles decides: reading order, brought forward near the pointer and the caret, with age and with company.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask, Rect
from edge.pixels import Picture
from edge.restore import texture

REST_S = 0.05
"""A tile that has not changed for so long stands still."""
MOST_IN_VAIN = 3
"""A tile that has changed again each time it was asked for must stand still for twice as long each time, up to this.

A film's border, which may hold letters, is then left alone at three pictures a second; what is typed soon is not."""
IN_VAIN_S = 1.0
"""A change after a longer rest says nothing of the next."""
IDLE_S = 1.0
"""By the policy `reading`, what is far from pointer and caret waits until nothing has changed for so long."""
CONFIRM_S = 10.0
"""A likely tile is confirmed only after so long: a blinking caret asks for nothing, nor does who scrolls on."""
CONFIRM_EVERY_S = 1.0
"""Confirmations are at least so far apart."""
CONFIRM_BYTES = 6_000.0
"""What one confirmation may cost: at most 50 kbit/s go into what is mostly known."""
LOST_S = 5.0
"""A request not answered for so long is asked again."""
NEAR_ROWS, NEAR_COLUMNS = 6, 12
"""What is no further from pointer or caret is being read."""
NEAR_SCORE = 200.0
"""What is being read comes before all else of its rank; the nearer, the earlier."""
AGE_SCORE = 8.0
"""Rows that a second of rest brings a tile forward, so that nothing waits for ever below what keeps changing."""
COMPANY_SCORE = 4.0
"""Rows that a tile surrounded by others that are due is brought forward: one rectangle takes in all of them."""
FLAT_REST_S = 0.4
"""Nothing is fetched for tiles of one colour alone before they have rested so long: they cost nothing only if they do
not change meanwhile."""
FRESH_FLAT_EACH = 3
"""No more of them come with each other tile due: a window that opens is blank before it is filled."""
FLAT_BYTES = 1.0
"""What a tile of one colour costs in a larger rectangle."""
PICTURE_BYTES = 2500.0
"""What a tile of a photograph costs in ZRLE: nearly its three bytes a pixel."""
WORTH_SHARE = 0.5
"""A rectangle grows by a strip of tiles if more than this share of what the strip costs is due."""
FIRST_GUESS_BYTES = 220.0
"""What a tile of text costs in ZRLE before any was measured; a page of Latin and Korean at 15 to 17 px."""
LEAST_PROVEN = 4
"""Of the eight tiles around one, how many must have come as pictures for it to be taken for a picture unseen."""
RANK_SCORE = 10_000.0


class SharpenPolicy(StrEnum):
    """What is fetched at full size once it rests."""

    OFF = "off"
    TEXT = "text"
    """Everything but pictures."""
    READING = "reading"
    """The same, but what is far from pointer and caret only when nothing else happens."""
    ALL = "all"
    """Pictures too, in the end."""


Place = tuple[int, int]
"""Row and column of a tile."""


@dataclass(frozen=True, slots=True)
class _Request:
    tiles: tuple[slice, slice]
    cost: float
    asked_at: float


class Sharpener:
    """The state of sharpening over the tiles of `grid`; times are seconds of any one clock."""

    def __init__(self, grid: Grid, policy: SharpenPolicy) -> None:
        self.policy = policy
        self._grid = grid
        self._changed_at: NDArray[np.float64] = np.full(grid.shape, np.inf)  # never seen: never due
        self._last_change = -np.inf
        self._asked_at: NDArray[np.float64] = np.full(grid.shape, -np.inf)
        self._confirmed_at = -np.inf
        self._in_vain: NDArray[np.uint8] = np.zeros(grid.shape, dtype=np.uint8)
        self._under_way = grid.mask()
        self._requests: list[_Request] = []
        """Those of which a tile is under way, in order."""
        self._pictures_seen = grid.mask()
        self._proven_pictures = grid.mask()
        self._flat_seen = grid.mask(value=True)
        self.owed = grid.mask()
        """Tiles drawn from evidence that is wrong: by any policy, only full size shows them."""
        self._unseen: Picture | None = None
        """The low-resolution picture, where it has changed since text was told from pictures,"""
        self._unseen_tiles = grid.mask()
        """and the tiles that have."""
        self._near = grid.mask()
        self._closeness: NDArray[np.float64] = np.zeros(grid.shape)
        self._reading_order = np.arange(grid.rows)[:, None] + np.arange(grid.columns)[None, :] / grid.columns
        self._tile_bytes = FIRST_GUESS_BYTES

    def changed(self, tiles: Mask, low: Picture, now: float) -> None:
        """Note that `tiles` now show something else; `low` is the whole low-resolution picture."""
        before = self._changed_at
        again = now - before < IN_VAIN_S
        self._in_vain[tiles & ~again] = 0
        self._in_vain[tiles & again & (self._asked_at > before) & (self._in_vain < MOST_IN_VAIN)] += 1
        self._changed_at[tiles] = now
        self._last_change = now
        self._proven_pictures &= ~tiles
        self._unseen = low
        self._unseen_tiles |= tiles

    def drawn_again(self, tiles: Mask, now: float) -> None:
        """Note that likely `tiles` were sent again, and show the same: they are confirmed once they have rested."""
        self._changed_at[tiles] = now

    def owe(self, tiles: Mask) -> None:
        """Note that `tiles` were drawn from evidence that is wrong."""
        self.owed |= tiles

    def settle(self, exact: Mask) -> Mask:
        """Return which of the tiles owed have become `exact`: they are owed no longer."""
        settled = self.owed & exact
        self.owed &= ~exact
        return settled

    def proven(self, tiles: Mask, pictures: Mask) -> None:
        """Note which of `tiles` were seen at full size to be pictures: what lies among these is one too."""
        self._proven_pictures[tiles] = pictures[tiles]
        self._heed_proof()

    def _see(self) -> None:
        """Tell text from pictures, once after a change and no sooner than it matters: an echo does not wait for it."""
        if self._unseen is not None:
            self._pictures_seen, self._flat_seen = texture.pictures_and_flat(self._unseen, self._grid)
            self._unseen = None
            self._unseen_tiles[:] = False
            self._heed_proof()

    def _heed_proof(self) -> None:
        proven = self._proven_pictures
        if proven.any():
            around = cv2.boxFilter(proven.view(np.uint8), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
            self._pictures_seen |= proven | (around >= LEAST_PROVEN)

    def look_at(self, *places: Place) -> None:
        """Note where pointer and caret are: what is near them is being read."""
        self._closeness = np.zeros(self._grid.shape)
        rows, columns = np.arange(self._grid.rows)[:, None], np.arange(self._grid.columns)[None, :]
        for row, column in places:
            away = np.maximum(abs(rows - row) / NEAR_ROWS, abs(columns - column) / NEAR_COLUMNS)
            self._closeness = np.maximum(self._closeness, np.where(away <= 1, 2 - away, 0.0))
        self._near = self._closeness > 0

    def wanted(self, exact: Mask) -> Mask:
        """Return the tiles that the policy wants exact, and those owed, that are not."""
        match self.policy:
            case SharpenPolicy.OFF:
                chosen = self._grid.mask()
            case SharpenPolicy.ALL:
                chosen = ~exact
            case SharpenPolicy.TEXT | SharpenPolicy.READING:
                chosen = ~exact & ~self.pictures
            case _:
                assert_never(self.policy)
        return chosen | self.owed & ~exact

    @property
    def pictures(self) -> Mask:
        """The tiles taken for pictures."""
        self._see()
        return self._pictures_seen

    @property
    def _flat(self) -> Mask:
        self._see()
        return self._flat_seen

    def text(self) -> Mask:
        """Return the tiles taken for text: neither a picture nor of one colour."""
        return ~self.pictures & ~self._flat

    def due(self, exact: Mask, likely: Mask, now: float) -> Mask:
        """Return the tiles that may be asked for now."""
        self._note_answered(self._asked_at <= now - LOST_S)
        return self.wanted(exact) & ~self._under_way & (self._due_at(likely) <= now)

    def next_due_at(self, exact: Mask, likely: Mask, now: float) -> float | None:
        """Return when the next tile comes due, `now` if one is; None if nothing is wanted."""
        at = self._due_at(likely)
        at = np.where(self._under_way, np.maximum(at, self._asked_at + LOST_S), at)
        if self._unseen is not None:
            # What has changed may be text; until it has rested there is no need to know.
            may_be_wanted = ~exact & (~self._pictures_seen | self._unseen_tiles | self.owed)
            soonest = float(at[may_be_wanted].min(initial=np.inf))
            if soonest > now:
                return None if np.isinf(soonest) else soonest
        soonest = float(at[self.wanted(exact)].min(initial=np.inf))
        return None if np.isinf(soonest) else max(now, soonest)

    def _due_at(self, likely: Mask) -> NDArray[np.float64]:
        """When each tile has rested for long enough."""
        likely = likely & ~self.owed
        at = self._changed_at + REST_S * (1 << self._in_vain)
        if self.policy is SharpenPolicy.READING:
            at = np.where(self._near, at, np.maximum(at, self._last_change + IDLE_S))
        confirm_at = np.maximum(self._changed_at + CONFIRM_S, self._confirmed_at + CONFIRM_EVERY_S)
        due_at: NDArray[np.float64] = np.where(likely, confirm_at, at)
        return due_at

    def choose(self, due: Mask, likely: Mask, budget_bytes: float, now: float) -> tuple[Rect, float]:
        """Choose one rectangle that holds the first tile of `due` and as many more as `budget_bytes` allows.

        One, because x11vnc takes one message of a client in each turn of its loop, and a turn lasts 20 ms and more.
        Returns the rectangle in low-resolution pixels, whole tiles, which count as under way from now on, and its
        expected cost in bytes; an empty rectangle if nothing is due.
        """
        if not due.any():
            return Rect(0, 0, 0, 0), 0.0
        likely = likely & ~self.owed
        score = np.where(due, self._score(due, likely, now), np.inf)
        row, column = divmod(int(np.argmin(score)), self._grid.columns)
        if self._flat[row, column] and now < self._changed_at[row, column] + FLAT_REST_S:
            return Rect(0, 0, 0, 0), 0.0
        if likely[row, column]:
            self._confirmed_at = now
            budget_bytes = min(budget_bytes, CONFIRM_BYTES)
        else:
            due = due & ~likely
        tiles, cost = self._grown(row, column, due, budget_bytes, now)
        self._under_way[tiles] = True
        self._asked_at[tiles] = now
        self._requests.append(_Request(tiles, cost, now))
        return self._grid.rect(tiles[0].start, tiles[1].start, *(part.stop - part.start for part in tiles)), cost

    def _score(self, due: Mask, likely: Mask, now: float) -> NDArray[np.float64]:
        """Rate the tiles: the least is fetched first."""
        rank = np.where(likely, 3.0, np.where(self.pictures, 2.0, np.where(self._flat, 1.0, 0.0)))
        company = cv2.blur(due.astype(np.float64), (3, 3), borderType=cv2.BORDER_CONSTANT)
        age = np.clip(now - self._changed_at, 0.0, LOST_S)
        score: NDArray[np.float64] = (
            RANK_SCORE * rank
            - NEAR_SCORE * self._closeness
            + self._reading_order
            - AGE_SCORE * age
            - COMPANY_SCORE * company
        )
        return score

    def _grown(
        self, row: int, column: int, due: Mask, budget_bytes: float, now: float
    ) -> tuple[tuple[slice, slice], float]:
        """Grow the tile at (row, column) side by side, to where most is due for what it costs, up to the budget."""
        prices = np.where(self.pictures, PICTURE_BYTES, np.where(self._flat, FLAT_BYTES, self._tile_bytes))
        due_prices = prices * due
        telling = due & ~self._flat
        fresh_flat = self._flat & (now < self._changed_at + FLAT_REST_S)
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
                if np.count_nonzero(fresh_flat[strip]) > FRESH_FLAT_EACH * np.count_nonzero(telling[strip]):
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
        self._note_answered(self._under_way)

    def arrived(self, tiles: Mask) -> None:
        """Note that the server has answered for `tiles`, whatever with."""
        self._note_answered(tiles)

    def _note_answered(self, tiles: Mask) -> None:
        self._under_way &= ~tiles
        # The server answers several at once, or one in parts.
        self._requests = [request for request in self._requests if self._under_way[request.tiles].any()]

    def learn(self, textured_tiles: int, wire_bytes: int) -> None:
        """Note what `textured_tiles` tiles not of one colour cost on the wire."""
        if textured_tiles >= 4:
            weight = min(0.5, textured_tiles / 512)
            self._tile_bytes += weight * (max(16.0, wire_bytes / textured_tiles) - self._tile_bytes)

    def textured(self, tiles: Mask) -> int:
        """Return how many of `tiles` are not of one colour."""
        return int(np.count_nonzero(tiles & ~self._flat))

    @property
    def unanswered(self) -> int:
        """How many requests are under way."""
        return len(self._requests)

    @property
    def expected_bytes(self) -> float:
        """What the requests under way are expected to cost."""
        return sum(request.cost for request in self._requests)

    @property
    def asked_at(self) -> float | None:
        """When the oldest request under way was made."""
        return self._requests[0].asked_at if self._requests else None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way.any()
