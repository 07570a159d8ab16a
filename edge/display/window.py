"""A window on a desk: for developers and administrators, where an X server runs."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from edge.display.base import InputEvent, PointerInput
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture

if TYPE_CHECKING:
    from edge.display.xwindow import XWindow

T = TypeVar("T")


class WindowDisplay:
    """Shows the picture in a window that may have any size; the X server is talked to in a thread of its own."""

    def __init__(self, title: str = "edge") -> None:
        self._title = title
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="window")
        self._window: XWindow | None = None
        self._reading: asyncio.Task[None] | None = None
        self._inputs = InputQueue()

    async def __aenter__(self) -> Self:
        """Connect to the X server; the window appears with the first picture. Raises `DisplayError`."""
        if not os.environ.get("DISPLAY"):
            raise DisplayError(
                "a window needs an X server, and DISPLAY is not set; start this from a desktop session or set DISPLAY, "
                "or choose the display headless"
            )
        try:
            from edge.display.xwindow import XWindow  # noqa: PLC0415 - a board without a desk has no Xlib
        except ModuleNotFoundError as error:
            raise DisplayError(f"a window needs the Python package python-xlib ({error}); install it") from error
        self._window = await self._in_thread(lambda: XWindow(self._title))
        self._reading = asyncio.create_task(self._read(self._window), name="window input")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._window is not None:
            await self._in_thread(self._window.close)
        self._thread.shutdown()

    @property
    def size(self) -> Size | None:
        """None: the window takes the size of the picture."""
        return None

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:
        """Send `damage`, or all of a picture that has another size than the last one, to the X server."""
        window = self._window
        if window is None:
            raise DisplayError("the window is not open")
        self._inputs.put(await self._in_thread(lambda: window.show(picture, damage)))

    async def next_input(self) -> InputEvent:
        """Wait for what the user does next; raises `DisplayError` when the X server has gone."""
        return await self._inputs.get()

    def inject(self, *events: InputEvent) -> None:
        """Do `events`, in this order, beside what the user does."""
        self._inputs.put(events)

    async def _read(self, window: "XWindow") -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        while True:
            loop.add_reader(window.connection, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(window.connection)
            readable.clear()
            try:
                self._inputs.put(await self._in_thread(window.read))
            except DisplayError as error:
                self._inputs.fail(error)
                return

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class InputQueue:
    """What the user did and nobody has read yet; of a pointer that only moves, the last position is enough."""

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
