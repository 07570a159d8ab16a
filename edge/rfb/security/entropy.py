"""Where the secrets that a connection makes up for itself come from."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

#: As long as the keys that servers make for themselves, and good for one session.
_KEY_BITS = 2048


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


@dataclass(frozen=True, slots=True)
class Entropy:
    """Functions that return so many unpredictable bytes, and a new RSA key (which takes some 100 ms)."""

    octets: Callable[[int], bytes] = os.urandom
    rsa_key: Callable[[], rsa.RSAPrivateKey] = _new_key
