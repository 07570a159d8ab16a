"""What systemd is told of a daemon.

Source: sd_notify(3).
"""

import os
import socket


def notify(state: str) -> None:
    """Tell the service manager, if there is one, a state such as "READY=1"."""
    if not (address := os.environ.get("NOTIFY_SOCKET")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
