"""The figures that a device sends to the bus: every half a minute, on a topic that only it may write to."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Never

from edge.control import topics
from edge.control.client import BusClient
from edge.control.messages import MOST_OF_A_REASON, SessionFigures, Telemetry, encode
from edge.errors import ControlError
from edge.session.condition import THERMAL, temperature
from edge.session.desktop import DesktopSession
from edge.session.statistics import resident_bytes

EVERY_S = 30.0
DEVICE_FREQUENCIES = Path("/sys/class/devfreq")

_log = logging.getLogger(__name__)


async def keep_reporting(bus: BusClient, device: str, session: Callable[[], DesktopSession | None]) -> Never:
    """Send what there is to say of the device, and of the desktop that `session` gives, until cancelled."""
    while True:
        body = encode(figures(session()))
        try:
            await bus.publish(topics.telemetry(device), body)
        except ControlError as error:
            # The next figures come soon; these are not worth keeping.
            _log.debug("telemetry not sent: %s", error)
        await asyncio.sleep(EVERY_S)


def figures(session: DesktopSession | None) -> Telemetry:
    """Read all figures now."""
    return Telemetry(
        resident_bytes=resident_bytes()[0],
        temperature_c=temperature(THERMAL),
        npu_mhz=npu_mhz(DEVICE_FREQUENCIES),
        session=None if session is None else _of(session),
    )


def npu_mhz(devices: Path) -> float | None:
    """Return the clock of the NPU, None where the kernel has none.

    Source: Linux, Documentation/ABI/testing/sysfs-class-devfreq; Rockchip's driver calls the device fdab0000.npu.
    """
    for device in devices.glob("*.npu"):
        try:
            return int((device / "cur_freq").read_text()) / 1_000_000
        except (OSError, ValueError):
            return None
    return None


def _of(session: DesktopSession) -> SessionFigures:
    report = session.report()
    traffic = report.connections.values()
    return SessionFigures(
        seconds=report.seconds,
        bytes_in=sum(each.bytes_in for each in traffic),
        bytes_out=sum(each.bytes_out for each in traffic),
        round_trip_ms=round(session.round_trip_s * 1000, 1),
        backend=report.backend,
        backend_failure=report.backend_failures[-1][:MOST_OF_A_REASON] if report.backend_failures else None,
        network_ms=None if report.network_ms is None else report.network_ms.p50,
        fraction_exact=report.fraction_exact,
        fraction_text_exact=report.fraction_text_exact,
    )
