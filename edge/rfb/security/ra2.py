"""Security types RA2, RA2ne, RA2_256 and RA2ne_256 (RSA-AES), which need no certificates.

Server and client send each other an RSA key and a random number encrypted with it, make AES keys of both numbers, and
prove by a hash of both RSA keys, sealed with AES, that nobody came in between. Who the server is says only its RSA key:
it is compared with the known one before anything is sent. The user name and the password go out once the server has
shown by its hash that it holds the key. In RA2 everything that follows is sealed as well, in RA2ne nothing.

Source: the RSA-AES section of the rfbproto specification; what it calls keys and hashes as TigerVNC 1.15 computes them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from struct import pack

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.errors import AuthenticationFailed, ProtocolViolation
from edge.rfb.security.credentials import password, user_and_password
from edge.rfb.security.entropy import Entropy
from edge.rfb.security.method import Asks, Method
from edge.rfb.security.policy import Security
from edge.rfb.security.sealed_frames import SealedFrames
from edge.rfb.security.types import SecurityType
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

#: Below, a key can be factored; above, servers accept none of ours either.
_KEY_BITS = range(2048, 8192 + 1)
#: Real exponents are 65537; raising to one as long as the key would take seconds.
_LARGEST_EXPONENT = (1 << 32) - 1
_LONGEST_CREDENTIAL_BYTES = 255


@dataclass(frozen=True, slots=True)
class _Variant:
    """What the four types differ in."""

    type: SecurityType
    hash: Callable[[bytes], "hashlib._Hash"]
    key_bytes: int
    seals_all: bool


def authenticate(variant: _Variant, stream: Stream, settings: ConnectionSettings) -> Parser[str]:
    """Check the server's key, agree on keys with it, and say who we are; SecurityResult follows.

    Raises `AuthenticationFailed` if the key is not the known one or the server does not hold it, `ProtocolViolation`
    for keys and lengths that cannot be.
    """
    name = variant.type.name
    stream.context = f"{name} server key"
    server = yield from _server_key(stream)
    _check_known(server, settings)
    own_key = settings.entropy.rsa_key()
    own = own_key.public_key().public_numbers()
    our_random = settings.entropy.octets(variant.key_bytes)
    stream.write(_key_message(own) + _number_message(server, our_random, settings.entropy))
    stream.context = f"{name} server random"
    their_random = yield from _server_random(stream, own_key, variant.key_bytes)
    keys = [
        variant.hash(first + second).digest()[: variant.key_bytes]
        for first, second in ((our_random, their_random), (their_random, our_random))
    ]
    stream.wrap(SealedFrames(opening_key=keys[0], sealing_key=keys[1]))
    our_message, their_message = _key_message(own), _key_message(server)
    stream.write(variant.hash(our_message + their_message).digest())
    stream.context = f"{name} server hash"
    expected = variant.hash(their_message + our_message).digest()
    try:
        shown = yield from stream.read(len(expected))
    except ProtocolViolation as error:
        raise AuthenticationFailed(
            f"the server has not shown that it holds its key; somebody may be in between ({error})"
        ) from error
    if shown != expected:
        raise AuthenticationFailed("the server saw other keys than we did: somebody is in between")
    stream.context = f"{name} subtype"
    match (yield from stream.u8()):
        case 1:
            user, secret = user_and_password(settings, _LONGEST_CREDENTIAL_BYTES)
        case 2:
            user, secret = b"", password(settings, _LONGEST_CREDENTIAL_BYTES)
        case other:
            raise ProtocolViolation(f"{other}, expected 1 (user name and password) or 2 (password)")
    stream.write(bytes([len(user)]) + user + bytes([len(secret)]) + secret)
    if not variant.seals_all:
        stream.wrap(None)
    return name


def fingerprint(key: rsa.RSAPublicNumbers) -> str:
    """Return the SHA-256 of a key's SubjectPublicKeyInfo in DER, in hexadecimal, as `openssl` prints it."""
    encoded = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def _server_key(stream: Stream) -> Parser[rsa.RSAPublicNumbers]:
    bits = yield from stream.u32()
    if bits not in _KEY_BITS:
        raise ProtocolViolation(f"an RSA key of {bits} bits, expected {_KEY_BITS[0]} to {_KEY_BITS[-1]}")
    size = (bits + 7) // 8
    modulus = int.from_bytes((yield from stream.read(size)), "big")
    exponent = int.from_bytes((yield from stream.read(size)), "big")
    if modulus.bit_length() != bits or not modulus & 1:
        raise ProtocolViolation(f"an RSA modulus of {modulus.bit_length()} bits, expected an odd one of {bits}")
    if not 3 <= exponent <= _LARGEST_EXPONENT or not exponent & 1:
        raise ProtocolViolation(f"an RSA exponent of {exponent.bit_length()} bits, expected an odd one of 2 to 32")
    return rsa.RSAPublicNumbers(exponent, modulus)


