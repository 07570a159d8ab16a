"""All that is done for one connection to fit it to its link."""

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
_TILE_PX = 16
Commands = tuple[Command, ...]


class Tuner:
    """Asks for all of a framebuffer of `size`, and keeps asking; every method returns what is to be sent.

    Times are seconds of any one clock.
    """

    def __init__(self, size: Size, encodings: tuple[int, ...], policy: LinkPolicy) -> None:
        self.meter = LinkMeter()
        self.levels = Levels(policy, (*encodings, *(number for number in _OWN if number not in encodings)))
        self._rect = size.rect
        self._grid = Grid(size, _TILE_PX)
        self._inexact = self._grid.mask()
        self._pacing = Pacing(self.meter)
        self._continuous = False
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
                self._pacing.ended(wire_bytes)
                return self._ask(now) + self._fence(now) + self._choose()
            case RectangleDecoded(rect=rect, exact=exact):
                self._drawn(rect, exact=exact)
            case RectangleCopied(rect=rect, source_x=x, source_y=y):
                self._drawn(rect, exact=not self._inexact[self._grid.touched(rect.moved(x - rect.x, y - rect.y))].any())
            case ExtensionAnnounced(encoding=EncodingNumber.CONTINUOUS_UPDATES):
                self._continuous = True
                return (EnableContinuousUpdates(enable=True, rect=self._rect),)
            case ExtensionAnnounced(encoding=EncodingNumber.FENCE):
                self._fences = True
            case FenceReplied() if self._fence_sent is not None:
                self.meter.answered(now - self._fence_sent)
                self._fence_sent = None
            case _:
                pass
        return ()

    def rests_in(self, now: float) -> float | None:
        """In how many seconds to call `rested`, if nothing comes till then; None where it has nothing to do."""
        if self._refreshing or not self._inexact.any():
            return None
        return max(0.0, self._quiet_since + REST_S - now)

    def rested(self) -> Commands:
        """Return what makes exact again what is not."""
        self._refreshing = True
        changed = self.levels.rested()
        refresh = (FramebufferUpdateRequest(rect, incremental=False) for rect in self._grid.rectangles(self._inexact))
        return (*((SetEncodings(self.levels.encodings),) if changed else ()), *refresh)

    def _ask(self, now: float) -> Commands:
        if self._continuous or not self._pacing.wants(now):
            return ()
        self._pacing.asked(now)
        return (FramebufferUpdateRequest(self._rect, incremental=True),)

    def _fence(self, now: float) -> Commands:
        if not self._fences or self._fence_sent is not None or now < self._next_fence:
            return ()
        self._fence_sent, self._next_fence = now, now + _FENCE_INTERVAL_S
        return (Fence(),)

    def _choose(self) -> Commands:
        rate = self.meter.bytes_s
        if rate is None or not self.levels.update_took(self._pacing.update_bytes / rate, rate):
            return ()
        return (SetEncodings(self.levels.encodings),)

    def _drawn(self, rect: Rect, *, exact: bool) -> None:
        self._inexact[self._grid.covered(rect) if exact else self._grid.touched(rect)] = not exact
