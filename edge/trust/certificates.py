"""A certificate authority and what it issues. Pure: time and serial numbers come in as arguments.

Source: RFC 5280; the CA/Browser Forum's habit of serial numbers with 64 random bits or more (`secrets.randbits(159)`).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.errors import TrustError
from edge.trust.keys import PrivateKey

# What a device verifies is dated back by a day: a board without a battery may start with a clock that is hours behind.
SERVER_BACKDATE = timedelta(days=1)
# What the broker's own machine verifies needs no more than the clock's small steps.
CLIENT_BACKDATE = timedelta(minutes=5)
AUTHORITY_LIFETIME = timedelta(days=3650)

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Terms:
    """What an issuer decides: when it signs, how long that holds, and the serial number."""

    now: datetime
    lifetime: timedelta
    serial: int


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def make(cls, name: str, now: datetime, serial: int) -> Self:
        """Make a CA that signs itself; it may sign leaves only (path length 0)."""
        key = PrivateKey.make()
        subject = _name(name)
        terms = Terms(now, AUTHORITY_LIFETIME, serial)
        builder = _builder(subject, subject, key.public_key, terms, SERVER_BACKDATE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(ca=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key), critical=False)
        return cls(builder.sign(key.signer, hashes.SHA256()), key)

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes, source: str) -> Self:
        """Read a CA; `source` names it in the `TrustError` if the two do not belong together."""
        key = PrivateKey.from_pem(key_pem, f"{source} key")
        certificate = load_certificate(certificate_pem.decode(errors="replace"), f"{source} certificate")
        if certificate.public_key() != key.public_key:
            raise TrustError(f"{source}: the certificate is for another key than the one beside it")
        return cls(certificate, key)

    @property
    def pem(self) -> str:
        """The CA's certificate, PEM."""
        return to_pem(self.certificate)

    def issue_server(self, name: str, hosts: Sequence[str], key: PublicKey, terms: Terms) -> x509.Certificate:
        """Sign a TLS server's certificate that is good for each of `hosts` (names or IP addresses)."""
        builder = _builder(_name(name), self.certificate.subject, key, terms, SERVER_BACKDATE)
        alternatives = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(alternatives, critical=False)
        return self._signed(builder, key, ExtendedKeyUsageOID.SERVER_AUTH)

    def issue_client(self, name: str, key: ec.EllipticCurvePublicKey, terms: Terms) -> x509.Certificate:
        """Sign a TLS client's certificate; `name` is its common name, which is who it is on the bus."""
        builder = _builder(_name(name), self.certificate.subject, key, terms, CLIENT_BACKDATE)
        return self._signed(builder, key, ExtendedKeyUsageOID.CLIENT_AUTH)

    def revocation_list(
        self, revoked: Iterable[tuple[int, datetime]], this_update: datetime, next_update: datetime
    ) -> bytes:
        """Sign a list of revoked (serial, since when), PEM.

        `this_update` must be later, by a second or more, than that of the list before: OpenSSL keeps every list that
        it has loaded and goes by the one with the latest date.
        """
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(this_update).next_update(next_update)
        builder = builder.add_extension(self._key_identifier(), critical=False)
        builder = builder.add_extension(x509.CRLNumber(int(this_update.timestamp())), critical=False)
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key.signer, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _signed(
        self, builder: x509.CertificateBuilder, key: PublicKey, purpose: x509.ObjectIdentifier
    ) -> x509.Certificate:
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(ca=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        builder = builder.add_extension(self._key_identifier(), critical=False)
        return builder.sign(self.key.signer, hashes.SHA256())

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def load_certificate(pem: str, source: str) -> x509.Certificate:
    """Read one certificate, PEM; `source` names it in the `TrustError` for anything else."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise TrustError(f"{source}: not a certificate in PEM: {error}") from error


def to_pem(certificate: x509.Certificate) -> str:
    """Write one certificate, PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, in hexadecimal, for people to compare."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def half_life(certificate: x509.Certificate) -> datetime:
    """When half of a certificate's life is over: the time to renew it."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin + (end - begin) / 2


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, terms: Terms, backdate: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(terms.serial).not_valid_before(terms.now - backdate)
    return builder.not_valid_after(terms.now + terms.lifetime)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