def _check_known(key: rsa.RSAPublicNumbers, settings: ConnectionSettings) -> None:
    found = fingerprint(key)
    if settings.server_key_sha256 is None:
        if Security.UNKNOWN_RSA_KEY not in settings.security:
            raise AuthenticationFailed(
                f"nobody vouches for the server's RSA key, SHA-256 {found}. If that is what the server's administrator "
                "reads with `openssl rsa -in KEY -pubout -outform DER | sha256sum`, give it (--server-key)"
            )
    elif found != settings.server_key_sha256:
        raise AuthenticationFailed(
            f"the server's RSA key has SHA-256 {found}, the known one {settings.server_key_sha256}: "
            "it has a new key, or somebody is in between"
        )


def _key_message(key: rsa.RSAPublicNumbers) -> bytes:
    bits = key.n.bit_length()
    size = (bits + 7) // 8
    return pack(">I", bits) + key.n.to_bytes(size, "big") + key.e.to_bytes(size, "big")


def _number_message(key: rsa.RSAPublicNumbers, number: bytes, entropy: Entropy) -> bytes:
    """Encrypt by RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1), with randomness that comes in as an argument."""
    size = (key.n.bit_length() + 7) // 8
    padding = b""
    while missing := size - 3 - len(number) - len(padding):
        padding += entropy.octets(missing).replace(b"\0", b"")
    message = b"\0\2" + padding + b"\0" + number
    encrypted = pow(int.from_bytes(message, "big"), key.e, key.n)
    return pack(">H", size) + encrypted.to_bytes(size, "big")


def _server_random(stream: Stream, own_key: rsa.RSAPrivateKey, size: int) -> Parser[bytes]:
    length = yield from stream.u16()
    if length != own_key.key_size // 8:
        raise ProtocolViolation(f"{length} bytes, expected {own_key.key_size // 8}, as our key has")
    encrypted = yield from stream.read(length)
    try:
        number = own_key.decrypt(bytes(encrypted), PKCS1v15())
    except ValueError:
        number = b""
    # Where the padding is wrong, OpenSSL 3.2 and later make something up instead of failing.
    if len(number) != size:
        raise ProtocolViolation(f"it does not decrypt to {size} bytes")
    return number


def _method(variant: _Variant, word: Security) -> Method:
    words = frozenset({word})
    return Method(partial(authenticate, variant), bare=words, in_tls=words, asks=Asks.PASSWORD)


#: The four types, best first.
METHODS = {
    variant.type: _method(variant, word)
    for variant, word in (
        (_Variant(SecurityType.RA2_256, hashlib.sha256, 32, seals_all=True), Security.RA2_256),
        (_Variant(SecurityType.RA2, hashlib.sha1, 16, seals_all=True), Security.RA2),
        (_Variant(SecurityType.RA2NE_256, hashlib.sha256, 32, seals_all=False), Security.RA2NE_256),
        (_Variant(SecurityType.RA2NE, hashlib.sha1, 16, seals_all=False), Security.RA2NE),
    )
}
