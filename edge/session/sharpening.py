"""Fetching resting tiles at full size over the second connection: when, how much at once, and what came."""

import asyncio
from collections.abc import Callable

import numpy as np

from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer, beside_differing
from edge.geometry import Mask, Rect
from edge.pixels import Picture
from edge.restore import texture
from edge.restore.sharpen import LOST_S, Place, Sharpener, SharpenPolicy
from edge.rfb.commands import Command, FramebufferUpdateRequest, KeyEvent, PointerEvent
from edge.rfb.events import CursorChanged, DesktopResized, Event, RectangleCopied, RectangleDecoded, UpdateFinished
from edge.session.budget import ByteBudget
from edge.session.motion import MOTION_SHARE, SERVER_CYCLE_S, Motion
from edge.session.rating import Rating
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport

MOST_UNANSWERED = 8
"""Requests under way: x11vnc takes one message in a turn of 20 ms, and what is typed waits behind them."""
ECHO_S = 0.5
"""A small change so soon after a key is what was typed: the caret is there."""
ECHO_TILES = 16
MOST_LATE = 1024
"""Input kept while the connection is not at full size; a user who types on for half a minute is told by the screen."""


class Sharpening:
    """Makes tiles of `high` exact; `run` it once the full-size connection is open. Belongs to the event loop.

    `show` hears of tiles to be presented, `set_cursor` of the cursor's shape. Input may be sent at any time.
    """

    def __init__(
        self,
        low: LowFramebuffer,
        high: HighFramebuffer,
        policy: SharpenPolicy,
        cap_kbit: int | None,
        show: Callable[[Mask], None],
        set_cursor: Callable[[CursorChanged], None],
        counters: Counters,
        round_trip_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.sharpener = Sharpener(low.grid, policy)
        self._full: RfbTransport | None = None
        self._low = low
        self._high = high
        self._show = show
        self._set_cursor = set_cursor
        self._counters = counters
        self._clock = clock
        self._budget = ByteBudget(cap_kbit)
        self._motion = Motion(round_trip_s)
        self._rating = Rating(high.reduction.native, round_trip_s)
        self._rated_at = 0.0
        self._held = False
        self._pointer: Place | None = None
        self._caret: Place | None = None
        self._typed_at = float("-inf")
        self._before = low.picture.copy()
        """The low-resolution picture at the last change."""
        self._drawn = low.grid.mask()
        """Tiles that the server has sent at low resolution since the last change."""
        self._came = low.grid.mask()
        """Tiles in the update that is coming in."""
        self._late: list[Command] = []
        """Input that waits for a connection at full size."""
        self._look = asyncio.Event()

    def hold(self, *, held: bool) -> None:
        """Ask for nothing while a low-resolution update comes in: it goes first."""
        self._held = held
        self._look.set()

    def drew(self, rect: Rect) -> None:
        """Note that the server has sent `rect` at low resolution."""
        self._drawn[self._low.grid.touched(rect)] = True

    def distrust(self, rect: Rect) -> None:
        """Note that what stands in `rect` at low resolution is wrong, and that the server will not send it again."""
        tiles = self._low.grid.mask()
        tiles[self._low.grid.touched(rect)] = True
        self._high.doubt(tiles, TileState.RESTORED)
        self.sharpener.owe(tiles)
        self.sharpener.changed(tiles, self._low.picture.copy(), self._clock())
        self._look.set()

    def changed(self, tiles: Mask, low: Picture) -> None:
        """Note that `tiles` show something else; `low` is the whole low-resolution picture."""
        count, now = int(np.count_nonzero(tiles)), self._clock()
        # The server sends what has changed: where the evidence is the same, by less than it tells.
        drawn, self._drawn = self._drawn & ~tiles, self._low.grid.mask()
        beside = beside_differing(low, self._before) & drawn
        self._before = low.copy()
        # A glyph's edge may reach a pixel into the next tile, which cannot wait; a hairline or a tint can.
        self._high.doubt(beside, TileState.RESTORED)
        self._high.doubt(drawn, TileState.LIKELY)
        self.sharpener.drawn_again(drawn & (self._high.state == TileState.LIKELY), now)
        if count or beside.any():
            self.sharpener.changed(tiles | beside, low, now)
        if count:
            if count > MOTION_SHARE * tiles.size:
                # A film beside it keeps nobody from reading.
                self._motion.updated(float(np.mean(tiles & ~self.sharpener.pictures)), now)
            if count <= ECHO_TILES and now < self._typed_at + ECHO_S:
                rows, columns = np.nonzero(tiles)
                self._caret = int(rows[-1]), int(columns[-1])
                self._look_at_both()
        self._look.set()

    def look(self) -> None:
        """Look again for what to ask for: tiles have changed their state since `changed` was called."""
        self._look.set()

    def point_at(self, place: Place) -> None:
        """Note which tile the pointer is in."""
        if place != self._pointer:
            self._pointer = place
            self._look_at_both()

    def send_input(self, command: Command) -> None:
        """Send a key or a native position; in its turn, once the server reads positions at full size."""
        if isinstance(command, KeyEvent) and command.down:
            self._typed_at = self._clock()
        if self._full is not None and not self._rating.shrunk:
            self._full.send(command)
        elif isinstance(command, PointerEvent) and self._late and _only_moves(self._late[-1], command):
            self._late[-1] = command
        elif len(self._late) < MOST_LATE:
            self._late.append(command)

    def wipe(self) -> None:
        """Overwrite the picture that it compares with, and drop what was typed and not sent."""
        self._before.fill(0)
        self._late.clear()

    async def run(self, full: RfbTransport) -> None:
        """Take and ask for what is wanted at full size until the connection breaks."""
        self._full = full
        self._send_late(full)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(full), name="receive at full size")
            group.create_task(self._ask(full), name="ask for full size")

    async def _receive(self, full: RfbTransport) -> None:
        full.send(*self._rating.watch())
        while True:
            for event in await full.receive():
                self._on(full, event)

    async def _ask(self, full: RfbTransport) -> None:
        while True:
            self._look.clear()
            wait_s = self._ask_now(full)
            try:
                async with asyncio.timeout(wait_s):
                    await self._look.wait()
            except TimeoutError:
                pass

    def _look_at_both(self) -> None:
        self.sharpener.look_at(*(place for place in (self._pointer, self._caret) if place is not None))
        self._look.set()

    def _on(self, full: RfbTransport, event: Event) -> None:
        self._on_rating(full, event)
        if isinstance(event, CursorChanged):
            self._set_cursor(event)
        if self._rating.small:
            return
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                self._take(rect, pixels)
            case RectangleCopied(rect=rect, source_x=x, source_y=y):
                # x11vnc sends this unasked where a window was dragged, and moves nothing at low resolution.
                for part in (rect, Rect(x, y, rect.width, rect.height)):
                    self.distrust(self._high.reduction.touching(part))
            case UpdateFinished(wire_bytes=wire_bytes):
                self._finish_update(full, wire_bytes)
            case DesktopResized(size=size) if size != self._high.reduction.native:
                raise DesktopChanged(f"the desktop's size changed from {self._high.reduction.native} to {size}")
            case _:
                pass

    def _on_rating(self, full: RfbTransport, event: Event) -> None:
        """Answer x11vnc's rating of this connection; see `edge.session.rating`."""
        was_busy = self._rating.busy
        full.send(*self._rating.take(event))
        if self._rating.busy:
            self._rated_at = self._clock()
        if self._rating.busy != was_busy:
            self._look.set()
        self._send_late(full)

    def _send_late(self, full: RfbTransport) -> None:
        if self._late and not self._rating.shrunk:
            late, self._late = self._late, []
            full.send(*late)

    def _take(self, rect: Rect, pixels: Picture) -> None:
        was_exact = self._high.state == TileState.EXACT
        # No low-resolution update has touched these tiles since they were asked for.
        fresh = self.sharpener.fresh() & ~self._low.damage
        self._see(rect, pixels)
        changed = self._high.confirm(rect, pixels, self._low.picture, fresh)
        for settled in self._low.grid.rectangles(self.sharpener.settle(self._high.state == TileState.EXACT)):
            self._low.picture[settled.slices] = self._high.evidence[settled.slices]
        touched = self._low.grid.mask()
        touched[self._low.grid.touched(self._high.reduction.touching(rect))] = True
        self._came |= touched
        self._counters.sharpened += int(np.count_nonzero((self._high.state == TileState.EXACT) & ~was_exact))
        self._counters.fetched_again += int(np.count_nonzero(touched & was_exact & self.sharpener.text()))
        self._counters.agreed, self._counters.disagreed = self._high.agreed, self._high.disagreed
        if changed.any():
            self._show(changed)

    def _see(self, rect: Rect, pixels: Picture) -> None:
        """Correct by what came which tiles are taken for pictures."""
        tiles, pictures = self._low.grid.mask(), self._low.grid.mask()
        whole = self._low.grid.covered(self._high.reduction.to_low(rect))
        tile_px = self._low.grid.tile_px * self._high.reduction.scale
        tiles[whole] = True
        if tiles.any():
            inner = pixels[whole[0].start * tile_px - rect.y :, whole[1].start * tile_px - rect.x :]
            seen = texture.pictures_at_full_size(inner, tile_px)
            pictures[whole] = seen[: whole[0].stop - whole[0].start, : whole[1].stop - whole[1].start]
            self.sharpener.proven(tiles, pictures)

    def _finish_update(self, full: RfbTransport, wire_bytes: int) -> None:
        self._budget.arrived(wire_bytes, self.sharpener.expected_bytes, self.sharpener.asked_at, self._clock())
        # Tiles that came in part are due again: the server cuts a request where it touches another.
        self.sharpener.arrived(self._came)
        self.sharpener.learn(self.sharpener.textured(self._came), wire_bytes)
        self._came = self._low.grid.mask()
        if self.sharpener.idle:
            full.send(*self._rating.watch())
        self._look.set()

    def _ask_now(self, full: RfbTransport) -> float | None:
        """Ask for what is due and fits the budget; return after how many seconds to look again, None for no sooner."""
        now = self._clock()
        if self._rating.busy:
            return self._wait_for_rating(full, now)
        exact, likely = self._high.state == TileState.EXACT, self._high.state == TileState.LIKELY
        at = self.sharpener.next_due_at(exact, likely, now)
        if at is None or self._held or self._low.damage.any():
            return None
        at = max(at, self._motion.rests_at)
        if at > now:
            return at - now
        due = self.sharpener.due(exact, likely, now)
        while (budget := self._next_bytes(now)) > 0:
            rect, _ = self.sharpener.choose(due, likely, budget, now)
            if not rect:
                break
            due[self._low.grid.touched(rect)] = False
            due &= ~likely | self.sharpener.owed  # one confirmation at a time
            full.send(FramebufferUpdateRequest(self._high.reduction.to_native(rect), incremental=False))
        if self._next_bytes(now) > 0:
            return SERVER_CYCLE_S
        return self._budget.wait_s(self.sharpener.expected_bytes, now) or LOST_S

    def _next_bytes(self, now: float) -> float:
        if self.sharpener.unanswered >= MOST_UNANSWERED:
            return 0.0
        return self._budget.next_bytes(self.sharpener.expected_bytes, now)

    def _wait_for_rating(self, full: RfbTransport, now: float) -> float:
        if now >= self._rated_at + self._rating.patience_s:
            full.send(*self._rating.nothing_came())
            self._rated_at = now
            if self._rating.busy:
                # What was asked for at full size may be answered at another.
                self.sharpener.forget_requests()
            self._send_late(full)
        return max(0.01, self._rated_at + self._rating.patience_s - now)


def _only_moves(before: Command, after: PointerEvent) -> bool:
    """Whether of two commands only the pointer's last position matters."""
    return isinstance(before, PointerEvent) and before.buttons == after.buttons
