"""The server's side of RSA-AES, written from the specification with a different AES-EAX: one block after the other."""

import hashlib
from struct import pack, unpack

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

USER_AND_PASSWORD, PASSWORD = 1, 2


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


class BlockEax:
    """EAX by its definition: only single blocks of AES are taken from a library."""

    def __init__(self, key: bytes) -> None:
        self._block = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update

    def _double(self, block: bytes) -> bytes:
        number = int.from_bytes(block, "big") << 1
        return (number & ((1 << 128) - 1) ^ (0x87 if number >> 128 else 0)).to_bytes(16, "big")

    def _omac(self, tweak: int, message: bytes) -> bytes:
        message = bytes(15) + bytes([tweak]) + message
        subkey = self._double(self._block(bytes(16)))
        if len(message) % 16:
            subkey = self._double(subkey)
            message += b"\x80" + bytes(-(len(message) + 1) % 16)
        blocks = [message[at : at + 16] for at in range(0, len(message), 16)]
        blocks[-1] = _xor(blocks[-1], subkey)
        state = bytes(16)
        for block in blocks:
            state = self._block(_xor(state, block))
        return state

    def _stream(self, start: bytes, data: bytes) -> bytes:
        count = int.from_bytes(start, "big")
        blocks = [
            self._block(((count + n) & ((1 << 128) - 1)).to_bytes(16, "big")) for n in range((len(data) + 15) // 16)
        ]
        return _xor(data, b"".join(blocks)[: len(data)])

    def encrypt(self, nonce: bytes, header: bytes, message: bytes) -> bytes:
        start = self._omac(0, nonce)
        sealed = self._stream(start, message)
        return sealed + _xor(_xor(start, self._omac(1, header)), self._omac(2, sealed))

    def decrypt(self, nonce: bytes, header: bytes, sealed: bytes) -> bytes:
        message = self._stream(self._omac(0, nonce), sealed[:-16])
        assert self.encrypt(nonce, header, message) == sealed, "the MAC is wrong"
        return message


class Sealer:
    """One direction of frames."""

    def __init__(self, key: bytes) -> None:
        self._eax = BlockEax(key)
        self._number = 0

    def _nonce(self) -> bytes:
        self._number += 1
        return (self._number - 1).to_bytes(16, "little")

    def seal(self, message: bytes) -> bytes:
        header = pack(">H", len(message))
        return header + self._eax.encrypt(self._nonce(), header, message)

    def open_all(self, data: bytes) -> list[bytes]:
        """The messages of frames that must fill `data`."""
        messages = []
        while data:
            (length,) = unpack(">H", data[:2])
            assert len(data) >= length + 18, "a frame is cut short"
            messages.append(self._eax.decrypt(self._nonce(), data[:2], data[2 : length + 18]))
            data = data[length + 18 :]
        return messages


class Ra2Server:
    """What a server says, and what it must get; `number` is the security type."""

    def __init__(self, number: int, key: rsa.RSAPrivateKey, subtype: int = USER_AND_PASSWORD) -> None:
        self.number = number
        self.subtype = subtype
        self.key = key
        self.hash, self.size = (hashlib.sha256, 32) if number >= 129 else (hashlib.sha1, 16)
        self.seals_all = number in {5, 129}
        self.random = bytes(range(100, 100 + self.size))

    @staticmethod
    def _message(key: rsa.RSAPublicNumbers) -> bytes:
        size = (key.n.bit_length() + 7) // 8
        return pack(">I", key.n.bit_length()) + key.n.to_bytes(size, "big") + key.e.to_bytes(size, "big")

    def public(self) -> bytes:
        """The first thing that it says after the type was chosen."""
        return self._message(self.key.public_key().public_numbers())

    def answer(self, client: bytes) -> bytes:
        """Take the client's key and random number, which must be all of `client`; returns its own number's message."""
        (bits,) = unpack(">I", client[:4])
        size = bits // 8
        self.client_message = client[: 4 + 2 * size]
        modulus, exponent = (int.from_bytes(client[at : at + size], "big") for at in (4, 4 + size))
        client_key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        sent = client[4 + 2 * size :]
        assert unpack(">H", sent[:2]) == (self.key.key_size // 8,)
        number = self.key.decrypt(sent[2:], PKCS1v15())
        assert len(number) == self.size
        self.out = Sealer(self.hash(number + self.random).digest()[: self.size])
        self.into = Sealer(self.hash(self.random + number).digest()[: self.size])
        encrypted = client_key.encrypt(self.random, PKCS1v15())
        return pack(">H", len(encrypted)) + encrypted

    def proof(self) -> bytes:
        """Its hash of both keys, and then what it wants to know: two frames."""
        shown = self.hash(self.public() + self.client_message).digest()
        return self.out.seal(shown) + self.out.seal(bytes([self.subtype]))

    def expected(self, user: bytes, password: bytes) -> list[bytes]:
        """What the client's two frames must hold."""
        shown = self.hash(self.client_message + self.public()).digest()
        return [shown, bytes([len(user)]) + user + bytes([len(password)]) + password]

    def after(self, *messages: bytes) -> bytes:
        """What it says from SecurityResult on."""
        return b"".join(map(self.out.seal, messages) if self.seals_all else messages)
