"""A server and a link without a socket or a clock: what a `Tuner` makes of them is a matter of arithmetic."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from edge.rfb import Command, FramebufferUpdateRequest
from edge.rfb.events import Event, UpdateFinished, UpdateStarted
from edge.rfb.tuning import Tuner

PIECE_BYTES = 8192


class OneAtATime(Tuner):
    """Asks when an update has come, as the simplest viewers do: what tuning is compared with."""

    def begin(self, now):
        return (FramebufferUpdateRequest(self._rect, incremental=False),)

    def arrived(self, count, now, *, goes_on):
        self.meter.arrived(count, now, goes_on=goes_on)
        return ()

    def take(self, event, now):
        if isinstance(event, UpdateFinished):
            return (FramebufferUpdateRequest(self._rect, incremental=True),)
        return ()

    def due_in(self, now):
        return None


@dataclass
class Simulation:
    """A server that merges requests, as Xvnc and LibVNCServer do, behind a link of `bytes_s` and `round_trip_s`.

    The picture changes every `change_s` until `changes_until`; an update takes the server `service_s` to make and has
    `update_bytes`, the first one `first_bytes`. `finished` are the times at which updates have come, `ages` how long
    before them the oldest change was that they show.
    """

    tuner: Tuner
    bytes_s: float
    round_trip_s: float
    service_s: float
    change_s: float
    update_bytes: int
    changes_until: float
    first_bytes: int = 200_000
    finished: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0
        self._requested = self._changed = self._busy = self._woken = False
        self._changed_at = 0.0
        self._free_at = 0.0
        self._made = 0

    def run(self, seconds: float) -> None:
        self._send(self.tuner.begin(0.0))
        self._change()
        while self._due and self._due[0][0] <= seconds:
            self._now, _, happens = heapq.heappop(self._due)
            happens()

    @property
    def rests(self) -> bool:
        """Whether nothing is on its way, and nothing will be."""
        return not self._due

    def _wake(self) -> None:
        due_in_s = self.tuner.due_in(self._now)
        if due_in_s is not None and not self._woken:
            self._woken = True
            self._at(self._now + due_in_s, self._ask_ahead)

    def _ask_ahead(self) -> None:
        self._woken = False
        self._send(self.tuner.due(self._now))
        self._wake()

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
        left, sent = self.update_bytes if self._made else self.first_bytes, 0
        self._made += 1
        while sent < left:
            piece = min(PIECE_BYTES, left - sent)
            first, sent = sent == 0, sent + piece
            arrives = start + sent / self.bytes_s + self.round_trip_s / 2
            last = sent == left
            total = left if last else 0
            self._at(arrives, lambda n=piece, f=first, t=total: self._arrive(n, changed_at, first=f, total=t))
        self._free_at = start + left / self.bytes_s
        self._serve()

    def _arrive(self, size: int, changed_at: float, *, first: bool, total: int) -> None:
        self._send(self.tuner.arrived(size, self._now, goes_on=not total))
        if first:
            self._take(UpdateStarted(1))
        if total:
            self.finished.append(self._now)
            self.ages.append(self._now - changed_at)
            self._take(UpdateFinished(total))
        self._wake()

    def _take(self, event: Event) -> None:
        self._send(self.tuner.take(event, self._now))
