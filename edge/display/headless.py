"""A display that is nothing but memory: for servers without a screen, for measuring and for tests."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from edge.display.base import InputEvent
from edge.geometry import Rect, Size
from edge.pixels import Picture


class HeadlessDisplay:
    """Keeps the picture that it was given last; its user is whoever calls `inject`."""

    def __init__(self, size: Size | None = None, *, keep: bool = True) -> None:
        """Pretend to be `size` large, or to take the size of the picture; without `keep`, show it to nobody."""
        self._size = size
        self._keep = keep
        self._shown: Picture | None = None
        self._presented = asyncio.Condition()
        self._inputs: asyncio.Queue[InputEvent] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    @property
    def size(self) -> Size | None:
        """The size that it was made with."""
        return self._size

    @property
    def shown(self) -> Picture | None:
        """What a screen would show now: the display's own copy (height, width), None before the first picture."""
        return self._shown

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:
        """Copy `damage`, or all of a picture that has another size than the last one."""
        if not self._keep:
            return
        if self._shown is None or self._shown.shape != picture.shape:
            self._shown = picture.copy()
        else:
            for rect in damage:
                self._shown[rect.slices] = picture[rect.slices]
        async with self._presented:
            self._presented.notify_all()

    async def shows(self, wanted: Callable[[Picture], bool]) -> Picture:
        """Wait until `wanted` is true of what is shown, and return it."""
        async with self._presented:
            await self._presented.wait_for(lambda: self._shown is not None and wanted(self._shown))
        assert self._shown is not None  # noqa: S101 - for the type checker; the condition above says so
        return self._shown

    async def next_input(self) -> InputEvent:
        """Wait for the next injected event."""
        return await self._inputs.get()

    def inject(self, *events: InputEvent) -> None:
        """Do, as the user, `events` in this order."""
        for event in events:
            self._inputs.put_nowait(event)
