"""A server and a link without a socket or a clock: what a `Tuner` makes of them is a matter of arithmetic."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from edge.rfb import Command, FramebufferUpdateRequest
from edge.rfb.events import Event, UpdateFinished, UpdateStarted
from edge.rfb.tuning import Tuner

PIECE_BYTES = 8192


@dataclass
class Simulation:
    """A server that merges requests, as Xvnc and LibVNCServer do, behind a link of `bytes_s` and `round_trip_s`.

    The picture changes every `change_s` until `changes_until`; an update takes the server `service_s` to make and has
    `update_bytes`. Each is on its way from when it was made; `shown` are the times of the changes that it has in it.
    """

    tuner: Tuner
    bytes_s: float
    round_trip_s: float
    service_s: float
    change_s: float
    update_bytes: int
    changes_until: float
    finished: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._requested = self._changed = self._busy = False
        self._changed_at = 0.0
        self._free_at = 0.0

    def run(self, seconds: float) -> None:
        self._send(self.tuner.begin(0.0))
        self._change()
        while self._due and self._due[0][0] <= seconds:
            self._now, _, happens = heapq.heappop(self._due)
            happens()

    def _at(self, time: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time, next(self._order), happens))

    def _change(self) -> None:
        if not self._changed:
            self._changed_at = self._now
        self._changed = True
        self._serve()
        if self._now + self.change_s < self.changes_until:
            self._at(self._now + self.change_s, self._change)

    def _send(self, commands: tuple[Command, ...]) -> None:
        self.sent += commands
        for command in commands:
            if isinstance(command, FramebufferUpdateRequest):
                self.asked.append(self._now)
                self._at(self._now + self.round_trip_s / 2, self._request)

    def _request(self) -> None:
        self._requested = True
        self._serve()

    def _serve(self) -> None:
        if self._requested and self._changed and not self._busy:
            self._requested = self._changed = False
            self._busy = True
            changed_at = self._changed_at
            self._at(self._now + self.service_s, lambda: self._transmit(changed_at))

    def _transmit(self, changed_at: float) -> None:
        self._busy = False
        start = max(self._now, self._free_at)
        left, sent = self.update_bytes, 0
        while sent < left:
            piece = min(PIECE_BYTES, left - sent)
            first, sent = sent == 0, sent + piece
            arrives = start + sent / self.bytes_s + self.round_trip_s / 2
            last = sent == left
            self._at(arrives, lambda n=piece, f=first, e=last: self._arrive(n, changed_at, first=f, last=e))
        self._free_at = start + left / self.bytes_s
        self._serve()

    def _arrive(self, size: int, changed_at: float, *, first: bool, last: bool) -> None:
        self._send(self.tuner.arrived(size, self._now, goes_on=not last))
        if first:
            self._take(UpdateStarted(1))
        if last:
            self.finished.append(self._now)
            self.ages.append(self._now - changed_at)
            self._take(UpdateFinished(self.update_bytes))

    def _take(self, event: Event) -> None:
        self._send(self.tuner.take(event, self._now))
