"""The pixel path over two connections: everything at a fraction of the size, and chosen rectangles at full size.

Source: LibVNCServer's SetScale as measured with x11vnc 0.9.16; see *Low resolution over stock RFB* in the design.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

import numpy as np

from edge.errors import ProtocolViolation
from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.framebuffer.reduction import Reduction
from edge.geometry import Mask, Rect, Size
from edge.pixels import rgb565
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb.commands import Command, FramebufferUpdateRequest, SetEncodings, SetScale
from edge.rfb.encodings import jpeg_quality
from edge.rfb.events import (
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
    UpdateStarted,
)
from edge.session.certainty import hatch, mark_at
from edge.session.film import LEAST_TILES, STILL_S, Film
from edge.session.motion import MOTION_SHARE
from edge.session.restoring import Restoring
from edge.session.sharpening import Sharpening
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport

PATIENCE_S = 0.15
"""An update is shown whole, so that a scroll is seen as one; if it takes longer than this, in parts."""
MOTION_EVERY_S = 0.08
"""Twelve pictures a second are seen as motion; twice as many cost twice as much."""
MARK_EVERY_S = 0.2
FILM_QUALITY = 5
"""JPEG level of a film at low resolution."""


class ScaledDesktop:
    """One desktop at 1/`scale` over `low`, and over another connection at full size for sharpening and for input.

    That one is opened by `open_full` once the first picture is there: x11vnc does nothing else while it accepts a
    connection. `run` ends only by an error: an `RfbError`, `DesktopChanged` among them. Belongs to the event loop.
    """

    def __init__(
        self,
        low: RfbTransport,
        open_full: Callable[[], Awaitable[RfbTransport]],
        native: Size,
        encodings: tuple[int, ...],
        upscaler: Upscaler | CubicUpscaler,
        policy: SharpenPolicy,
        cap_kbit: int | None,
        stage: Stage,
        counters: Counters,
        executor: Executor,
        round_trip_s: float,
        clock: Callable[[], float],
        *,
        shows_mark: bool,
    ) -> None:
        self._reduction = Reduction(native, upscaler.scale)
        self._framebuffer = LowFramebuffer(self._reduction.low)
        self._high = HighFramebuffer(self._reduction)
        self._low = low
        self._open_full = open_full
        self._stage = stage
        self._counters = counters
        self._clock = clock
        self._sharpening = Sharpening(
            self._framebuffer,
            self._high,
            policy,
            cap_kbit,
            self._show,
            stage.set_cursor,
            counters,
            round_trip_s,
            clock,
        )
        self._restoring = Restoring(
            self._framebuffer, self._high, upscaler, self._sharpening.changed, self._show, counters, executor
        )
        self._update_began = 0.0
        self._started = False
        self._shows_mark = shows_mark
        self._map_shown = False
        self._pointer: tuple[int, int] | None = None
        self._encodings = encodings
        self._film = Film(self._framebuffer.grid)
        self._film_began = asyncio.Event()
        self._drawn_now = self._framebuffer.grid.mask()
        """Tiles in the update that is coming in."""
        self._finished = asyncio.Event()
        self._paced_until = 0.0
        self._drawn = False
        self._pictured = asyncio.Event()
        """Set once the whole picture has come."""

    async def run(self) -> None:
        """Carry pixels until something breaks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(), name="receive at low resolution")
            group.create_task(self._restoring.run(), name="restore")
            group.create_task(self._sharpen(), name="sharpen")
            group.create_task(self._ask_on(), name="ask for what changes")
            group.create_task(self._end_film(), name="end a film")
            if self._shows_mark:
                group.create_task(self._mark(), name="mark what is not exact")

    def send_input(self, command: Command) -> None:
        """Send a key or a native pointer position: over the full-size connection, which loses no precision."""
        self._sharpening.send_input(command)

    def point_at(self, x: int, y: int) -> None:
        """Note that the pointer is at native (x, y): what is near it is sharpened first."""
        self._pointer = (x, y)
        pixel = self._reduction.touching(Rect(x, y, 1, 1))
        tile_px = self._framebuffer.grid.tile_px
        self._sharpening.point_at((pixel.y // tile_px, pixel.x // tile_px))

    def wipe(self) -> None:
        """Overwrite every picture."""
        self._high.wipe()
        self._framebuffer.wipe()
        self._sharpening.wipe()

    @property
    def complete(self) -> bool:
        """Whether every tile shows something."""
        return bool((self._high.state != TileState.EMPTY).all())

    @property
    def fraction_exact(self) -> float:
        """Share of exact tiles."""
        return float(np.mean(self._high.state == TileState.EXACT))

    @property
    def fraction_likely(self) -> float:
        """Share of tiles that were exact elsewhere or before."""
        return float(np.mean(self._high.state == TileState.LIKELY))

    @property
    def fraction_restored(self) -> float:
        """Share of tiles that are made up."""
        return float(np.mean(self._high.state == TileState.RESTORED))

    @property
    def fraction_text_exact(self) -> float:
        """Share of exact tiles among those that look like text; 1 if none does."""
        return self._share_of_text(TileState.EXACT)

    @property
    def fraction_text_sharp(self) -> float:
        """Share of exact and likely tiles among those that look like text; 1 if none does."""
        return self._share_of_text(TileState.LIKELY)

    def _share_of_text(self, least: TileState) -> float:
        text = self._sharpening.sharpener.text()
        return float(np.mean(self._high.state[text] >= least)) if text.any() else 1.0

    def _show(self, tiles: Mask) -> None:
        self._stage.show(self._high.picture, self._high.native_rectangles(tiles))
        self._sharpening.look()

    def show_map(self, *, shown: bool) -> None:
        """Show which tiles are exact, likely and restored, or no longer."""
        self._map_shown = shown
        self._stage.set_veil(hatch(self._high) if shown else None)

    async def _mark(self) -> None:
        """Keep mark and map up with what is known."""
        states = self._high.state.copy()
        while True:
            await asyncio.sleep(MARK_EVERY_S)
            self._stage.set_mark(self._mark_rect())
            if self._map_shown and (told := self._high.state != states).any():
                states = self._high.state.copy()
                self._stage.touch(self._high.native_rectangles(told))

    def _mark_rect(self) -> Rect | None:
        if self._pointer is None:
            return None
        pixel = self._reduction.touching(Rect(*self._pointer, 1, 1))
        tile = self._framebuffer.grid.touched(pixel)
        doubtful = self._sharpening.sharpener.text()[tile] & (self._high.state[tile] < TileState.LIKELY)
        return mark_at(self._pointer) if doubtful.any() else None

    async def _ask_on(self) -> None:
        """Ask for the next update as soon as one has come; while much moves, no more often than is seen as motion."""
        while True:
            await self._finished.wait()
            self._finished.clear()
            await asyncio.sleep(max(0.0, self._paced_until - self._clock()))
            self._request(incremental=True)

    async def _end_film(self) -> None:
        """Return to coding that loses nothing, and ask again for what was lost, when a film has ended."""
        while True:
            await self._film_began.wait()
            await asyncio.sleep(STILL_S / 2)
            inexact = self._film.ended(self._clock())
            if inexact is not None:
                self._film_began.clear()
                self._low.send(SetEncodings(self._encodings))
                for rect in self._framebuffer.grid.rectangles(inexact):
                    self._low.send(FramebufferUpdateRequest(rect, incremental=False))

    async def _sharpen(self) -> None:
        await self._pictured.wait()
        await self._sharpening.run(await self._open_full())

    async def _receive(self) -> None:
        scale = SetScale(self._reduction.scale)
        self._low.send(scale, FramebufferUpdateRequest(Rect(0, 0, 1, 1), incremental=False))
        while True:
            for event in await self._low.receive():
                if isinstance(event, DesktopResized) and not self._started:
                    self._start(event.size)
                else:
                    self._on(event)

    def _note_motion(self) -> None:
        drawn, self._drawn_now = self._drawn_now, self._framebuffer.grid.mask()
        if np.mean(drawn) > MOTION_SHARE:
            self._paced_until = self._update_began + MOTION_EVERY_S
        # What is typed is no film, and its echo does not wait until text is told from pictures.
        much = self._film.playing or np.count_nonzero(drawn) >= LEAST_TILES
        if much and self._film.updated(drawn, self._sharpening.sharpener.pictures, self._clock()):
            self._low.send(SetEncodings((*self._encodings, jpeg_quality(FILM_QUALITY))))
            self._film_began.set()

    def _start(self, size: Size) -> None:
        if size == self._reduction.native:
            return
        if size != self._reduction.low:
            raise ProtocolViolation(
                f"SetScale: the framebuffer became {size}, expected {self._reduction.low} "
                f"of {self._reduction.native} at 1/{self._reduction.scale}"
            )
        self._started = True
        self._request(incremental=False)

    def _request(self, *, incremental: bool) -> None:
        self._low.send(FramebufferUpdateRequest(self._framebuffer.size.rect, incremental))

    def _on(self, event: Event) -> None:
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                if self._started:
                    self._drawn = True
                    self._framebuffer.draw(rect, rgb565(pixels) if self._film.playing else pixels)
                    self._sharpening.drew(rect)
                    self._drawn_now[self._framebuffer.grid.touched(rect)] = True
                    if self._clock() > self._update_began + PATIENCE_S:
                        self._restoring.drawn.set()
            case RectangleCopied(rect=rect, source_x=x, source_y=y) if self._started:
                # x11vnc sends this unasked, rounded to what is no copy at all, and then moves nothing itself.
                for part in (rect, Rect(x, y, rect.width, rect.height)):
                    self._sharpening.distrust(part.grown(1) & self._framebuffer.size.rect)
            case UpdateStarted():
                self._update_began = self._clock()
                self._sharpening.hold(held=True)
            case UpdateFinished():
                self._counters.updates += 1
                self._restoring.drawn.set()
                self._sharpening.hold(held=False)
                self._note_motion()
                if self._drawn:
                    self._pictured.set()
                if self._started:
                    self._finished.set()
            case DesktopResized(size=size):
                raise DesktopChanged(f"the desktop's size changed (now {size} at 1/{self._reduction.scale})")
            case _:
                pass
