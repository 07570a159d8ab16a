"""A limit on how often each of many may ask. Pure."""

from collections import OrderedDict

MAX_REMEMBERED = 4096  # addresses; the one that asked longest ago is forgotten first


class RateLimit:
    """Lets each key pass `burst` times at once and then once in `period_s`."""

    def __init__(self, burst: int, period_s: float) -> None:
        self._burst, self._period_s = burst, period_s
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        """Count a request at `now` and return 0, or, without counting it, return how long to wait, in seconds."""
        horizon = max(now, self._empty_at.pop(key, now)) + self._period_s
        if (over := horizon - now - self._burst * self._period_s) > 0:
            self._empty_at[key] = horizon - self._period_s
            return over
        self._empty_at[key] = horizon
        while len(self._empty_at) > MAX_REMEMBERED:
            self._empty_at.popitem(last=False)
        return 0.0
