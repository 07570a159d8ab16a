"""Private keys: EC P-256, made where they are used and never sent anywhere; what leaves is a signing request."""

from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from edge.errors import TrustError
from edge.trust.private_file import read_private, write_private


class PrivateKey:
    """An EC P-256 private key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @classmethod
    def make(cls) -> Self:
        """Make a new one from the system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes, source: str) -> Self:
        """Read PKCS #8 PEM without a password; `source` names it in the `TrustError` for anything else."""
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise TrustError(f"{source}: not a private key in PEM without a password: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise TrustError(f"{source}: holds another kind of key; an EC key on P-256 was expected")
        return cls(key)

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """Read the key in `path`, or make one and keep it there with mode 0600; raises `TrustError`."""
        if path.exists():
            return cls.from_pem(read_private(path), str(path))
        key = cls.make()
        write_private(path, key.pem)
        return key

    @property
    def pem(self) -> bytes:
        """The key itself, PKCS #8 PEM, not encrypted."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def signer(self) -> ec.EllipticCurvePrivateKey:
        """The key as `cryptography` wants it for signing."""
        return self._key

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Its public half."""
        return self._key.public_key()

    def signing_request(self, name: str) -> str:
        """Return a certificate signing request, PEM; the issuer decides what of `name` it keeps.

        Source: RFC 2986.
        """
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._key, hashes.SHA256())
        return request.public_bytes(Encoding.PEM).decode()


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo, DER), in hexadecimal."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def requested_key(request_pem: str) -> ec.EllipticCurvePublicKey:
    """Return the public key of a signing request whose signature proves that the sender holds the private one.

    Raises `TrustError` for anything but a valid request for an EC key on P-256. The request's names are not looked at.
    """
    try:
        request = x509.load_pem_x509_csr(request_pem.encode())
        key = request.public_key()
        valid = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TrustError(f"not a certificate signing request in PEM: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TrustError("the signing request is for another kind of key; an EC key on P-256 was expected")
    if not valid:
        raise TrustError("the signing request's signature is wrong: its sender does not hold the key")
    return key
