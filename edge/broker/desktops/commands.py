"""The command lines of a local desktop's programs. Pure."""

import os
from pathlib import Path

from edge.config import DesktopsConfig
from edge.geometry import Size


def xvfb(size: Size, authority: Path) -> list[str]:
    """Run the X server; it writes its number to descriptor 3."""
    screen = f"{size.width}x{size.height}x24"
    return ["Xvfb", "-displayfd", "3", "-screen", "0", screen, "-auth", str(authority), "-nolisten", "tcp", "-noreset"]


def program(config: DesktopsConfig, size: Size, home: Path) -> list[str]:
    """Run what the desktop is for: the configured one, or Chromium on the start page."""
    if config.program:
        return list(config.program)
    return [
        "chromium",
        # it refuses to start as root otherwise, and with the first alone it shows a bar that says so for ever
        *(["--no-sandbox", "--test-type"] if os.geteuid() == 0 else []),
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",  # a container's /dev/shm is smaller than a page of pictures
        "--disable-gpu",
        "--password-store=basic",
        "--hide-crash-restore-bubble",
        f"--user-data-dir={home / '.config' / 'chromium'}",
        f"--window-size={size.width},{size.height}",
        "--window-position=0,0",
        "--start-maximized",
        config.start_page,
    ]


def x11vnc(display: int, authority: Path, listen: str, port: int, server_pem: Path, ca_pem: Path) -> list[str]:
    """Run the RFB server: TLS from the first byte, and only for clients whose certificate `ca_pem` signed.

    Never with -scale: each client asks for its own with SetScale, and one for the full size.
    """
    return [
        *("x11vnc", "-norc", "-quiet", "-nolookup", "-noipv6", "-no6"),
        *("-display", f":{display}", "-auth", str(authority), "-noremote", "-novncconnect"),
        *("-listen", listen, "-rfbport", str(port)),
        *("-ssl", str(server_pem), "-sslverify", str(ca_pem), "-sslonly"),
        *("-shared", "-forever", "-nodpms"),
        # what was on the screen, not a wire frame or a guess of a scroll
        *("-nowireframe", "-noscrollcopyrect", "-noxrecord"),
        *("-wait", "10", "-defer", "10", "-readtimeout", "60"),
        # what it would measure at each new client while it shows nothing new to anybody: MB/s, kB/s, ms
        *("-speeds", "100,10000,20"),
        # a device that never comes back leaves no key held down
        *("-xkb", "-add_keysyms", "-norepeat", "-clear_keys"),
    ]
