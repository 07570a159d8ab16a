"""When to ask for the next update where the server sends none by itself.

Who asks when an update has come leaves the link idle for a round trip and the server's own time. Who asks too early has
updates wait behind each other in the link, and every echo behind them. So the next update is asked for when what is
still to come just fills the link until the answer begins: bandwidth times round trip.

Servers merge requests that they have not answered yet (Xvnc and LibVNCServer keep one region). So of the requests sent
before an update only those are counted on that the server cannot have had when it began to send it, and one that
certainly outlives it is sent at its end at the latest.
"""

from collections import deque

from edge.rfb.tuning.meter import LinkMeter

#: More would only lie at the server, merged.
_MOST_AHEAD = 8
#: No display shows more; requests closer together would be merged too.
_LEAST_INTERVAL_S = 1 / 60
#: How much the newest update counts in what the next one is expected to be.
_NEWEST = 0.3


class Pacing:
    """Which updates are under way, as far as one can know."""

    def __init__(self, meter: LinkMeter) -> None:
        self._meter = meter
        self._asked: deque[float] = deque()
        self._last_asked = float("-inf")
        self._began: float | None = None
        self._last_began = float("-inf")
        self._received = 0
        self._update_bytes: float | None = None

    @property
    def update_bytes(self) -> float:
        """How long the next update is expected to be."""
        return self._update_bytes or 0.0

    def asked(self, now: float) -> None:
        """Note a request."""
        self._asked.append(now)
        self._last_asked = now

    def arrived(self, count: int) -> None:
        """Note bytes that came at once."""
        self._received += count

    def began(self, now: float) -> None:
        """Note that an update begins to come: it answers the oldest request, and all that the server had by then."""
        if self._asked:
            self._meter.answered(now - self._asked.popleft())
        while self._asked and self._asked[0] < now - self._meter.round_trip_s:
            self._asked.popleft()
        self._began = self._last_began = now
        self._received = 0

    def ended(self, wire_bytes: int) -> None:
        """Note that an update has come, of so many bytes."""
        before = self._update_bytes
        self._update_bytes = wire_bytes if before is None else before + _NEWEST * (wire_bytes - before)
        self._began = None

    def wants(self, now: float) -> bool:
        """Tell whether to ask now; call it after each of the above."""
        if self._began is None and self._last_asked <= self._last_began:
            return True
        rate = self._meter.bytes_s
        if rate is None or self._update_bytes is None or len(self._asked) >= _MOST_AHEAD:
            return False
        if now - self._last_asked < _LEAST_INTERVAL_S:
            return False
        under_way = len(self._asked) * self._update_bytes
        if self._began is not None:
            under_way += max(0.0, self._update_bytes - self._received)
        return under_way < rate * self._meter.round_trip_s
