"""How fast a link is and how long it takes, from what arrives over it."""

from collections import deque

_SAMPLES = 8
#: A shorter time or fewer bytes say more about this process's turns than about the link.
_LEAST_S = 0.01
_LEAST_BYTES = 4096
#: A long message is measured piece by piece.
_LONGEST_S = 0.25
#: No link is quicker; and what takes longer is a desktop at rest that has nothing to answer.
_LEAST_ROUND_TRIP_S, _MOST_ROUND_TRIP_S = 0.0005, 0.5


class LinkMeter:
    """Bytes a second of the link, and its round trip with the server's own delay in it.

    The rate is that of bytes in the middle of messages, where the server has nothing to wait for. A server that is
    slower than the link makes samples too small, nothing makes them too large: the largest of the last ones counts.
    """

    def __init__(self) -> None:
        self.round_trip_s = _MOST_ROUND_TRIP_S
        self._samples: deque[float] = deque(maxlen=_SAMPLES)
        self._began: float | None = None
        self._bytes = 0

    @property
    def bytes_s(self) -> float | None:
        """Bytes a second, None as long as too little has come to tell."""
        return max(self._samples, default=None)

    def arrived(self, count: int, now: float, *, goes_on: bool) -> None:
        """Note bytes that came at once; `goes_on` says that they end in the middle of a message."""
        if self._began is not None:
            self._bytes += count
            if now - self._began >= _LONGEST_S or not goes_on:
                self._sample(now - self._began)
                self._began = None
        if goes_on and self._began is None:
            # How long these bytes themselves have taken, nobody knows.
            self._began, self._bytes = now, 0

    def answered(self, delay_s: float) -> None:
        """Note that an answer came so long after its question."""
        self.round_trip_s = max(_LEAST_ROUND_TRIP_S, min(self.round_trip_s, delay_s))

    def _sample(self, duration: float) -> None:
        if duration >= _LEAST_S and self._bytes >= _LEAST_BYTES:
            self._samples.append(self._bytes / duration)
