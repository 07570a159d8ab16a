"""The appliance's state machine: what it may be doing, and what may follow what."""

from enum import StrEnum


class Phase(StrEnum):
    """What the appliance is doing."""

    STARTING = "starting"
    ENROLLING = "enrolling"
    """Finding out who this device is: from what it keeps, or by its enrolment file."""
    GREETER = "greeter"
    SIGNING_IN = "signing in"
    CONNECTING = "connecting"
    DESKTOP = "desktop"
    LOST = "lost"


NEXT: dict[Phase, frozenset[Phase]] = {
    Phase.STARTING: frozenset({Phase.ENROLLING}),
    Phase.ENROLLING: frozenset({Phase.GREETER}),
    Phase.GREETER: frozenset({Phase.SIGNING_IN, Phase.ENROLLING}),
    Phase.SIGNING_IN: frozenset({Phase.GREETER, Phase.CONNECTING, Phase.ENROLLING}),
    Phase.CONNECTING: frozenset({Phase.DESKTOP, Phase.LOST, Phase.GREETER}),
    Phase.DESKTOP: frozenset({Phase.LOST, Phase.GREETER}),
    Phase.LOST: frozenset({Phase.CONNECTING, Phase.GREETER}),
}
"""The whole of it; nothing else is ever entered."""
