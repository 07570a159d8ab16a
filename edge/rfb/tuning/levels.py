"""How exactly and how densely pixels are asked for: levels of JPEG quality and of compression."""

import math

from edge.rfb.encodings import EncodingNumber, compress_level, jpeg_quality
from edge.rfb.tuning.policy import LinkPolicy, Quality

REST_S = 0.4
"""Nothing moves when nothing has come for so long."""
#: An update that is late by itself is a new page, which JPEG makes longer; film is late again and again.
_LATE_IN_ROW = 3
#: So many updates in a row that leave room allow a better level.
_EARLY_IN_ROW = 12
_STEP = 2
#: Rates, in bytes a second, up to which the most and from which on the least compression is asked for.
_SLOW, _FAST = 1e6, 12.5e6


class Levels:
    """The levels of one connection; `encodings` has them in it."""

    def __init__(self, policy: LinkPolicy, encodings: tuple[int, ...]) -> None:
        self._policy = policy
        self._encodings = encodings
        self.quality: int | None = None
        """The level of JPEG that servers may use, None for no JPEG."""
        self.compression = policy.most_compression
        self._late = self._early = 0

    @property
    def encodings(self) -> tuple[int, ...]:
        """What to offer now."""
        if self.quality is None:
            return (*self._encodings, compress_level(self.compression))
        tight_first = sorted(self._encodings, key=lambda number: number != EncodingNumber.TIGHT)
        return (*tight_first, jpeg_quality(self.quality), compress_level(self.compression))

    def update_took(self, seconds: float, bytes_s: float) -> bool:
        """Note for how long an update took the link, and the link's rate; returns whether `encodings` have changed."""
        before = self.encodings
        self._choose_compression(bytes_s)
        if self._policy.quality is Quality.AUTO and EncodingNumber.TIGHT in self._encodings:
            self._choose_quality(seconds)
        return self.encodings != before

    def rested(self) -> bool:
        """Note that nothing moves; returns whether `encodings` have changed."""
        self._late = self._early = 0
        before, self.quality = self.quality, None
        return before is not None

    def _choose_quality(self, seconds: float) -> None:
        policy = self._policy
        self._late = self._late + 1 if seconds > policy.update_s else 0
        self._early = self._early + 1 if seconds < policy.update_s / 3 else 0
        if self._late >= _LATE_IN_ROW:
            worse = policy.most_quality if self.quality is None else self.quality - _STEP
            self.quality, self._late = max(policy.least_quality, worse), 0
        elif self._early >= _EARLY_IN_ROW and self.quality is not None:
            self.quality, self._early = min(policy.most_quality, self.quality + _STEP), 0

    def _choose_compression(self, bytes_s: float) -> None:
        policy = self._policy
        share = math.log(_FAST / max(1.0, bytes_s)) / math.log(_FAST / _SLOW)
        wanted = policy.least_compression + share * (policy.most_compression - policy.least_compression)
        # A rate between two levels must not make it go to and fro.
        if abs(wanted - self.compression) > 1:
            self.compression = round(min(policy.most_compression, max(policy.least_compression, wanted)))
