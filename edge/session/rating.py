"""Getting a full-size connection through x11vnc's rating of a new client's link.

The first time that x11vnc sends a client 10 kB in one turn, it marks the 16x16 pixels at the top left as modified and
waits until that client has asked for something and has nothing left to be sent; then it does so three times more.
Meanwhile it looks at no screen and updates nobody, and a client that is not rated sees the same. A client that asks
for chosen rectangles alone seldom has nothing left, and would stop everything for 5 to 15 s. So an incremental
request for that corner is kept waiting. When it is answered and nothing follows, the connection is scaled down until
the whole desktop is a few pixels, asks for all of them as an ordinary viewer would, and returns to full size when the
rating is over.

Source: x11vnc's measure_send_rates as of 0.9.16; seen with strace.
"""

from enum import Enum, auto

from edge.geometry import Rect, Size
from edge.rfb.commands import Command, FramebufferUpdateRequest, SetScale
from edge.rfb.events import DesktopResized, Event, RectangleDecoded, UpdateFinished

CORNER = Rect(0, 0, 16, 16)
SMALLEST = 255
"""SetScale's largest factor."""
TOUCHES = 4
"""The rating waits for one update of the corner, then for three more."""
RATINGS = 2
"""This connection's, and that at low resolution; then the corner need not be watched any longer."""
MOST_MISTAKES = 3
"""A corner that changes by itself looks like a rating; after so many mistakes it is no longer watched."""


class _Phase(Enum):
    STARTING = auto()
    WATCHING = auto()
    TOUCHED = auto()
    SHRINKING = auto()
    SMALL = auto()
    GROWING = auto()
    DONE = auto()


class Rating:
    """What to send because of what came on the full-size connection. Pure.

    While `busy`, send nothing else; when nothing has come for `patience_s` meanwhile, call `nothing_came`.
    """

    def __init__(self, native: Size, round_trip_s: float) -> None:
        self._native = native
        self._round_trip_s = round_trip_s
        self._phase = _Phase.STARTING
        self._touches = 0
        self._ratings = 0
        self._mistakes = 0

    @property
    def busy(self) -> bool:
        """Whether a rating may be going on."""
        return self._phase not in {_Phase.STARTING, _Phase.WATCHING, _Phase.DONE}

    @property
    def small(self) -> bool:
        """Whether what comes now is not at full size."""
        return self._phase in {_Phase.SMALL, _Phase.GROWING}

    @property
    def shrunk(self) -> bool:
        """Whether the server would read a position sent now at another scale."""
        return self._phase in {_Phase.SHRINKING, _Phase.SMALL}

    @property
    def patience_s(self) -> float:
        """How long to wait for what comes next."""
        return self._round_trip_s + (0.25 if self._phase is _Phase.TOUCHED else 0.5)

    def watch(self) -> tuple[Command, ...]:
        """Return the request to leave with the server whenever there is no other."""
        if self.small or self._phase in {_Phase.SHRINKING, _Phase.DONE}:
            return ()
        return (FramebufferUpdateRequest(CORNER, incremental=True),)

    def take(self, event: Event) -> tuple[Command, ...]:
        """Return the answer to `event`."""
        match event:
            case RectangleDecoded(rect=rect) if rect == CORNER:
                return self._touched()
            case UpdateFinished() if self._phase is _Phase.SMALL:
                self._touches += 1
                # The first two are the new size and all pixels.
                if self._touches <= TOUCHES:
                    return (self._all_small(),)
                self._ratings += 1
                return self._grow()
            case DesktopResized() if self._phase is _Phase.SHRINKING:
                self._phase = _Phase.SMALL
            case DesktopResized(size=size) if self._phase is _Phase.GROWING and size == self._native:
                return self._watch_on()
            case _:
                pass
        return ()

    def nothing_came(self) -> tuple[Command, ...]:
        """Return what to send after `patience_s` of silence."""
        match self._phase:
            case _Phase.TOUCHED if self._touches == 1:
                return self._shrink()
            case _Phase.TOUCHED:
                self._phase = _Phase.WATCHING
                return self.watch()
            case _Phase.SHRINKING | _Phase.SMALL:
                self._mistakes += 1
                return self._grow()
            case _:
                return ()

    def _touched(self) -> tuple[Command, ...]:
        match self._phase:
            case _Phase.STARTING:
                # To a new client everything is modified, so this answer says nothing.
                self._phase = _Phase.WATCHING
            case _Phase.WATCHING:
                self._phase, self._touches = _Phase.TOUCHED, 1
            case _Phase.TOUCHED:
                self._touches += 1
                if self._touches == TOUCHES:
                    self._ratings += 1
                    return self._watch_on()
            case _:
                return ()
        return self.watch()

    def _watch_on(self) -> tuple[Command, ...]:
        over = self._ratings >= RATINGS or self._mistakes >= MOST_MISTAKES
        self._phase = _Phase.DONE if over else _Phase.WATCHING
        return self.watch()

    def _shrink(self) -> tuple[Command, ...]:
        self._phase, self._touches = _Phase.SHRINKING, 0
        return SetScale(SMALLEST), self._all_small()

    def _grow(self) -> tuple[Command, ...]:
        self._phase = _Phase.GROWING
        return SetScale(1), FramebufferUpdateRequest(CORNER, incremental=True)

    def _all_small(self) -> Command:
        size = Size(max(1, self._native.width // SMALLEST), max(1, self._native.height // SMALLEST))
        return FramebufferUpdateRequest(size.rect, incremental=True)
