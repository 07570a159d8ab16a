"""The frames in which RSA-AES carries bytes: a length, that many bytes encrypted, a MAC over both and their number.

Source: the RSA-AES section of the rfbproto specification.
"""

from cryptography.exceptions import InvalidSignature

from edge.errors import ProtocolViolation
from edge.rfb.security.eax import MAC_BYTES, NONCE_BYTES, Eax

_LENGTH_BYTES = 2
#: TigerVNC's largest; a server's may be as long as the length can say.
_LONGEST_SENT_BYTES = 8192


class SealedFrames:
    """A `Layer` for `Stream`: opens what the server sealed with one key, seals what it gets with the other.

    Both directions number their frames from 0, so a frame that is changed, repeated, left out or out of order does not
    open.
    """

    def __init__(self, opening_key: bytes, sealing_key: bytes) -> None:
        self._opening, self._sealing = Eax(opening_key), Eax(sealing_key)
        self._opened = self._sealed = 0

    def open(self, received: bytearray) -> bytes | None:
        """Take the first frame off `received` and return what is in it; None if it has not come whole.

        Raises `ProtocolViolation` if its MAC is not right.
        """
        header = bytes(received[:_LENGTH_BYTES])
        end = _LENGTH_BYTES + int.from_bytes(header, "big") + MAC_BYTES
        if len(received) < end:
            return None
        sealed = bytes(received[_LENGTH_BYTES:end])
        try:
            message = self._opening.decrypt(_nonce(self._opened), header, sealed)
        except InvalidSignature:
            raise ProtocolViolation(
                f"sealed frame {self._opened} does not open: it was changed, repeated or left out on its way"
            ) from None
        del received[:end]
        self._opened += 1
        return message

    def seal(self, message: bytes) -> bytes:
        """Return `message` in as many frames as it takes."""
        frames = []
        for at in range(0, len(message), _LONGEST_SENT_BYTES):
            piece = message[at : at + _LONGEST_SENT_BYTES]
            header = len(piece).to_bytes(_LENGTH_BYTES, "big")
            frames.append(header + self._sealing.encrypt(_nonce(self._sealed), header, piece))
            self._sealed += 1
        return b"".join(frames)


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "little")
