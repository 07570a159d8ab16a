"""The broker's CA in its data directory, and what it signs: devices, the bus, the broker itself. Its methods block."""

import secrets
import ssl
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge.broker.paths import DataDirectory
from edge.broker.sealing import MasterKey
from edge.config import BrokerConfig
from edge.control.topics import BROKER
from edge.errors import BrokerError, TrustError
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.private_file import read_private, write_private
from edge.trust.tls import client_context, load_chain

MOMENT = timedelta(minutes=2)


class BrokerAuthority:
    """The CA that devices, bus and broker trust."""

    def __init__(self, authority: Authority, config: BrokerConfig) -> None:
        self._authority, self._config = authority, config

    @classmethod
    def init(cls, config: BrokerConfig) -> Self:
        """Make the CA and the master key, both or neither; raises `BrokerError` if they exist."""
        paths = DataDirectory(config.data_dir)
        files = (paths.ca_key, paths.ca_certificate, paths.master_key)
        for path in files:
            if path.exists():
                raise BrokerError(f"{path} exists: this data directory has its CA. A new one locks all devices out")
        authority = Authority.make("edge CA", datetime.now(UTC), _serial())
        try:
            MasterKey.make(paths.master_key, secrets.token_bytes)
            write_private(paths.ca_key, authority.key.pem)
            write_private(paths.ca_certificate, authority.pem.encode())
        except TrustError:
            for path in files:
                path.unlink(missing_ok=True)
            raise
        return cls(authority, config)

    @classmethod
    def load(cls, config: BrokerConfig) -> Self:
        """Read the CA; raises `BrokerError` if there is none, `TrustError` if it is damaged."""
        paths = DataDirectory(config.data_dir)
        if not paths.ca_key.exists():
            raise BrokerError(f"{config.data_dir} holds no CA; make one once: edgectl ca init")
        key = read_private(paths.ca_key)
        return cls(Authority.from_pem(read_private(paths.ca_certificate), key, str(paths.ca_key)), config)

    @property
    def pem(self) -> str:
        """The CA's certificate, PEM."""
        return self._authority.pem

    @property
    def certificate(self) -> x509.Certificate:
        """The CA's certificate."""
        return self._authority.certificate

    def issue_device(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """Sign a device's certificate."""
        lifetime = timedelta(days=self._config.certificates.device_days)
        return self._authority.issue_client(name, key, Terms(datetime.now(UTC), lifetime, _serial()))

    def issue_server(self, host: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """Sign a certificate for the bus or for enrolment, good for `host` and for this machine's own names."""
        lifetime = timedelta(days=self._config.certificates.server_days)
        hosts = list(dict.fromkeys([host, self._config.bus.near_host, "127.0.0.1", "localhost"]))
        return self._authority.issue_server(host, hosts, key, Terms(datetime.now(UTC), lifetime, _serial()))

    def broker_context(self) -> ssl.SSLContext:
        """Return the TLS context with which the broker itself connects to the bus."""
        return self.client_context(BROKER, timedelta(days=self._config.certificates.server_days))

    def client_context(self, name: str, lifetime: timedelta = MOMENT, serial: int | None = None) -> ssl.SSLContext:
        """Return a TLS context with a new certificate in the name of `name`, whose key never leaves this process."""
        key = PrivateKey.make()
        terms = Terms(datetime.now(UTC), lifetime, _serial() if serial is None else serial)
        return client_context(self.pem, to_pem(self._authority.issue_client(name, key.public_key, terms)), key)

    def load_enrolment_chain(self, context: ssl.SSLContext) -> None:
        """Put a new key and certificate of the enrolment server into `context`, which may be in use."""
        key = PrivateKey.make()
        load_chain(context, to_pem(self.issue_server(self._config.enrolment.host, key.public_key)), key)

    def revocation_list(self, revoked: list[tuple[int, datetime]], previous: bytes | None) -> bytes:
        """Sign a revocation list, PEM, that counts as newer than `previous`."""
        now = datetime.now(UTC).replace(microsecond=0)
        update = now - timedelta(minutes=5)  # leaves room for many lists within one second
        if previous is not None:
            before = x509.load_pem_x509_crl(previous).last_update_utc
            update = max(update, before + timedelta(seconds=1))
        return self._authority.revocation_list(
            revoked, update, now + timedelta(days=self._config.certificates.crl_days)
        )


def _serial() -> int:
    return secrets.randbits(159)
