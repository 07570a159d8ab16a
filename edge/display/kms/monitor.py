"""The monitor of a board: two buffers, flipped at the vertical blank; only what changed is ever written."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyudev

from edge.display.fitted import fitted
from edge.display.kms.buffer import DumbBuffer
from edge.display.kms.card import Card, DeviceFile
from edge.display.kms.pipe import Pipe, choose_pipe
from edge.display.kms.scanout import Scanout, open_scanout
from edge.display.kms.uapi import Request
from edge.display.letterbox import Letterbox
from edge.errors import DisplayError
from edge.geometry import Rect, Size
from edge.pixels import Picture, blank

T = TypeVar("T")

FLIP_S = 1.0
"""A flip that takes longer is taken for done: a driver may drop its event when a monitor is pulled out."""
LOOK_AGAIN_S = 2.0
"""While there is no monitor, or another program has the screen, it is looked for as often."""
CARDS = Path("/dev/dri")

HotPlug = Callable[[], AbstractContextManager[asyncio.Event]]

_log = logging.getLogger(__name__)


def open_card(path: Path | None = None) -> Card:
    """Open the card at `path`, or the first one that a monitor can be plugged into; raises `DisplayError`."""
    nodes = [path] if path is not None else sorted(CARDS.glob("card*"))
    refusals = []
    for node in nodes:
        try:
            device = DeviceFile(node)
        except OSError as error:
            refusals.append(f"{node}: {error.strerror}")
            continue
        try:
            return Card(device, node.name)
        except DisplayError as error:
            device.close()
            refusals.append(str(error))
    tried = "; ".join(refusals) or f"there is no {CARDS}/card*: the kernel has no driver for the screen"
    raise DisplayError(f"no screen can be used: {tried}; is the user in the group video?")


@contextmanager
def hot_plug() -> Iterator[asyncio.Event]:
    """Give an event that is set each time the kernel says that a monitor was plugged in or pulled out."""
    changed = asyncio.Event()
    monitor = pyudev.Monitor.from_netlink(pyudev.Context())
    monitor.filter_by("drm")
    monitor.start()

    def read() -> None:
        while (device := monitor.poll(timeout=0)) is not None:
            if device.get("HOTPLUG") == "1":
                changed.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(monitor.fileno(), read)
    try:
        yield changed
    finally:
        loop.remove_reader(monitor.fileno())


class Monitor:
    """Shows pictures on a monitor, in its own or the `wanted` mode; letter-boxed where the sizes differ.

    The monitor may be pulled out and plugged in again, and another one too. `written_bytes` counts what was ever
    written to the card's memory.
    """

    def __init__(
        self,
        opener: Callable[[], Card] = open_card,
        wanted: Size | None = None,
        connector: str = "",
        hot_plug: HotPlug = hot_plug,
    ) -> None:
        self._opener, self._wanted, self._connector = opener, wanted, connector
        self._hot_plug = hot_plug
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kms")
        self._card: Card | None = None
        self._pipe: Pipe | None = None
        self._scanout: Scanout | None = None
        self._buffers: list[DumbBuffer] = []
        self._front = 0
        self._flipped = asyncio.Event()
        self._busy = asyncio.Lock()
        self._picture: Picture = blank(Size(1, 1))
        self._box = Letterbox(Size(1, 1), Size(1, 1))
        self._watching: asyncio.Task[None] | None = None
        self._dark = False
        self._away = False
        self._written_before = 0

    async def __aenter__(self) -> Self:
        """Take the screen; raises `DisplayError`. Where no monitor is plugged in, one is waited for in `present`."""
        self._card = await self._in_thread(self._opener)
        asyncio.get_running_loop().add_reader(self._card.fileno(), self._on_event)
        await self._plug_in(self._card)
        self._watching = asyncio.create_task(self._watch_monitor(self._card), name="monitor hot-plug")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._card is not None:
            asyncio.get_running_loop().remove_reader(self._card.fileno())
            # The kernel takes the buffers back with the file, and shows its console again.
            await self._in_thread(self._card.close)
        self._thread.shutdown()

    @property
    def size(self) -> Size | None:
        """Size of the mode; None while no monitor is there."""
        return None if self._pipe is None else self._pipe.mode.size

    @property
    def written_bytes(self) -> int:
        """What was ever written to buffers."""
        return self._written_before + sum(buffer.written_bytes for buffer in self._buffers)

    async def present(self, picture: Picture, damage: Sequence[Rect]) -> None:
        """Write `damage` to the buffer that is not shown, and flip; waits for the flip before, not for this one."""
        async with self._busy:
            size = Size(picture.shape[1], picture.shape[0])
            self._picture = picture
            if size != self._box.picture:
                self._box, damage = Letterbox(size, self._box.window), [size.rect]
                for buffer in self._buffers:
                    buffer.stale = [buffer.size.rect]
            for buffer in self._buffers:
                buffer.stale += [self._box.to_window(rect) for rect in damage]
            await self._flip()

    async def sleep(self) -> None:
        """Switch the monitor off; pictures are taken on, and shown when it wakes."""
        async with self._busy:
            self._dark = True
            await self._stop()

    async def wake(self) -> None:
        """Switch it on again."""
        async with self._busy:
            self._dark = False
            await self._resume()

    async def leave(self) -> None:
        """Let another program have the screen."""
        async with self._busy:
            self._away = True
            self._scanout = None
            if self._card is not None:
                await self._in_thread(partial(self._card.request, Request.DROP_MASTER))

    async def enter(self) -> None:
        """Have it again; raises `DisplayError` if the other program has not let it go."""
        async with self._busy:
            if self._card is not None:
                await self._in_thread(partial(self._card.request, Request.SET_MASTER))
            self._away = False
            await self._resume()

    def to_picture(self, x: int, y: int) -> tuple[int, int]:
        """Find the pixel of the picture that stands at (x, y) of the screen."""
        return self._box.to_picture(x, y)

    async def _stop(self) -> None:
        if self._scanout is None:
            return
        try:
            await self._in_thread(self._scanout.stop)
        except DisplayError as error:
            _log.warning("%s", error)
        self._scanout = None

    async def _resume(self) -> None:
        if self._card is not None:
            await self._plug_in(self._card)

    async def _flip(self) -> None:
        """Bring the hidden buffer up to date and show it."""
        if self._scanout is None:
            return
        try:
            async with asyncio.timeout(FLIP_S):
                await self._flipped.wait()
        except TimeoutError:
            _log.warning("the flip before did not end within %.0f s; going on", FLIP_S)
        try:
            await self._in_thread(partial(self._flip_now, self._scanout, self._buffers[1 - self._front]))
        except DisplayError as error:
            # The monitor may have gone, or another program may have the screen; hot-plug and time bring it back.
            _log.warning("%s", error)
            self._scanout = None

    def _flip_now(self, scanout: Scanout, back: DumbBuffer) -> None:
        written = back.catch_up(fitted(self._picture, self._box))
        if written:
            self._flipped.clear()
            scanout.flip(back, written)
            self._front = 1 - self._front

    def _on_event(self) -> None:
        if self._card is not None and self._card.flips():
            self._flipped.set()

    async def _watch_monitor(self, card: Card) -> None:
        """Look at the monitor whenever the kernel says that something was plugged, and while it cannot be used."""
        with self._hot_plug() as changed:
            while True:
                try:
                    async with asyncio.timeout(None if self._scanout is not None else LOOK_AGAIN_S):
                        await changed.wait()
                except TimeoutError:
                    pass
                changed.clear()
                async with self._busy:
                    await self._plug_in(card)

    async def _plug_in(self, card: Card) -> None:
        """Show the picture on the monitor that is there now, unless it is shown on it already or shall not be."""
        if self._dark or self._away:
            return
        try:
            pipe = await self._in_thread(lambda: choose_pipe(card, self._wanted, self._connector))
            if pipe == self._pipe and self._scanout is not None:
                return
            await self._in_thread(partial(self._start, card, pipe))
        except DisplayError as error:
            _log.warning("%s", error)
            self._scanout = None

    def _start(self, card: Card, pipe: Pipe | None) -> None:
        for buffer in self._buffers:
            self._written_before += buffer.written_bytes
            buffer.close()
        self._buffers, self._scanout, self._pipe = [], None, pipe
        if pipe is None:
            _log.info("no monitor is plugged in")
            return
        self._box = Letterbox(self._box.picture, pipe.mode.size)
        self._buffers = [DumbBuffer(card, pipe.mode.size, pipe.fourcc) for _ in range(2)]
        scanout = open_scanout(card, pipe)
        self._buffers[0].catch_up(fitted(self._picture, self._box))
        scanout.start(self._buffers[0])
        self._front, self._scanout = 0, scanout
        self._flipped.set()
        _log.info("%s: %s on %s", card.name, pipe.mode, pipe.connector.name)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
