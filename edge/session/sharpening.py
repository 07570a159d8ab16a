"""Fetching resting tiles at full size over the second connection: when, how much at once, and what came."""

import asyncio
from collections.abc import Callable

import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.geometry import Mask, Rect
from edge.pixels import Picture
from edge.restore.sharpen import LOST_S, Sharpener, SharpenPolicy
from edge.rfb.commands import Command, FramebufferUpdateRequest
from edge.rfb.events import DesktopResized, Event, RectangleDecoded, UpdateFinished
from edge.session.budget import ByteBudget
from edge.session.rating import Rating
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport

SERVER_CYCLE_S = 0.08
"""x11vnc looks for changes and defers updates for this long at most; after it, silence means rest."""
MOST_UNANSWERED = 8
"""Requests under way: x11vnc takes one message in a turn of 20 ms, and what is typed waits behind them."""
MOTION_SHARE = 0.03
"""An update that changes more than this share of the tiles is motion: nothing is fetched until it has ended."""


class Sharpening:
    """Makes tiles of `high` exact over `full`; run `receive` and `ask` in tasks. Belongs to the event loop.

    `show` hears of tiles to be presented.
    """

    def __init__(
        self,
        full: RfbTransport,
        low: LowFramebuffer,
        high: HighFramebuffer,
        policy: SharpenPolicy,
        show: Callable[[Mask], None],
        counters: Counters,
        round_trip_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.sharpener = Sharpener(low.grid, policy)
        self.pointer: tuple[int, int] | None = None
        """Row and column of the tile with the pointer."""
        self._full = full
        self._low = low
        self._high = high
        self._show = show
        self._counters = counters
        self._round_trip_s = round_trip_s
        self._clock = clock
        self._budget = ByteBudget()
        self._rating = Rating(high.reduction.native, round_trip_s)
        self._rated_at = 0.0
        self._moved_until = 0.0
        self._held = False
        self._came = low.grid.mask()
        """Tiles in the update that is coming in."""
        self._unanswered = 0
        self._late: list[Command] = []
        """Input that waits for the connection to be at full size again."""
        self._look = asyncio.Event()

    def hold(self, *, held: bool) -> None:
        """Ask for nothing while a low-resolution update comes in: it goes first."""
        self._held = held
        self._look.set()

    def changed(self, tiles: Mask, low: Picture) -> None:
        """Note that `tiles` show something else; `low` is the whole low-resolution picture."""
        if tiles.any():
            now = self._clock()
            self.sharpener.changed(tiles, low, now)
            if np.count_nonzero(tiles) > MOTION_SHARE * tiles.size:
                self._moved_until = now + self._round_trip_s + SERVER_CYCLE_S
        self._look.set()

    def look(self) -> None:
        """Look again for what to ask for: tiles have changed their state since `changed` was called."""
        self._look.set()

    def send_input(self, command: Command) -> None:
        """Send a key or a native position; in its turn, once the server reads positions at full size."""
        if self._rating.shrunk:
            self._late.append(command)
        else:
            self._full.send(command)

    async def receive(self) -> None:
        """Take what comes at full size until the connection breaks."""
        self._full.send(*self._rating.watch())
        while True:
            for event in await self._full.receive():
                self._on(event)

    async def ask(self) -> None:
        """Ask for tiles until cancelled."""
        while True:
            self._look.clear()
            wait_s = self._ask_now()
            try:
                async with asyncio.timeout(wait_s):
                    await self._look.wait()
            except TimeoutError:
                pass

    def _on(self, event: Event) -> None:
        self._on_rating(event)
        if self._rating.small:
            return
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                self._take(rect, pixels)
            case UpdateFinished(wire_bytes=wire_bytes):
                self._finish_update(wire_bytes)
            case DesktopResized(size=size) if size != self._high.reduction.native:
                raise DesktopChanged(f"the desktop's size changed from {self._high.reduction.native} to {size}")
            case _:
                pass

    def _on_rating(self, event: Event) -> None:
        """Answer x11vnc's rating of this connection; see `edge.session.rating`."""
        was_busy = self._rating.busy
        self._full.send(*self._rating.take(event))
        if self._rating.busy:
            self._rated_at = self._clock()
        if self._rating.busy != was_busy:
            self._look.set()
        self._send_late()

    def _send_late(self) -> None:
        if self._late and not self._rating.shrunk:
            late, self._late = self._late, []
            self._full.send(*late)

    def _take(self, rect: Rect, pixels: Picture) -> None:
        was_exact = self._high.state == TileState.EXACT
        # No low-resolution update has touched these tiles since they were asked for.
        fresh = self.sharpener.fresh() & ~self._low.damage
        changed = self._high.confirm(rect, pixels, self._low.picture, fresh)
        self._came[self._low.grid.touched(self._high.reduction.touching(rect))] = True
        self._counters.sharpened += int(np.count_nonzero((self._high.state == TileState.EXACT) & ~was_exact))
        self._counters.disagreed = self._high.disagreed
        if changed.any():
            self._show(changed)

    def _finish_update(self, wire_bytes: int) -> None:
        # Tiles that came in part are due again: the server cuts a request where it touches another.
        self.sharpener.arrived(self._came)
        self.sharpener.learn(self.sharpener.textured(self._came), wire_bytes)
        self._came = self._low.grid.mask()
        self._unanswered = 0 if self.sharpener.idle else max(0, self._unanswered - 1)
        self._budget.arrived(wire_bytes, self._clock(), more=not self.sharpener.idle)
        if self.sharpener.idle:
            self._full.send(*self._rating.watch())
        self._look.set()

    def _ask_now(self) -> float | None:
        """Ask for what is due and fits the budget; return after how many seconds to look again, None for no sooner."""
        now = self._clock()
        if self._rating.busy:
            return self._wait_for_rating(now)
        exact, likely = self._high.state == TileState.EXACT, self._high.state == TileState.LIKELY
        at = self.sharpener.next_due_at(exact, likely, now)
        if at is None or self._held or self._low.damage.any():
            return None
        at = max(at, self._moved_until)
        if at > now:
            return at - now
        due = self.sharpener.due(exact, likely, now)
        if self.sharpener.idle:
            self._forget_requests()
        while self._unanswered < MOST_UNANSWERED and (budget := self._budget.next_bytes) > 0:
            rect, cost = self.sharpener.choose(due, likely, self.pointer, budget, now)
            if not rect:
                break
            due[self._low.grid.touched(rect)] = False
            self._budget.asked(cost, now)
            self._unanswered += 1
            self._full.send(FramebufferUpdateRequest(self._high.reduction.to_native(rect), incremental=False))
        return LOST_S if self._budget.next_bytes <= 0 else SERVER_CYCLE_S

    def _forget_requests(self) -> None:
        self._budget.forget_requests()
        self._unanswered = 0

    def _wait_for_rating(self, now: float) -> float:
        if now >= self._rated_at + self._rating.patience_s:
            self._full.send(*self._rating.nothing_came())
            self._rated_at = now
            if self._rating.busy:
                # What was asked for at full size may be answered at another.
                self.sharpener.forget_requests()
                self._forget_requests()
            self._send_late()
        return max(0.01, self._rated_at + self._rating.patience_s - now)
