"""Which connector, mode, CRTC and planes are used to show a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.display.kms import uapi
from edge.display.kms.card import Card, Connector, Mode, Plane
from edge.display.kms.uapi import Connection, PlaneType
from edge.errors import DisplayError
from edge.geometry import Size

#: What dumb buffers are drawn in, best first.
FORMATS = (uapi.XRGB8888, uapi.RGB565)


@dataclass(frozen=True, slots=True)
class Pipe:
    """The way from memory to a monitor."""

    connector: Connector
    mode: Mode
    crtc_id: int
    #: The CRTC's place in `Card.crtcs`, by which bits of `possible_crtcs` count.
    crtc_place: int
    primary: Plane
    #: One of `FORMATS`.
    fourcc: int


def choose_pipe(card: Card, wanted: Size | None = None, connector: str = "") -> Pipe | None:
    """Take the first connector with a monitor, or the one that is named as /sys/class/drm does ("HDMI-A-1").

    `wanted` is the configured size, None for what the monitor prefers. Returns None while no monitor is plugged in.
    Raises `DisplayError` if the named connector is not there, or the card cannot show a picture on it.
    """
    connectors = card.connectors()
    if connector and connector not in {each.name for each in connectors}:
        names = ", ".join(each.name for each in connectors)
        raise DisplayError(f"{card.name} has no connector {connector!r}; it has {names}")
    for each in connectors:
        if each.connection is Connection.CONNECTED and each.modes and connector in ("", each.name):
            return _pipe(card, each, choose_mode(each.modes, wanted))
    return None


def choose_mode(modes: Sequence[Mode], wanted: Size | None) -> Mode:
    """Take the mode of the `wanted` size, else what the monitor prefers, else the largest; of several, the fastest.

    Interlaced modes come last: text flickers in them.
    """
    fitting = [mode for mode in modes if mode.size == wanted]
    preferred = [mode for mode in modes if mode.preferred]
    return max(fitting or preferred or modes, key=lambda mode: (not mode.interlaced, mode.size.area, mode.hz))


def _pipe(card: Card, connector: Connector, mode: Mode) -> Pipe:
    planes = card.planes()
    for place, crtc in enumerate(card.crtcs):
        if not connector.possible_crtcs >> place & 1:
            continue
        primary = _plane(planes, PlaneType.PRIMARY, place)
        if primary is None:
            continue
        for fourcc in FORMATS:
            if fourcc in primary.formats:
                return Pipe(connector, mode, crtc, place, primary, fourcc)
    raise DisplayError(
        f"{card.name} has no CRTC whose primary plane shows XRGB8888 or RGB565 on connector {connector.name}"
    )


def _plane(planes: Iterable[Plane], kind: PlaneType, place: int) -> Plane | None:
    return next((each for each in planes if each.kind is kind and each.possible_crtcs >> place & 1), None)
