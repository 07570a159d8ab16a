"""Low resolution to fourfold: a backend guesses the residual, everything that must hold is done here, outside of it."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import cv2
import numpy as np

from edge.errors import UpscalerError
from edge.geometry import Rect, Size
from edge.pixels import Bgr, Picture, to_bgr
from edge.restore.consistency import Residual, consistent_bands
from edge.restore.shuffle import BLOCK_CHANNELS, SCALE, shuffle, to_picture

# A backend is given at most this many rows at once, so that its memory stays small for pictures of any size: half of
# a 1080p frame, whose halo then costs a tenth more time.
_STRIPE_ROWS = 144
_CALLS_KEPT = 4096

_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What restores: a network on some processor, or none at all.

    `halo_px` is how many low-resolution pixels on each side its output depends on. `phase_px` is the grid that it
    works on: a crop gives the whole picture's result only if it begins at a multiple of it. A backend with fixed tile
    shapes cuts what it is given into them itself.
    """

    name: str
    halo_px: int
    phase_px: int

    def residual(self, lr: Bgr) -> Residual:
        """Guess the difference from the nearest-neighbour anchor.

        `lr` is BGR bytes (height, width, 3); the result int8 (height, width, 48) in units of 2 grey levels, its
        channels laid out as blocks are (see `edge.restore.shuffle`). Only what is `halo_px` or more away from the edge
        of `lr` counts. Raises `UpscalerError` where the runtime fails.
        """

    def close(self) -> None:
        """Give memory and devices back, without waiting for what hangs; nothing may be called afterwards."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A backend that was given up, and why."""

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"{self.backend}: {self.reason}"


class Upscaler:
    """Restores pictures fourfold by `backend`; the mean of each 4x4 block of the output is the received pixel, exactly.

    A backend that fails is replaced for good by the next of `successors`, which does the same part again; `failures`
    holds those that were. Calls from several threads take their turns. `calls_ms` holds the durations of the last calls
    in milliseconds, by `clock` (seconds).
    """

    scale = SCALE

    def __init__(
        self,
        backend: Backend,
        clock: Callable[[], float] = time.perf_counter,
        successors: Iterable[Backend] = (),
    ) -> None:
        self.backend = backend
        self.failures: tuple[Failure, ...] = ()
        self.calls_ms: deque[float] = deque(maxlen=_CALLS_KEPT)
        self._clock = clock
        self._successors = iter(successors)
        # Who stopped waiting for a call, for a desktop has another size now, makes the next while that still goes on.
        self._turn = Lock()

    def upscale(self, lr: Picture) -> Picture:
        """Restore a whole picture (height, width) to (4 * height, 4 * width)."""
        return self.restore(lr, Rect(0, 0, lr.shape[1], lr.shape[0]))

    def restore(self, lr: Picture, rect: Rect) -> Picture:
        """Restore the pixels of `rect` out of the low-resolution picture `lr` (height, width).

        The result, (4 * rect.height, 4 * rect.width), is bit for bit what `upscale` gives there: the backend sees its
        halo around them, and beyond the picture its edge repeated. Raises `UpscalerError` for an empty rectangle or
        one that is not wholly in the picture, and where the last backend fails.
        """
        picture = Size(lr.shape[1], lr.shape[0])
        if not rect or rect not in picture.rect:
            raise UpscalerError(f"rectangle {rect} does not lie in the low-resolution picture of {picture}")
        with self._turn:
            started = self._clock()
            out = np.empty(rect.scaled(SCALE).size.shape, dtype=np.uint32)
            for top in range(0, rect.height, _STRIPE_ROWS):
                stripe = Rect(rect.x, rect.y + top, rect.width, min(_STRIPE_ROWS, rect.height - top))
                self._restore_stripe(lr, stripe, out[SCALE * top :][: SCALE * stripe.height])
            self.calls_ms.append(1000 * (self._clock() - started))
        return out

    def close(self) -> None:
        """Close the backend."""
        self.backend.close()

    def _restore_stripe(self, lr: Picture, rect: Rect, out: Picture) -> None:
        seen, inner, guess = self._guessed(lr, rect)
        for rows, blocks in consistent_bands(seen[inner.slices], guess[inner.slices]):
            to_picture(shuffle(blocks), out[SCALE * rows.start : SCALE * rows.stop])

    def _guessed(self, lr: Picture, rect: Rect) -> tuple[Bgr, Rect, Residual]:
        """Return what a backend was shown for `rect`, where `rect` lies in it, and its residual."""
        while True:
            seen, inner = self._with_halo(lr, rect)
            try:
                return seen, inner, self._residual(seen)
            except UpscalerError as error:
                self._replace_backend(error)

    def _replace_backend(self, error: UpscalerError) -> None:
        failed, successor = self.backend, next(self._successors, None)
        if successor is None:
            raise error
        _log.error("%s takes over from %s, which failed: %s", successor.name, failed.name, error)
        self.failures += (Failure(failed.name, str(error)),)
        self.backend = successor
        failed.close()

    def _residual(self, seen: Bgr) -> Residual:
        guess = self.backend.residual(seen)
        if guess.shape != (*seen.shape[:2], BLOCK_CHANNELS) or guess.dtype != np.int8:
            raise UpscalerError(
                f"backend {self.backend.name} gave a residual of {guess.dtype} {guess.shape} for a picture of"
                f" {seen.shape}; expected int8 {(*seen.shape[:2], BLOCK_CHANNELS)}"
            )
        return guess

    def _with_halo(self, lr: Picture, rect: Rect) -> tuple[Bgr, Rect]:
        """Cut out what the backend must see for `rect`, as BGR, and say where `rect` lies in it."""
        halo, phase = self.backend.halo_px, self.backend.phase_px
        x, y = ((at - halo) // phase * phase for at in (rect.x, rect.y))
        wanted = Rect(x, y, rect.right + halo - x, rect.bottom + halo - y)
        there = wanted & Rect(0, 0, lr.shape[1], lr.shape[0])
        bgr = cv2.copyMakeBorder(
            to_bgr(lr[there.slices]),
            there.y - wanted.y,
            wanted.bottom - there.bottom,
            there.x - wanted.x,
            wanted.right - there.right,
            cv2.BORDER_REPLICATE,
        )
        return np.asarray(bgr, dtype=np.uint8), rect.moved(-x, -y)
