"""The pixel path over two connections: everything at a fraction of the size, and chosen rectangles at full size.

Source: LibVNCServer's SetScale as measured with x11vnc 0.9.16; see *Low resolution over stock RFB* in the design.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from edge.errors import ProtocolViolation
from edge.framebuffer.high import HighFramebuffer, TileState
from edge.framebuffer.low import LowFramebuffer
from edge.framebuffer.reduction import Reduction
from edge.geometry import Mask, Rect, Size
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb.commands import Command, FramebufferUpdateRequest, SetScale
from edge.rfb.events import (
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
    UpdateStarted,
)
from edge.session.restoring import Restoring
from edge.session.sharpening import Sharpening
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport

PATIENCE_S = 0.15
"""An update is shown whole, so that a scroll is seen as one; if it takes longer than this, in parts."""


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
        upscaler: Upscaler | CubicUpscaler,
        policy: SharpenPolicy,
        cap_kbit: int | None,
        stage: Stage,
        counters: Counters,
        executor: Executor,
        round_trip_s: float,
        clock: Callable[[], float],
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
        self._drawn = False
        self._pictured = asyncio.Event()
        """Set once the whole picture has come."""

    async def run(self) -> None:
        """Carry pixels until something breaks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(), name="receive at low resolution")
            group.create_task(self._restoring.run(), name="restore")
            group.create_task(self._sharpen(), name="sharpen")

    def send_input(self, command: Command) -> None:
        """Send a key or a native pointer position: over the full-size connection, which loses no precision."""
        self._sharpening.send_input(command)

    def point_at(self, x: int, y: int) -> None:
        """Note that the pointer is at native (x, y): what is near it is sharpened first."""
        pixel = self._reduction.touching(Rect(x, y, 1, 1))
        tile_px = self._framebuffer.grid.tile_px
        self._sharpening.point_at((pixel.y // tile_px, pixel.x // tile_px))

    def wipe(self) -> None:
        """Overwrite every picture."""
        self._high.wipe()
        self._framebuffer.wipe()
        self._sharpening.wipe()

    @property
    def certainty(self) -> NDArray[np.uint8]:
        """How sure each tile is (rows, columns), as `TileState`."""
        return self._high.state

    @property
    def complete(self) -> bool:
        """Whether every tile shows something."""
        return bool((self._high.state != TileState.EMPTY).all())

    @property
    def fraction_exact(self) -> float:
        """Share of exact tiles."""
        return float(np.mean(self._high.state == TileState.EXACT))

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
                    self._framebuffer.draw(rect, pixels)
                    if self._clock() > self._update_began + PATIENCE_S:
                        self._restoring.drawn.set()
            case RectangleCopied(rect=rect, source_x=x, source_y=y) if self._started:
                self._framebuffer.copy(rect, x, y)
            case UpdateStarted():
                self._update_began = self._clock()
                self._sharpening.hold(held=True)
            case UpdateFinished():
                self._counters.updates += 1
                self._restoring.drawn.set()
                self._sharpening.hold(held=False)
                if self._started:
                    self._request(incremental=True)
                    if self._drawn:
                        self._pictured.set()
            case DesktopResized(size=size):
                raise DesktopChanged(f"the desktop's size changed (now {size} at 1/{self._reduction.scale})")
            case _:
                pass
