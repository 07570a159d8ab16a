"""All that is done for one connection to fit it to its link."""

from collections.abc import Iterator

import numpy as np

from edge.geometry import Grid, Rect, Size
from edge.rfb.commands import (
    Command,
    EnableContinuousUpdates,
    Fence,
    FramebufferUpdateRequest,
    SetEncodings,
)
from edge.rfb.encodings import EncodingNumber
from edge.rfb.events import (
    Event,
    ExtensionAnnounced,
    FenceReplied,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
    UpdateStarted,
)
from edge.rfb.tuning.levels import REST_S, Levels
from edge.rfb.tuning.meter import LinkMeter
from edge.rfb.tuning.pacing import Pacing
from edge.rfb.tuning.policy import LinkPolicy

#: What only this module has a use for; offered with the rest.
_OWN = (EncodingNumber.FENCE, EncodingNumber.CONTINUOUS_UPDATES)
_FENCE_INTERVAL_S = 1.0
#: What is asked for anew is asked for in whole tiles: fewer rectangles.
_TILE_PX = 64
Commands = tuple[Command, ...]


class Tuner:
    """Asks for all of a framebuffer of `size`, and keeps asking; every method returns what is to be sent.

    Times are seconds of any one clock.
    """

    def __init__(self, size: Size, encodings: tuple[int, ...], policy: LinkPolicy) -> None:
        self.meter = LinkMeter()
        self.levels = Levels(policy, (*encodings, *(number for number in _OWN if number not in encodings)))
        self._rect = size.rect
        self._inexact = np.zeros(size.shape, dtype=np.bool_)
        self._pacing = Pacing(self.meter, policy.update_s)
        self._longest_s = policy.update_s
        self._can_continue = self._continuous = False
        self._fences = False
        self._fence_sent: float | None = None
        self._next_fence = 0.0
        self._quiet_since = 0.0
        self._refreshing = False

    @property
    def fraction_exact(self) -> float:
        """Share of the framebuffer that no encoding has lost something of."""
        return 1.0 - float(self._inexact.mean()) if self._inexact.size else 1.0

    def begin(self, now: float) -> Commands:
        """Return what begins the session."""
        self._pacing.asked(now)
        return SetEncodings(self.levels.encodings), FramebufferUpdateRequest(self._rect, incremental=False)

    def arrived(self, count: int, now: float, *, goes_on: bool) -> Commands:
        """Note bytes that came at once, before the events in them; `goes_on` if they end in the middle of a message."""
        self._quiet_since = now
        self.meter.arrived(count, now, goes_on=goes_on)
        self._pacing.arrived(count)
        return self._ask(now)

    def take(self, event: Event, now: float) -> Commands:
        """Note an event."""
        match event:
            case UpdateStarted():
                self._pacing.began(now)
                return self._ask(now)
            case UpdateFinished(wire_bytes=wire_bytes):
                self._refreshing = False
                self._pacing.ended(wire_bytes, now)
                return self._continue() + self._ask(now) + self._fence(now) + self._choose(wire_bytes)
            case RectangleDecoded(rect=rect, exact=exact):
                self._inexact[rect.slices] = not exact
            case RectangleCopied(rect=rect, source_x=x, source_y=y):
                self._inexact[rect.slices] = self._inexact[Rect(x, y, rect.width, rect.height).slices].copy()
            case ExtensionAnnounced(encoding=EncodingNumber.CONTINUOUS_UPDATES):
                self._can_continue = True
                return self._continue()
            case ExtensionAnnounced(encoding=EncodingNumber.FENCE):
                self._fences = True
                return self._fence(now)
            case FenceReplied() if self._fence_sent is not None:
                self.meter.answered(now - self._fence_sent)
                self._fence_sent = None
            case _:
                pass
        return ()

    def due_in(self, now: float) -> float | None:
        """In how many seconds to call `due`, if nothing comes till then; None if not before something comes."""
        asks_in = None if self._continuous else self._pacing.asks_in(now)
        rests_in = REST_S if self._refreshing else max(0.0, self._quiet_since + REST_S - now)
        waits = [wait for wait in (asks_in, rests_in if self._inexact.any() else None) if wait is not None]
        return min(waits, default=None)

    def due(self, now: float) -> Commands:
        """Return what asks ahead, and, where nothing moves, what makes exact again what is not."""
        rests = self._inexact.any() and not self._refreshing and now >= self._quiet_since + REST_S
        return self._ask(now) + (self._refresh() if rests else ())

    def _refresh(self) -> Commands:
        self._refreshing = True
        changed = self.levels.rested()
        refresh = (FramebufferUpdateRequest(rect, incremental=False) for rect in self._inexact_rectangles())
        return (*((SetEncodings(self.levels.encodings),) if changed else ()), *refresh)

    def _ask(self, now: float) -> Commands:
        if self._continuous or self._pacing.asks_in(now) != 0:
            return ()
        self._pacing.asked(now)
        return (FramebufferUpdateRequest(self._rect, incremental=True),)

    def _continue(self) -> Commands:
        """Have updates sent unasked while they are short: of long ones, servers let several wait in the link."""
        update_s = self._pacing.update_s
        longest_s = self._longest_s if self._continuous else self._longest_s / 2
        wanted = self._can_continue and update_s is not None and update_s < longest_s
        if wanted == self._continuous:
            return ()
        self._continuous = wanted
        return (EnableContinuousUpdates(enable=wanted, rect=self._rect),)

    def _fence(self, now: float) -> Commands:
        if not self._fences or self._fence_sent is not None or now < self._next_fence:
            return ()
        self._fence_sent, self._next_fence = now, now + _FENCE_INTERVAL_S
        return (Fence(),)

    def _choose(self, wire_bytes: int) -> Commands:
        rate = self.meter.bytes_s
        if rate is None or not self.levels.update_took(wire_bytes / rate, rate):
            return ()
        return (SetEncodings(self.levels.encodings),)

    def _inexact_rectangles(self) -> Iterator[Rect]:
        grid = Grid(self._rect.size, _TILE_PX)
        columns = np.logical_or.reduceat(self._inexact, range(0, self._rect.width, _TILE_PX), axis=1)
        return grid.rectangles(np.logical_or.reduceat(columns, range(0, self._rect.height, _TILE_PX), axis=0))
