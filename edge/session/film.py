"""While a part of the picture plays like film, low-resolution updates are coded lossily; at rest they are exact again.

Pure. A tile plays if it is a picture and is drawn anew several times a second. Text is never taken for film, but what
changes beside one travels with it, so all that was drawn meanwhile is asked for again, losing nothing, when it ends.
"""

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Grid, Mask

LEAST_TILES = 48
"""A film of 256x192 native pixels; what is smaller costs little as it is."""
PLAYS_TIMES = 4
"""Drawn so often, each time no later than `STILL_S` after the last, a picture plays."""
STILL_S = 0.5
"""A film that shows nothing new for so long has ended, or was stopped."""


class Film:
    """Takes note of updates over the tiles of `grid`; times are seconds of any one clock."""

    def __init__(self, grid: Grid) -> None:
        self.playing = False
        self._times: NDArray[np.uint16] = np.zeros(grid.shape, dtype=np.uint16)
        self._drawn_at: NDArray[np.float64] = np.full(grid.shape, -np.inf)
        self._inexact = grid.mask()

    def updated(self, drawn: Mask, pictures: Mask, now: float) -> bool:
        """Note an update that drew the tiles `drawn`; return whether it is time to code lossily."""
        if self.playing:
            self._inexact |= drawn
        going_on = drawn & pictures & (self._drawn_at > now - STILL_S)
        self._times[drawn & ~going_on] = 0
        self._times[going_on] += 1
        self._drawn_at[drawn] = now
        if self.playing or np.count_nonzero(self._times >= PLAYS_TIMES) < LEAST_TILES:
            return False
        self.playing = True
        return True

    def ended(self, now: float) -> Mask | None:
        """Return the tiles to ask for again once the film has ended; None while it goes on, or where there was none."""
        plays = (self._times >= PLAYS_TIMES) & (self._drawn_at > now - STILL_S)
        if not self.playing or plays.any():
            return None
        self.playing = False
        self._times[:] = 0
        inexact, self._inexact = self._inexact, np.zeros_like(self._inexact)
        return inexact
