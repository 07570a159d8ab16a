"""How long to wait before the next attempt: exponential with jitter, so that a fleet does not come back at once."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits of `first_s`, then twice as long each time up to `longest_s`, each shortened by up to a half at random.

    `random` returns floats in [0, 1).
    """

    random: Callable[[], float]
    first_s: float = 0.5
    longest_s: float = 30.0
    failures: int = 0

    def next_s(self) -> float:
        """Count a failure and return how long to wait after it, in seconds."""
        whole = min(self.longest_s, self.first_s * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return whole * (0.5 + 0.5 * self.random())

    def reset(self) -> None:
        """Start again from `first_s`."""
        self.failures = 0
