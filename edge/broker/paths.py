"""What lies where in the broker's data directory."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The broker's data directory, mode 0700; everything that the broker keeps is in it."""

    root: Path

    @property
    def database(self) -> Path:
        """Users, devices, desktops and the audit log."""
        return self.root / "broker.sqlite"

    @property
    def master_key(self) -> Path:
        """The key that seals the users' secrets."""
        return self.root / "master.key"

    @property
    def ca_certificate(self) -> Path:
        """The certificate of the CA for devices, bus and broker."""
        return self.root / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The key of that CA."""
        return self.root / "ca.key"

    @property
    def bus(self) -> Path:
        """Mosquitto's configuration, certificates and retained messages."""
        return self.root / "bus"

    @property
    def desktops(self) -> Path:
        """One directory for each desktop of the local provider."""
        return self.root / "desktops"

    @property
    def lock(self) -> Path:
        """Held by the running broker."""
        return self.root / "broker.lock"
