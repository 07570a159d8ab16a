"""How long nobody has touched anything."""

import asyncio
from collections.abc import Callable


class Idle:
    """Counts from the last `touch`, by `clock` (seconds)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._touched_at = clock()

    def touch(self) -> None:
        """Somebody is here."""
        self._touched_at = self._clock()

    async def lasts(self, seconds: float) -> None:
        """Wait until nobody has been here for so long; for ever if that is 0."""
        if not seconds:
            await asyncio.Event().wait()
        while (left_s := self._touched_at + seconds - self._clock()) > 0:  # noqa: ASYNC110 - it may be put off
            await asyncio.sleep(left_s)
