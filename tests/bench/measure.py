"""One step of a trace: what a client shows of it, when, and for how many bytes."""

import math
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Mask
from edge.pixels import Picture
from tests.bench.compare import VIEW_PSNR_DB, Comparison
from tests.bench.link import Count
from tests.bench.trace import Step

SAMPLE_S = 0.02
# The desktop rests when nothing has changed for so long; a browser's slowest animations have a pause of less.
REST_S = 0.5
# How long a desktop may take to react.
NO_CHANGE_S = 3.0
# A step is over when its client has a view of it, has shown nothing new, and next to nothing has come over the link for
# so long.
QUIET_S = 1.0
QUIET_BYTES = 500
# The time line keeps a point where something has changed, and no more than ten a second.
TIMELINE_S = 0.1
# Of the tiles that stayed wrong, how many a result names.
NAMED_TILES = 12

# Starts what the user does; it is done when the process has ended.
Act = Callable[[], subprocess.Popen[bytes] | None]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step took, in seconds from the desktop's rest; None for never within the cap.

    `desktop_s` is what the desktop itself took from the action to its rest, `bytes_moving` came until then, and
    `bytes_sharpening` over a second connection. Of the tiles with text, `text_came` have changed and become right, and
    `text_at_once` of these were exact at first sight; `inexact_text` are the first (row, column) that stayed wrong.
    `changes` counts how often the desktop and the client were seen to change until the desktop rested. The time line
    has seconds from the action, bytes from the server, and the share of the text that was right.
    """

    step: str
    first_view_s: float | None
    exact_s: float | None
    text_exact_s: float | None
    exact_share: float
    text_exact_share: float
    view_psnr_db: float
    text_tiles: int
    desktop_s: float
    text_came: int = 0
    text_at_once: int = 0
    inexact_text: tuple[tuple[int, int], ...] = ()
    bytes_down: int = 0
    bytes_moving: int = 0
    bytes_sharpening: int = 0
    changes: tuple[int, int] = (0, 0)
    timeline: tuple[tuple[float, int, float], ...] = ()


@dataclass(slots=True)
class Watch:
    """What was seen of a step until now."""

    began: float
    bytes_before: int
    sharpening_before: int
    rest: float
    moved: bool
    view_since: float = math.inf
    changes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    changes_at_rest: tuple[int, int] = (0, 0)
    bytes_at_rest: int = 0
    busy: float = 0.0
    """When last something came or was shown."""
    bytes_at_busy: int = 0
    points: list[tuple[float, int, Mask]] = field(default_factory=list)

    def look(self, comparison: Comparison, count: Count) -> float:
        """Look once; returns when."""
        now = time.monotonic()
        changed = comparison.look(now)
        self.changes += changed
        if changed[0]:
            self.rest, self.moved = now, True
            self.changes_at_rest = (int(self.changes[0]), int(self.changes[1]))
            self.bytes_at_rest = count.down
        if any(changed) or count.down > self.bytes_at_busy + QUIET_BYTES:
            self.busy, self.bytes_at_busy = now, count.down
        self.view_since = min(self.view_since, now) if comparison.view_psnr_db >= VIEW_PSNR_DB else math.inf
        if not self.points or now - self.points[-1][0] >= TIMELINE_S:
            self._note(now, count.down, comparison.exact())
        return now

    def over(self, now: float, cap_s: float) -> bool:
        """Whether all has been seen that will be, or as much as is waited for."""
        return now - self.rest >= cap_s or (now - self.busy >= QUIET_S and math.isfinite(self.view_since))

    def timeline(self, text: Mask) -> tuple[tuple[float, int, float], ...]:
        """Condense what was noted for the tiles that hold text at the end."""
        return tuple(
            (
                round(at - self.began, 3),
                down - self.bytes_before,
                round(float(exact[text].mean()), 3) if text.any() else 1,
            )
            for at, down, exact in self.points
        )

    def _note(self, now: float, down: int, exact: Mask) -> None:
        if len(self.points) > 1 and all(
            before == down and np.array_equal(mask, exact) for _, before, mask in self.points[-2:]
        ):
            self.points.pop()  # of three alike, the one between says nothing
        self.points.append((now, down, exact))


def measure(step: Step, comparison: Comparison, act: Act, count: Count, cap_s: float) -> StepResult:
    """Do `step` by `act` and watch until the client is quiet, or for `cap_s` from the desktop's rest.

    While the desktop changes, its last change is taken for its rest. Raises `RuntimeError` if it never does.
    """
    began = time.monotonic()
    comparison.look(began)  # what has changed before is not of this step
    watch = Watch(began, count.down, count.down_by(1), rest=began, moved=not step.action)
    acting, acted = act(), began
    while True:
        now = watch.look(comparison, count)
        if acting is not None and acting.poll() is None:
            acted = now
        elif not watch.moved and now - acted >= NO_CHANGE_S:
            raise RuntimeError(f"the desktop did not react to {step.name!r} ({' '.join(step.action)})")
        elif watch.moved and now - max(watch.rest, acted) >= REST_S and watch.over(now, cap_s):
            break
        time.sleep(max(0.0, now + SAMPLE_S - time.monotonic()))
    return _result(step, comparison, watch, count)


def _result(step: Step, comparison: Comparison, watch: Watch, count: Count) -> StepResult:
    text = comparison.text_tiles()
    wrong = np.argwhere(text & comparison.inexact_tiles())
    first_view, exact, text_exact = (
        None if math.isinf(since) and since > 0 else max(0.0, since - watch.rest)
        for since in (watch.view_since, comparison.exact_since(), comparison.exact_since(text))
    )
    came, at_once = comparison.sharp_at_once(text, watch.began)
    return StepResult(
        step=step.name,
        first_view_s=first_view,
        exact_s=exact,
        text_exact_s=text_exact,
        exact_share=comparison.exact_share(),
        text_exact_share=comparison.exact_share(text),
        text_tiles=int(text.sum()),
        view_psnr_db=comparison.view_psnr_db,
        desktop_s=watch.rest - watch.began,
        text_came=came,
        text_at_once=at_once,
        inexact_text=tuple((int(row), int(column)) for row, column in wrong[:NAMED_TILES]),
        bytes_down=count.down - watch.bytes_before,
        bytes_moving=max(0, watch.bytes_at_rest - watch.bytes_before),
        bytes_sharpening=count.down_by(1) - watch.sharpening_before,
        changes=watch.changes_at_rest,
        timeline=watch.timeline(text),
    )


def wait_for_rest(pixels: Picture, patience_s: float = 15.0) -> None:
    """Wait until `pixels`, which another program draws into, have not changed for as long as a desktop rests."""
    began = rest = time.monotonic()
    before = pixels.copy()
    while (now := time.monotonic()) - rest < REST_S:
        if now - began > patience_s:
            raise TimeoutError(f"the desktop did not come to rest within {patience_s:.0f} s")
        if not np.array_equal(before, pixels):
            before, rest = pixels.copy(), now
        time.sleep(SAMPLE_S)
