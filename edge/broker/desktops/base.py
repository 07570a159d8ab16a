"""What a provider of desktops is to the broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge.control.messages import TlsMode
from edge.geometry import Size


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a running desktop is; `server_name` is the name in its certificate, `ca_pem` who signed that."""

    host: str
    port: int
    tls: TlsMode
    server_name: str
    ca_pem: str
    size: Size


@dataclass(frozen=True, slots=True)
class DesktopState:
    """A desktop as an administrator sees it; `processes` says for each part whether it runs."""

    name: str
    running: bool
    port: int | None
    processes: dict[str, bool]


class DesktopProvider(Protocol):
    """Starts, keeps and stops desktops. Names are DNS labels."""

    async def start(self, name: str) -> Endpoint:
        """Start the desktop, or find it running; returns when it can be connected to. Raises `BrokerError`."""
        ...

    async def admit(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, term: timedelta
    ) -> x509.Certificate:
        """Sign a client certificate that this one desktop trusts, for a session's key. Raises `BrokerError`."""
        ...

    async def bar(self, name: str) -> None:
        """End all connections and make all admissions so far void; the desktop itself goes on."""
        ...

    async def stop(self, name: str) -> None:
        """End the desktop and exactly what belongs to it; its files stay. Nothing happens if it does not run."""
        ...

    async def states(self) -> Sequence[DesktopState]:
        """List the desktops that were ever started."""
        ...
