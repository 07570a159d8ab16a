"""The pixel path over two connections: everything at a fraction of the size, and chosen rectangles at full size.

Source: LibVNCServer's SetScale as measured with x11vnc 0.9.16; see *Low resolution over stock RFB* in the design.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from edge.errors import ProtocolViolation, RfbError
from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.framebuffer.reduction import Reduction
from edge.geometry import Mask, Rect, Size
from edge.pixels import Picture
from edge.restore import scroll
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import LOST_S, Sharpener, SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb.commands import Command, FramebufferUpdateRequest, SetScale
from edge.rfb.events import (
    CursorChanged,
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
    UpdateStarted,
)
from edge.session.budget import ByteBudget
from edge.session.rating import Rating
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import RfbTransport

SERVER_CYCLE_S = 0.08
"""x11vnc looks for changes and defers updates for this long at most; after it, silence means rest."""
MOTION_SHARE = 0.03
"""An update that changes more than this share of the tiles is motion: nothing is fetched until it has ended."""
PATIENCE_S = 0.15
"""An update is shown whole, so that a scroll is seen as one; if it takes longer than this, in parts."""
MAX_CROPS = 24
"""More separate areas than this are upscaled as one: each carries a halo."""


class DesktopChanged(RfbError):
    """The desktop has another size now; connect again."""


class ScaledDesktop:
    """One desktop at 1/`scale` over `low`, with `full` for sharpening and for input; belongs to the event loop.

    `run` ends only by an error: an `RfbError`, `DesktopChanged` among them.
    """

    def __init__(
        self,
        low: RfbTransport,
        full: RfbTransport,
        native: Size,
        upscaler: Upscaler | CubicUpscaler,
        policy: SharpenPolicy,
        stage: Stage,
        counters: Counters,
        executor: Executor,
        round_trip_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._reduction = Reduction(native, upscaler.scale)
        self.low = LowFramebuffer(self._reduction.low)
        self.high = HighFramebuffer(self._reduction)
        self.sharpener = Sharpener(self.low.grid, policy)
        self._connections = (low, full)
        self._upscaler = upscaler
        self._stage = stage
        self._counters = counters
        self._executor = executor
        self._clock = clock
        self._budget = ByteBudget()
        self._rated_at = 0.0
        self._pointer: tuple[int, int] | None = None
        self._low_drawn = asyncio.Event()
        self._sharpen_now = asyncio.Event()
        self._in_update = False
        self._update_began = 0.0
        self._moved_until = 0.0
        self._round_trip_s = round_trip_s
        self._rating = Rating(native, round_trip_s)
        self._started = False
        self._full_tiles = self.low.grid.mask()

    async def run(self) -> None:
        """Carry pixels until something breaks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive_low(), name="receive low")
            group.create_task(self._receive_full(), name="receive full")
            group.create_task(self._restore(), name="restore")
            if self.sharpener.policy is not SharpenPolicy.OFF:
                group.create_task(self._sharpen(), name="sharpen")

    def send_input(self, command: Command) -> None:
        """Send a key or a native pointer position: over the full-size connection, which loses no precision."""
        self._connections[1].send(command)

    def point_at(self, x: int, y: int) -> None:
        """Note that the pointer is at native (x, y): what is near it is sharpened first."""
        pixel = self._reduction.to_low(Rect(x, y, self._reduction.native.width, self._reduction.native.height))
        tile = self.low.grid.tile_px
        self._pointer = (pixel.y // tile, pixel.x // tile)

    @property
    def complete(self) -> bool:
        """Whether every tile shows something."""
        return bool((self.high.state != TileState.EMPTY).all())

    @property
    def fraction_exact(self) -> float:
        """Share of exact tiles."""
        return float(np.mean(self.high.state == TileState.EXACT))

    @property
    def fraction_text_exact(self) -> float:
        """Share of exact tiles among those that look like text; 1 if none does."""
        text = self.sharpener.text()
        return float(np.mean(self.high.state[text] == TileState.EXACT)) if text.any() else 1.0

    @property
    def fraction_text_sharp(self) -> float:
        """Share of exact and likely tiles among those that look like text; 1 if none does."""
        text = self.sharpener.text()
        return float(np.mean(self.high.state[text] >= TileState.LIKELY)) if text.any() else 1.0

    async def _receive_low(self) -> None:
        low = self._connections[0]
        low.send(SetScale(self._upscaler.scale), FramebufferUpdateRequest(Rect(0, 0, 1, 1), incremental=False))
        while True:
            for event in await low.receive():
                if isinstance(event, DesktopResized) and not self._started:
                    self._start(event.size)
                else:
                    self._on_low(event)

    def _start(self, size: Size) -> None:
        if size == self._reduction.native:
            return
        if size != self._reduction.low:
            raise ProtocolViolation(
                f"SetScale: the framebuffer became {size}, expected {self._reduction.low} "
                f"of {self._reduction.native} at 1/{self._upscaler.scale}"
            )
        self._started = True
        self._request_low(incremental=False)

    def _request_low(self, *, incremental: bool) -> None:
        self._connections[0].send(FramebufferUpdateRequest(self.low.size.rect, incremental))

    def _on_low(self, event: Event) -> None:
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                if self._started:
                    self.low.draw(rect, pixels)
                    if self._clock() > self._update_began + PATIENCE_S:
                        self._low_drawn.set()
            case RectangleCopied(rect=rect, source_x=x, source_y=y):
                self.low.copy(rect, x, y)
                self._low_drawn.set()
            case UpdateStarted():
                self._in_update = True
                self._update_began = self._clock()
            case UpdateFinished():
                self._in_update = False
                self._counters.updates += 1
                self._low_drawn.set()
                if self._started:
                    self._request_low(incremental=True)
            case CursorChanged():
                self._stage.set_cursor(event)
            case DesktopResized(size=size):
                raise DesktopChanged(f"the desktop's size changed (now {size} at 1/{self._upscaler.scale})")
            case _:
                pass

    async def _restore(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._low_drawn.wait()
            self._low_drawn.clear()
            damaged = self.low.take_damage()
            low = self.low.picture.copy()
            stale = self.high.stale(low, damaged)
            self._counters.kept += int(np.count_nonzero(damaged & ~stale))
            if not stale.any():
                self._sharpen_now.set()
                continue
            self._note_change(stale, low)
            recalled = self.high.recall(low, stale)
            if recalled.any():
                self._counters.recalled += int(np.count_nonzero(recalled))
                self._stage.show(self.high.picture, self.high.native_rectangles(recalled))
                stale &= ~recalled
            stale &= ~await self._scroll(low, stale)
            version = self.high.version.copy()
            for crop in self._crops(stale):
                pixels = await loop.run_in_executor(self._executor, self._upscaler.restore, low, crop)
                # What became exact meanwhile is newer than what was restored.
                self._put(crop, pixels, low, stale & (self.high.version == version))

    async def _scroll(self, low: Picture, stale: Mask) -> Mask:
        """Show what of `stale` has only moved up or down as sharp as it was; return those tiles."""
        moved = self.low.grid.mask()
        if self._upscaler.scale != scroll.SCALE or np.count_nonzero(stale) < scroll.FEWEST_TILES:
            return moved
        old, sharp, version = self.high.picture.copy(), self.high.state >= TileState.LIKELY, self.high.version.copy()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, scroll.scrolled, old, sharp, low, stale, self.low.grid)
        for one in found:
            # What became exact meanwhile is newer.
            tiles = one.tiles & (self.high.version == version)
            self.high.scroll(old, one.rows, tiles, low)
            moved |= one.tiles
        if found:
            self._counters.recalled += int(np.count_nonzero(moved))
            self._stage.show(self.high.picture, self.high.native_rectangles(moved))
        return moved

    def _note_change(self, stale: Mask, low: Picture) -> None:
        now = self._clock()
        self.sharpener.changed(stale, low, now)
        if np.count_nonzero(stale) > MOTION_SHARE * stale.size:
            self._moved_until = now + self._round_trip_s + SERVER_CYCLE_S
        self._sharpen_now.set()

    def _crops(self, stale: Mask) -> list[Rect]:
        """Return the rectangles to upscale for the `stale` tiles: each, or one around all where that is less."""
        rects = list(self.low.grid.rectangles(stale))
        halo = 8
        around = Rect(0, 0, 0, 0)
        for rect in rects:
            around |= rect
        if len(rects) > MAX_CROPS or around.grown(halo).area <= sum(rect.grown(halo).area for rect in rects):
            return [around] if rects else []
        return rects

    def _put(self, crop: Rect, pixels: Picture, low: Picture, fresh: Mask) -> None:
        tiles = self.low.grid.mask()
        inside = self.low.grid.touched(crop)
        tiles[inside] = fresh[inside]
        scale = self._upscaler.scale
        for rect in self.low.grid.rectangles(tiles):
            part = rect.moved(-crop.x, -crop.y).scaled(scale)
            self.high.restore(rect, pixels[part.slices], low)
        self._counters.restored += int(np.count_nonzero(tiles))
        self._stage.show(self.high.picture, self.high.native_rectangles(tiles))

    async def _receive_full(self) -> None:
        self._connections[1].send(*self._rating.watch())
        while True:
            for event in await self._connections[1].receive():
                self._on_full(event)

    def _on_full(self, event: Event) -> None:
        self._on_rating(event)
        if self._rating.small:
            return
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                self._take_exact(rect, pixels)
            case UpdateFinished(wire_bytes=wire_bytes):
                # Tiles that came in part are due again: the server cuts a request where it touches another.
                self.sharpener.arrived(self._full_tiles)
                self.sharpener.learn(self.sharpener.textured(self._full_tiles), wire_bytes)
                self._full_tiles = self.low.grid.mask()
                self._budget.arrived(wire_bytes, self._clock(), more=not self.sharpener.idle)
                if self.sharpener.idle:
                    self._connections[1].send(*self._rating.watch())
                self._sharpen_now.set()
            case DesktopResized(size=size) if size != self._reduction.native:
                raise DesktopChanged(f"the desktop's size changed from {self._reduction.native} to {size}")
            case _:
                pass

    def _on_rating(self, event: Event) -> None:
        """Answer x11vnc's rating of this connection; see `edge.session.rating`."""
        was_busy = self._rating.busy
        self._connections[1].send(*self._rating.take(event))
        if self._rating.busy:
            self._rated_at = self._clock()
        if self._rating.busy != was_busy:
            self._sharpen_now.set()

    def _take_exact(self, rect: Rect, pixels: Picture) -> None:
        was_exact = self.high.state == TileState.EXACT
        changed = self.high.confirm(rect, pixels, self.low.picture, self._fresh())
        self._full_tiles[self.low.grid.touched(self._reduction.touching(rect))] = True
        self._counters.sharpened += int(np.count_nonzero((self.high.state == TileState.EXACT) & ~was_exact))
        self._counters.disagreed = self.high.disagreed
        if changed.any():
            self._stage.show(self.high.picture, self.high.native_rectangles(changed))

    def _fresh(self) -> Mask:
        """Return the tiles that no low-resolution update has touched since they were asked for at full size."""
        return self.sharpener.fresh() & ~self.low.damage

    async def _sharpen(self) -> None:
        while True:
            self._sharpen_now.clear()
            wait_s = self._ask_for_exact()
            try:
                async with asyncio.timeout(wait_s):
                    await self._sharpen_now.wait()
            except TimeoutError:
                pass

    def _ask_for_exact(self) -> float | None:
        """Ask for what is due and fits the budget; return after how many seconds to look again, None for no sooner."""
        now = self._clock()
        if self._rating.busy:
            if now >= self._rated_at + self._rating.patience_s:
                self._connections[1].send(*self._rating.nothing_came())
                self._rated_at = now
                if self._rating.busy:
                    # What was asked for at full size may be answered at another.
                    self.sharpener.forget_requests()
                    self._budget.forget_requests()
            return max(0.01, self._rated_at + self._rating.patience_s - now)
        exact, likely = self.high.state == TileState.EXACT, self.high.state == TileState.LIKELY
        at = self.sharpener.next_due_at(exact, likely, now)
        if at is None or self._in_update or self.low.damage.any():
            return None
        at = max(at, self._moved_until)
        if at > now:
            return at - now
        due = self.sharpener.due(exact, likely, now)
        if self.sharpener.idle:
            self._budget.forget_requests()
        while (budget := self._budget.next_bytes) > 0:
            rect, cost = self.sharpener.choose(due, likely, self._pointer, budget, now)
            if not rect:
                break
            due[self.low.grid.touched(rect)] = False
            self._budget.asked(cost, now)
            self._connections[1].send(FramebufferUpdateRequest(self._reduction.to_native(rect), incremental=False))
        return LOST_S if self._budget.next_bytes <= 0 else SERVER_CYCLE_S
