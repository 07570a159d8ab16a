"""A zlib stream that lasts as long as its connection, with each output bounded before it is made.

zlib-ng inflates the same data in half of zlib's time, which is most of the time that pictures take.
"""

from zlib_ng import zlib_ng

from edge.errors import DecodeError


def deflated_bound(size: int) -> int:
    """Return the most that `size` bytes can take in zlib: stored blocks, a flush, the header of a new stream."""
    return size + size // 1000 + 1024


class Inflater:
    """One zlib stream of a server, of which every rectangle takes the next flushed part."""

    def __init__(self) -> None:
        self._zlib = zlib_ng.decompressobj()

    def reset(self) -> None:
        """Begin a new stream."""
        self._zlib = zlib_ng.decompressobj()

    def inflate(self, data: bytes | bytearray, most: int) -> bytes:
        """Decompress all of `data`; raises `DecodeError` if that is more than `most` bytes, or not zlib."""
        try:
            # One byte more than allowed shows that there is more, and max_length=0 would mean "no limit".
            out = self._zlib.decompress(data, most + 1)
        except zlib_ng.error as wrong:  # type: ignore[misc]  # its stub calls the class an instance
            raise DecodeError(f"its zlib data is damaged: {wrong}") from wrong
        if len(out) > most:
            raise DecodeError(f"its zlib data inflates to more than {most} bytes")
        if self._zlib.unconsumed_tail or self._zlib.unused_data:
            raise DecodeError("its zlib data goes on after its end")
        return out

    def inflate_exactly(self, data: bytes | bytearray, size: int) -> bytes:
        """Decompress all of `data`, which must be `size` bytes."""
        out = self.inflate(data, size)
        if len(out) != size:
            raise DecodeError(f"its zlib data inflates to {len(out)} bytes, expected {size}")
        return out
