"""What the user did and nobody has read yet."""

import asyncio
from collections import deque
from collections.abc import Iterable

from edge.display.base import InputEvent, PointerInput
from edge.errors import DisplayError


class InputQueue:
    """Events in their order; of a pointer that only moves, the last position is enough."""

    def __init__(self) -> None:
        self._events: deque[InputEvent] = deque()
        self._arrived = asyncio.Event()
        self._failure: DisplayError | None = None

    def put(self, events: Iterable[InputEvent]) -> None:
        """Append `events`, in order."""
        for event in events:
            match (self._events[-1] if self._events else None), event:
                case PointerInput(buttons=before), PointerInput(buttons=now) if before == now:
                    self._events[-1] = event
                case _:
                    self._events.append(event)
            self._arrived.set()

    def fail(self, error: DisplayError) -> None:
        """Let every `get` raise `error` once the events before it are read."""
        self._failure = error
        self._arrived.set()

    async def get(self) -> InputEvent:
        """Wait for the next event."""
        while not self._events:
            if self._failure is not None:
                raise self._failure
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()
