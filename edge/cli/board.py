"""What `edgectl doctor` looks at on a board: its screen, what its user touches, its clock, and what restores."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from edge.cli.finding import Finding
from edge.config import DisplayConfig, RestoreConfig
from edge.errors import DisplayError, UpscalerError
from edge.session import condition

INPUT = Path("/dev/input")


def hardware(display: DisplayConfig) -> Iterator[Finding]:
    """Look at the screen and the keyboards; may be called while edged runs, which keeps both."""
    # Here: a broker's machine has neither libudev nor libxkbcommon.
    from edge.display.kms.monitor import open_card  # noqa: PLC0415
    from edge.display.kms.pipe import choose_pipe  # noqa: PLC0415

    try:
        card = open_card(Path(display.card) if display.card else None)
        try:
            pipe = choose_pipe(card, None, display.connector)
        finally:
            card.close()
    except DisplayError as error:
        yield Finding("screen", present=False, mend=str(error))
    else:
        interface = "atomic" if card.atomic else "legacy"
        yield Finding(f"screen {card.name} ({interface} mode setting)", present=True)
        monitor = "a monitor" if pipe is None else f"monitor on {pipe.connector.name}, {pipe.mode}"
        yield Finding(monitor, pipe is not None, "plug one in; if one is, try its other sockets and another cable")
    yield from _touched()


def clock(now_s: float | None = None) -> Finding:
    """Say whether the time was ever taken from the network; a code counts for half a minute only."""
    try:
        since_s = (time.time() if now_s is None else now_s) - condition.SYNCHRONISED.stat().st_mtime
    except OSError:
        mend = "systemctl enable --now systemd-timesyncd, and name a server in /etc/systemd/timesyncd.conf"
        return Finding("time from the network", present=False, mend=mend)
    return Finding(f"time from the network ({since_s / 60:.0f} min ago)", present=True)


def restoring(wanted: RestoreConfig) -> Finding:
    """Restore a picture by what should do it here; edged may do the same meanwhile."""
    # Here: these need packages that were looked for first.
    import numpy as np  # noqa: PLC0415

    from edge.restore.backends import open_backend, preferred  # noqa: PLC0415
    from edge.restore.upscaler import Upscaler  # noqa: PLC0415

    model = Path(wanted.model) if wanted.model else None
    name = preferred(model) if wanted.backend == "auto" else wanted.backend
    try:
        upscaler = Upscaler(open_backend(name, model))
        try:
            upscaler.upscale(np.zeros((16, 16), dtype=np.uint32))
        finally:
            upscaler.close()
    except UpscalerError as error:
        return Finding(f"restoring by {name}", present=False, mend=str(error))
    return Finding(f"restoring by {name}", present=True)


def _touched() -> Iterator[Finding]:
    from evdev import InputDevice, ecodes  # noqa: PLC0415

    names, refused = [], []
    for node in sorted(INPUT.glob("event*")):
        try:
            device = InputDevice(node)
        except OSError as error:
            refused.append(f"{node}: {error.strerror}")
            continue
        with closing(device):
            if ecodes.KEY_ENTER in device.capabilities(absinfo=False).get(ecodes.EV_KEY, []):
                names.append(device.name)
    mend = "; ".join(refused) or "plug one in"
    yield Finding(f"keyboard {', '.join(names)}" if names else "a keyboard", bool(names), mend)
