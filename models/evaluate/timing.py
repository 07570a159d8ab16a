"""How long a frame takes here."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.pixels import Bgr
from models.evaluate.methods import Method
from models.evaluate.networks import THREADS

FRAME = (270, 480)
"""Rows and columns of a whole desktop at a quarter of its size."""

_RUNS, _LEAST_RUNS, _ENOUGH_S = 15, 3, 3.0


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Medians in milliseconds: the bare network, if there is one, and a frame with all that belongs to it."""

    frame_ms: float
    network_ms: float | None


def timed(method: Method, lr: Bgr) -> Timing:
    """Time `method` on `lr`, BGR bytes of the shape of `FRAME`."""
    with method.opened() as opened:
        network = _median_ms(opened.network, lr) if opened.network else None
        # A network that gives the picture itself is all that there is.
        frame = network if network is not None and opened.network is opened.frame else _median_ms(opened.frame, lr)
    return Timing(frame, network)


def processor() -> str:
    """Name this machine's processor and how it was used."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{name}, {THREADS} threads"


def _median_ms(step: Callable[[Bgr], object], lr: Bgr) -> float:
    step(lr)
    took_s: list[float] = []
    while len(took_s) < _LEAST_RUNS or (len(took_s) < _RUNS and sum(took_s) < _ENOUGH_S):
        started = time.perf_counter()
        step(lr)
        took_s.append(time.perf_counter() - started)
    return round(1000 * statistics.median(took_s), 1)
