"""Secrets at rest: sealed with AES-GCM under the broker's master key; codes and tokens are kept as keyed digests."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.errors import BrokerError
from edge.trust.private_file import read_private, write_private

KEY_BYTES = 32
NONCE_BYTES = 12

RandomBytes = Callable[[int], bytes]


class MasterKey:
    """The key under which everything secret in the database lies."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def make(cls, path: Path, random_bytes: RandomBytes) -> Self:
        """Make a key and keep it in `path` with mode 0600; raises `TrustError`."""
        key = random_bytes(KEY_BYTES)
        write_private(path, key)
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key in `path`; raises `TrustError` or `BrokerError`."""
        key = read_private(path)
        if len(key) != KEY_BYTES:
            raise BrokerError(f"{path}: {len(key)} bytes; a master key has {KEY_BYTES}. Restore it from a backup")
        return cls(key)

    def seal(self, secret: bytes, owner: str, random_bytes: RandomBytes) -> bytes:
        """Encrypt `secret` so that it opens only for `owner`: a row copied to another user's is of no use."""
        nonce = random_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Decrypt what `seal` made; raises `BrokerError` if it was changed, or is under another key."""
        try:
            return AESGCM(self._key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise BrokerError(
                f"user {owner}: the secret does not open: another master key, or a changed row"
            ) from error

    def digest(self, secret: str, owner: str = "") -> bytes:
        """Return the keyed digest by which a code or a token is found again."""
        return hmac.digest(self._key, f"{owner}\0{secret}".encode(), hashlib.sha256)
