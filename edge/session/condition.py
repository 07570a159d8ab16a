"""How the device is, as its status page says it."""

from importlib.metadata import version
from pathlib import Path

from edge.session.desktop import DesktopSession
from edge.session.statistics import resident_bytes
from edge.session.user_session import UserSession

THERMAL = Path("/sys/class/thermal")
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at its first answer, and touched at each later one."""


def condition(device: str, bus: str, user: UserSession | None, session: DesktopSession | None) -> list[tuple[str, str]]:
    """Return the rows of the page: names of the words' `rows`, and what there is to say of each."""
    rows = [("device", device or "-"), ("network", ", ".join(addresses()) or "-"), ("broker", bus or "-")]
    if user is not None and session is not None:
        report = session.report()
        width, height = report.desktop
        received = sum(traffic.bytes_in for traffic in report.connections.values())
        sent = sum(traffic.bytes_out for traffic in report.connections.values())
        network = f", {report.network_ms.p50:.1f} ms" if report.network_ms is not None else ""
        rows += [
            ("desktop", f"{user.desktop}, {width}x{height}, 1/{report.scale}"),
            ("received", f"{received / 1e6:.2f} MB"),
            ("sent", f"{sent / 1e6:.2f} MB"),
            ("exact", f"{report.fraction_exact:.1%}"),
            ("text", f"{report.fraction_text_exact:.1%}"),
            ("restoring", f"{report.backend}{network}"),
        ]
    if (celsius := temperature(THERMAL)) is not None:
        rows.append(("temperature", f"{celsius:.0f} °C"))
    rows += [("memory", f"{resident_bytes()[0] / 1e6:.0f} MB"), ("version", version("edge"))]
    return rows


def temperature(zones: Path) -> float | None:
    """Return the hottest of the machine's thermal zones in degrees Celsius, None where there is none.

    Source: Linux, Documentation/driver-api/thermal/sysfs-api.rst.
    """
    found = []
    for file in zones.glob("thermal_zone*/temp"):
        try:
            found.append(int(file.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(found, default=None)


def waits_for_time(mark: Path) -> bool:
    """Whether the clock is still to be set from the network; `mark` is made when it is, if anything here does it."""
    return mark.parent.is_dir() and not mark.exists()


def addresses() -> list[str]:
    """Return this machine's own IPv4 addresses. Source: proc(5), net/fib_trie."""
    local: list[str] = []
    address = ""
    for line in Path("/proc/net/fib_trie").read_text(encoding="ascii").splitlines():
        word = line.split()
        if word[:1] in (["|--"], ["+--"]):
            address = word[1]
        elif word[:3] == ["/32", "host", "LOCAL"] and not address.startswith("127.") and address not in local:
            local.append(address)
    return local
