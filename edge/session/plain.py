"""The pixel path of an ordinary viewer: one connection at full size, for servers without SetScale."""

import asyncio

from edge.framebuffer.low import LowFramebuffer
from edge.geometry import Size
from edge.rfb.commands import Command
from edge.rfb.events import (
    CursorChanged,
    DesktopResized,
    Event,
    RectangleCopied,
    RectangleDecoded,
    UpdateFinished,
)
from edge.rfb.tuning import LinkPolicy, Tuner
from edge.session.stage import Stage
from edge.session.statistics import Counters
from edge.session.transport import DesktopChanged, RfbTransport


class PlainDesktop:
    """One desktop at full size over `connection`; `run` ends only by an `RfbError`.

    `encodings` are offered with what the link wants beside them.
    """

    def __init__(
        self,
        connection: RfbTransport,
        native: Size,
        encodings: tuple[int, ...],
        policy: LinkPolicy,
        stage: Stage,
        counters: Counters,
    ) -> None:
        self._connection = connection
        self._framebuffer = LowFramebuffer(native)
        self._tuner = Tuner(native, encodings, policy)
        self._moved = asyncio.Event()
        self.complete = False
        """Whether the whole picture has come."""
        self._stage = stage
        self._counters = counters

    @property
    def fraction_exact(self) -> float:
        """Share of the picture that is as the desktop shows it."""
        return self._tuner.fraction_exact

    @property
    def fraction_text_exact(self) -> float:
        """The same: text is not told from pictures here."""
        return self._tuner.fraction_exact

    @property
    def fraction_text_sharp(self) -> float:
        """The same."""
        return self._tuner.fraction_exact

    async def run(self) -> None:
        """Carry pixels until something breaks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(), name="receive at full size")
            group.create_task(self._send_what_is_due(), name="ask at full size")

    def send_input(self, command: Command) -> None:
        """Send a key or a pointer position."""
        self._connection.send(command)

    def point_at(self, x: int, y: int) -> None:
        """Nothing is sharpened here."""

    def wipe(self) -> None:
        """Overwrite the picture."""
        self._framebuffer.wipe()

    async def _receive(self) -> None:
        clock = asyncio.get_running_loop().time
        self._connection.send(*self._tuner.begin(clock()))
        while True:
            before = self._connection.bytes_in
            events = await self._connection.receive()
            if arrived := self._connection.bytes_in - before:
                goes_on = self._connection.connection.in_message
                self._connection.send(*self._tuner.arrived(arrived, self._connection.read_at, goes_on=goes_on))
            for event in events:
                self._connection.send(*self._tuner.take(event, self._connection.read_at))
                self._on(event)
            self._moved.set()
            await asyncio.sleep(0)

    async def _send_what_is_due(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._moved.wait()
            self._moved.clear()
            while (due_in_s := self._tuner.due_in(clock())) is not None:
                await asyncio.sleep(due_in_s)
                self._connection.send(*self._tuner.due(clock()))

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
            case CursorChanged():
                self._stage.set_cursor(event)
            case DesktopResized(size=size) if size != self._framebuffer.size:
                raise DesktopChanged(f"the desktop's size changed from {self._framebuffer.size} to {size}")
            case _:
                pass
