"""When to ask for the next update where the server sends none by itself.

Who asks when an update has come leaves the link idle for a round trip and the server's own time. Who asks too early has
updates wait behind each other in the link, and every echo behind them. So the next update is asked for when what is
still to come just fills the link until the answer begins: bandwidth times round trip. And where one update alone takes
the link for long, so that little is lost between two, it is asked for in the end: a key that is pressed meanwhile must
not find the next picture taken already.

Servers merge requests that they have not answered yet (Xvnc and LibVNCServer keep one region), so several may be gone
with one update. Only those are counted on that reached the server after it had begun to make that update, and if there
are none, one is sent at its end at the latest.
"""

from collections import deque

from edge.rfb.tuning.meter import LinkMeter

#: More would only lie at the server, merged.
_MOST_AHEAD = 8
#: No display shows more; requests closer together would be merged too.
_LEAST_INTERVAL_S = 1 / 60
#: Something moves while an update begins within so many times the shortest time after the one before.
_SOON = 2
#: The next update is expected to be as long as the longest of so many: film and echoes come by turns.
_REMEMBERED = 4


class Pacing:
    """Which updates are under way, as far as one can know."""

    def __init__(self, meter: LinkMeter, longest_s: float) -> None:
        """Ask ahead of updates that take the link up to `longest_s`."""
        self._meter = meter
        self._longest_s = longest_s
        self._asked: deque[float] = deque()
        self._last_asked = self._last_ended = float("-inf")
        self._last_began = float("-inf")
        self._in_update = self._moving = self._asked_since_end = False
        self._received = 0
        self._lengths: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def update_s(self) -> float | None:
        """How long the next update is expected to take the link; None as long as nothing tells."""
        rate = self._meter.bytes_s
        return max(self._lengths) / rate if rate and self._lengths else None

    def asked(self, now: float) -> None:
        """Note a request."""
        self._asked.append(now)
        self._last_asked = now
        self._asked_since_end = True

    def arrived(self, count: int) -> None:
        """Note bytes that came at once."""
        self._received += count

    def began(self, now: float) -> None:
        """Note that an update begins to come: it answers the oldest request, and all that the server had by then."""
        asked = self._asked.popleft() if self._asked else None
        if asked is not None and not self._lengths:
            # Later ones may have been answered by an update that was on its way already.
            self._meter.answered(now - asked)
        while self._asked and self._asked[0] < now - self._meter.round_trip_s:
            self._asked.popleft()
        self._moving = now - self._last_began < _SOON * (self._meter.round_trip_s + (self.update_s or 0.0))
        self._in_update, self._last_began = True, now
        self._received = 0

    def ended(self, wire_bytes: int, now: float) -> None:
        """Note that an update has come, of so many bytes."""
        self._lengths.append(wire_bytes)
        self._in_update, self._last_ended = False, now
        self._asked_since_end = False

    def asks_in(self, now: float) -> float | None:
        """In how many seconds to ask, 0 for now; None where that depends on what comes."""
        if not self._asked and not self._in_update:
            return 0.0
        if self._in_update or self._asked_since_end:
            return self._asks_ahead_in(now)
        # Should those that are counted on have been merged after all, one that was sent in this silence lives.
        silence_in = max(0.0, self._last_ended + _SOON * self._meter.round_trip_s - now)
        ahead_in = self._asks_ahead_in(now)
        return silence_in if ahead_in is None else min(silence_in, ahead_in)

    def _asks_ahead_in(self, now: float) -> float | None:
        update_s = self.update_s
        if not self._moving or update_s is None or update_s > self._longest_s or len(self._asked) >= _MOST_AHEAD:
            return None
        under_way_s = len(self._asked) * update_s
        if self._in_update:
            under_way_s += update_s * max(0.0, 1 - self._received / max(self._lengths))
        if under_way_s >= self._meter.round_trip_s:
            return None
        return max(0.0, self._last_asked + max(_LEAST_INTERVAL_S, update_s) - now)
