"""Waiting until a window manager is there: what is mapped before is neither focused nor maximised.

Source: EWMH, _NET_SUPPORTING_WM_CHECK.
"""

import time

from edge.broker.desktops.x_server import Screen
from edge.errors import BrokerError

SUPPORTING_WM_CHECK = b"_NET_SUPPORTING_WM_CHECK"
TIMEOUT_S = 5.0
POLL_S = 0.02


def wait_for_window_manager(screen: Screen) -> bool:
    """Block until the root window of `screen` names its window manager; False if none does within some seconds."""
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with screen.open() as server:
            while time.monotonic() < deadline:
                if server.property(SUPPORTING_WM_CHECK):
                    return True
                time.sleep(POLL_S)
    except BrokerError:
        return False
    return False
