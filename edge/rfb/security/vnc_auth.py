"""Security type VncAuth: the server's challenge, encrypted with the password by DES.

Source: RFC 6143 section 7.2.2. That the bits of each byte of the key are reversed stands in no specification.
"""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from edge.rfb.security.credentials import password
from edge.rfb.settings import ConnectionSettings
from edge.rfb.stream import Parser, Stream

_CHALLENGE_BYTES = 16
_KEY_BYTES = 8
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def response(secret: bytes, challenge: bytes) -> bytes:
    """Encrypt the challenge of 16 bytes; only the first 8 bytes of the password count."""
    key = secret[:_KEY_BYTES].ljust(_KEY_BYTES, b"\0").translate(_REVERSED)
    # Triple DES with one key thrice is DES, which the library has no more.
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 - as the protocol has it
    return encryptor.update(challenge) + encryptor.finalize()


def authenticate(stream: Stream, settings: ConnectionSettings) -> Parser[str]:
    """Answer the challenge; raises `AuthenticationFailed` if there is no password to answer with."""
    stream.context = "VncAuth challenge"
    challenge = yield from stream.read(_CHALLENGE_BYTES)
    stream.write(response(password(settings), bytes(challenge)))
    return "VncAuth"
