"""A desktop's own CA, its server certificate, and the client certificates of its sessions."""

import asyncio
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.private_file import read_private, write_private
from edge.trust.tls import client_context

SERVER_LIFETIME = timedelta(days=365)
PROBE_LIFETIME = timedelta(minutes=1)


class DesktopTrust:
    """The CA that exactly one desktop trusts, in that desktop's directory. Its methods block."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._name = directory, name

    @property
    def server_name(self) -> str:
        """The name in the desktop's certificate."""
        return f"{self._name}.desktop.edge"

    @property
    def ca_file(self) -> Path:
        """The CA's certificate, for the server's verification of clients."""
        return self._directory / "ca.pem"

    @property
    def server_file(self) -> Path:
        """The server's key and certificate."""
        return self._directory / "server.pem"

    def authority(self) -> Authority:
        """Read the CA, or make it."""
        key_file = self._directory / "ca.key"
        if not key_file.exists() or not self.ca_file.exists():
            self.renew()
        return Authority.from_pem(read_private(self.ca_file), read_private(key_file), f"desktop {self._name}")

    def renew(self) -> None:
        """Make a new CA: what the old one signed is void as soon as the server has been started again."""
        authority = Authority.make(f"edge desktop {self._name}", datetime.now(UTC), secrets.randbits(159))
        write_private(self._directory / "ca.key", authority.key.pem)
        write_private(self.ca_file, authority.pem.encode())

    def issue_server(self, host: str) -> None:
        """Write a new key and certificate for the server.

        The key is RSA: x11vnc 0.9.16 refuses to start with any other.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        terms = Terms(datetime.now(UTC), SERVER_LIFETIME, secrets.randbits(159))
        certificate = self.authority().issue_server(self.server_name, [self.server_name, host], key.public_key(), terms)
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self.server_file, key_pem + to_pem(certificate).encode())

    def issue_session(self, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta) -> x509.Certificate:
        """Sign a session's client certificate."""
        return self.authority().issue_client("session", key, Terms(now, lifetime, secrets.randbits(159)))

    async def probe_context(self) -> ssl.SSLContext:
        """Return the TLS context of a client that may connect for a minute."""

        def make() -> ssl.SSLContext:
            key = PrivateKey.make()
            certificate = self.issue_session(key.public_key, datetime.now(UTC), PROBE_LIFETIME)
            return client_context(self.authority().pem, to_pem(certificate), key)

        return await asyncio.to_thread(make)
