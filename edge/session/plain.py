"""The pixel path of an ordinary viewer: one connection at full size, for servers without SetScale."""

import asyncio

from edge.framebuffer.low import LowFramebuffer
from edge.geometry import Size
from edge.rfb.commands import Command, FramebufferUpdateRequest
from edge.rfb.events import (
    CursorChanged,
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
)
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport


class PlainDesktop:
    """One desktop at full size over `connection`; `run` ends only by an `RfbError`."""

    fraction_exact = 1.0
    fraction_text_exact = 1.0
    fraction_text_sharp = 1.0

    def __init__(self, connection: RfbTransport, native: Size, stage: Stage, counters: Counters) -> None:
        self._connection = connection
        self._framebuffer = LowFramebuffer(native)
        self.complete = False
        """Whether the whole picture has come."""
        self._stage = stage
        self._counters = counters

    async def run(self) -> None:
        """Carry pixels until something breaks."""
        self._request(incremental=False)
        while True:
            for event in await self._connection.receive():
                self._on(event)
            await asyncio.sleep(0)

    def send_input(self, command: Command) -> None:
        """Send a key or a pointer position."""
        self._connection.send(command)

    def point_at(self, x: int, y: int) -> None:
        """Nothing is sharpened here."""

    def _request(self, *, incremental: bool) -> None:
        self._connection.send(FramebufferUpdateRequest(self._framebuffer.size.rect, incremental))

    def _on(self, event: Event) -> None:
        match event:
            case RectangleDecoded(rect=rect, pixels=pixels):
                self._framebuffer.draw(rect, pixels)
                self._stage.show(self._framebuffer.picture, [rect])
            case RectangleCopied(rect=rect, source_x=x, source_y=y):
                self._framebuffer.copy(rect, x, y)
                self._stage.show(self._framebuffer.picture, [rect])
            case UpdateFinished():
                self.complete = True
                self._counters.updates += 1
                self._request(incremental=True)
            case CursorChanged():
                self._stage.set_cursor(event)
            case DesktopResized(size=size) if size != self._framebuffer.size:
                raise DesktopChanged(f"the desktop's size changed from {self._framebuffer.size} to {size}")
            case _:
                pass
