"""Who this device is: its key and certificate and where its broker is, in the state directory."""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from edge.errors import TrustError
from edge.trust.certificates import half_life, load_certificate
from edge.trust.keys import PrivateKey
from edge.trust.private_file import read_private, write_private
from edge.trust.tls import client_context

KEY_FILE = "device.key"
IDENTITY_FILE = "identity.json"
BOOT_FILE = "boot-sequence"


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What enrolment gave: the device's name, its certificate, the CA to trust and the bus's address."""

    device: str
    certificate_pem: str
    ca_pem: str
    bus_host: str
    bus_port: Annotated[int, msgspec.Meta(ge=1, le=65535)]

    def renew_at(self) -> datetime:
        """When half of the certificate's life is over."""
        return half_life(load_certificate(self.certificate_pem, "the device's certificate"))

    def expires_at(self) -> datetime:
        """When the bus will refuse the certificate, and the device has to be enrolled again."""
        return load_certificate(self.certificate_pem, "the device's certificate").not_valid_after_utc

    def renewed(self, certificate_pem: str, ca_pem: str) -> "Identity":
        """Return it with the next certificate."""
        return msgspec.structs.replace(self, certificate_pem=certificate_pem, ca_pem=ca_pem)


class DeviceState:
    """The state directory of a device: its key, its identity once enrolled, and the count of its starts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def key(self) -> PrivateKey:
        """Read the device's key, or make it on the first call; raises `TrustError`."""
        return PrivateKey.load_or_make(self._directory / KEY_FILE)

    def identity(self) -> Identity | None:
        """Read who this device is; None before enrolment. Raises `TrustError` if the file is damaged."""
        path = self._directory / IDENTITY_FILE
        if not path.exists():
            return None
        try:
            return msgspec.json.decode(read_private(path), type=Identity)
        except msgspec.DecodeError as error:
            raise TrustError(f"{path}: damaged ({error}); delete it and enrol the device again") from error

    def save(self, identity: Identity) -> None:
        """Keep who this device is; raises `TrustError` if that fails, and then nothing has changed."""
        write_private(self._directory / IDENTITY_FILE, msgspec.json.encode(identity))

    def bus_context(self, identity: Identity) -> ssl.SSLContext:
        """Return the TLS context for the bus; raises `TrustError` if key and certificate do not fit together."""
        return client_context(identity.ca_pem, identity.certificate_pem, self.key())

    def next_boot(self) -> int:
        """Count this start of the device and return its number, from 1; raises `TrustError`."""
        path = self._directory / BOOT_FILE
        try:
            number = int(read_private(path)) + 1 if path.exists() else 1
        except ValueError:
            number = 1  # a damaged count starts again: statuses are compared only within one connection's life
        write_private(path, str(number).encode())
        return number
