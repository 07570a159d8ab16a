"""AES in EAX mode: encryption that also proves where the bytes come from.

Source: Bellare, Rogaway, Wagner, *The EAX Mode of Operation* (2004), which builds it from CTR and CMAC.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq

MAC_BYTES = 16
NONCE_BYTES = 16
_BLOCK_BYTES = 16
_NONCE, _HEADER, _MESSAGE = range(3)


class Eax:
    """AES-EAX under one `key` of 16 or 32 bytes. A nonce must never be used twice with `encrypt`."""

    def __init__(self, key: bytes) -> None:
        self._aes = AES(key)
        self._macs = []
        for tweak in (_NONCE, _HEADER, _MESSAGE):
            mac = CMAC(self._aes)
            mac.update(tweak.to_bytes(_BLOCK_BYTES, "big"))
            self._macs.append(mac)

    def encrypt(self, nonce: bytes, header: bytes, message: bytes) -> bytes:
        """Return `message` encrypted, with the MAC of all three behind it."""
        start = self._mac(_NONCE, nonce)
        encryptor = Cipher(self._aes, CTR(start)).encryptor()
        encrypted = encryptor.update(message) + encryptor.finalize()
        return encrypted + self._tag(start, header, encrypted)

    def decrypt(self, nonce: bytes, header: bytes, sealed: bytes) -> bytes:
        """Return the message of what `encrypt` made; raises `InvalidSignature` if a bit of it is another one."""
        encrypted, tag = sealed[:-MAC_BYTES], sealed[-MAC_BYTES:]
        start = self._mac(_NONCE, nonce)
        if not bytes_eq(self._tag(start, header, encrypted), tag):
            raise InvalidSignature
        decryptor = Cipher(self._aes, CTR(start)).decryptor()
        return decryptor.update(encrypted) + decryptor.finalize()

    def _tag(self, start: bytes, header: bytes, encrypted: bytes) -> bytes:
        parts = (start, self._mac(_HEADER, header), self._mac(_MESSAGE, encrypted))
        tag = 0
        for part in parts:
            tag ^= int.from_bytes(part, "big")
        return tag.to_bytes(MAC_BYTES, "big")

    def _mac(self, tweak: int, data: bytes) -> bytes:
        mac = self._macs[tweak].copy()
        mac.update(data)
        return mac.finalize()
