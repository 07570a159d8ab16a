"""QEMU Audio: the sound of the desktop as PCM.

Source: the rfbproto specification, QEMU Audio Client Message and QEMU Audio Server Message.
"""

from dataclasses import dataclass
from enum import IntEnum


class SampleFormat(IntEnum):
    """One sample of one channel; more than a byte is little-endian, as QEMU sends it."""

    U8 = 0
    S8 = 1
    U16 = 2
    S16 = 3
    U32 = 4
    S32 = 5

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 1 << self // 2


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """PCM: samples of the 1 or 2 channels, interleaved."""

    sample: SampleFormat = SampleFormat.S16
    channels: int = 2
    frequency_hz: int = 44100

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.sample.sample_bytes * self.channels
