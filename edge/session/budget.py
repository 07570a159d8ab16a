"""How much may be asked for at full size right now: by the link's rate, measured from the replies, and by a cap."""

from collections import deque

HORIZON_S = 0.15
"""What is under way may take the link so long: a round trip and the server's own delay, which it hides,"""
LONGEST_HORIZON_S = 0.4
"""and more where both are longer, by `AHEAD` of the least of the last `DELAYS` delays."""
AHEAD = 1.5
DELAYS = 16
FIRST_RATE_BYTES_S = 500_000.0
REQUEST_S = 0.05
"""One reply may take the link so long: what is new waits no longer behind it."""
MIN_WINDOW_BYTES = 24_000.0
MIN_REQUEST_BYTES = 8_000.0
"""A smaller request would cost more of the server's time, 20 ms a request, than of the link's."""
MAX_WINDOW_BYTES = 524_288.0
MIN_INTERVAL_S = 0.002


class ByteBudget:
    """A window of bytes under way that follows the rate at which they arrive; and never more than `cap_kbit` a second.

    The window is a little more than the rate times the delay, so while it is what holds the rate down each reply
    lets it grow, and once the link does, it stops there. `under_way` is what all unanswered requests may cost.
    """

    def __init__(self, cap_kbit: int | None = None) -> None:
        """Without `cap_kbit`, the link alone decides."""
        self.rate_bytes_s = FIRST_RATE_BYTES_S
        self._delays_s: deque[float] = deque(maxlen=DELAYS)
        self._since = 0.0
        self._cap = None if cap_kbit is None else Allowance(cap_kbit * 1000 / 8)

    def next_bytes(self, under_way: float, now: float) -> float:
        """How many bytes the next request may cost; 0 if none may be made now."""
        largest = max(MIN_REQUEST_BYTES, self.rate_bytes_s * REQUEST_S)
        free = min(largest, self._window - under_way)
        if self._cap is not None:
            free = min(free, self._cap.left(now) - under_way)
        return free if free >= MIN_REQUEST_BYTES / 2 else 0.0

    def wait_s(self, under_way: float, now: float) -> float:
        """How long it takes until the cap allows a request again; 0 where it is not the cap that forbids one."""
        return 0.0 if self._cap is None else self._cap.wait_s(under_way + MIN_REQUEST_BYTES / 2, now)

    def arrived(self, wire_bytes: int, under_way: float, asked_at: float | None, now: float) -> None:
        """Note a reply; until it came `under_way` was, the first of it asked for at `asked_at`, None if nothing was."""
        if self._cap is not None:
            self._cap.spend(wire_bytes, now)
        since, self._since = self._since, now
        if asked_at is None:
            return  # nobody asked for it, so it says nothing of the rate
        sample = wire_bytes / max(MIN_INTERVAL_S, now - max(since, asked_at))
        if sample < self.rate_bytes_s and under_way < self._window / 2:
            return  # too little was asked for to keep the link busy
        self._delays_s.append(now - asked_at)
        # A few bytes say more about the delay than about the rate.
        weight = min(0.5, wire_bytes / 20_000)
        self.rate_bytes_s += weight * (sample - self.rate_bytes_s)

    @property
    def _window(self) -> float:
        horizon_s = min(LONGEST_HORIZON_S, max(HORIZON_S, AHEAD * min(self._delays_s, default=0.0)))
        return min(MAX_WINDOW_BYTES, max(MIN_WINDOW_BYTES, self.rate_bytes_s * horizon_s))


class Allowance:
    """Bytes that accrue at a steady rate, up to those of a second, and may be overdrawn."""

    def __init__(self, bytes_s: float) -> None:
        self._bytes_s = bytes_s
        self._most = max(bytes_s, MIN_REQUEST_BYTES)
        self._left = self._most
        self._at = 0.0

    def left(self, now: float) -> float:
        """How much may be spent at `now`, seconds of any one clock."""
        self._left = min(self._most, self._left + self._bytes_s * max(0.0, now - self._at))
        self._at = now
        return self._left

    def spend(self, count: int, now: float) -> None:
        """Take `count` bytes off."""
        self._left = self.left(now) - count

    def wait_s(self, wanted: float, now: float) -> float:
        """How long it takes until `wanted` bytes, or the most there can be, are left."""
        return max(0.0, (min(wanted, self._most) - self.left(now)) / self._bytes_s)
