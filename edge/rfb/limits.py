"""The largest lengths that are believed, each checked before anything is allocated for it."""

from dataclasses import dataclass

from edge.errors import ProtocolViolation
from edge.geometry import Rect, Size


@dataclass(frozen=True, slots=True)
class Limits:
    """Named maxima for what a server may announce.

    Lengths of compressed rectangles are not here: they are bounded by the rectangle's area, in its decoder.
    """

    #: Pixels on one side of the framebuffer: X stops at 32767, and no screen has half of that.
    framebuffer_side_px: int = 16384
    #: Pixels of the framebuffer: 8K UHD is 33.2 million; a picture of this many takes 144 MiB.
    framebuffer_area_px: int = 36 << 20
    #: Pixels that one call returns, in cursors and to be copied too, before the rest has to be asked for: few bytes can
    #: fill the framebuffer again and again. It is one picture of 4K UHD, 32 MiB.
    pixels_at_once: int = 8 << 20
    #: Bytes of the desktop's name: servers build it from user, host and display.
    name_bytes: int = 16 << 10
    #: Bytes of a reason for failure: a sentence.
    reason_bytes: int = 16 << 10
    #: Bytes of the server's clipboard; a longer one is read past and dropped, as it is no reason to lose the desktop.
    cut_text_bytes: int = 1 << 20
    #: Bytes of one message of sound: more than two seconds of 32 bit stereo at 48 kHz; QEMU sends hundredths.
    audio_bytes: int = 1 << 20
    #: Pixels on one side of the cursor's shape: X servers' own limit for hardware is 64 to 256.
    cursor_side_px: int = 512
    #: Rectangles of an update that LastRect ends: what the field could say, were there no LastRect.
    rectangles: int = 65535

    def framebuffer(self, width: int, height: int) -> Size:
        """Return the size, or raise `ProtocolViolation`; a size of zero is a desktop that is not there yet."""
        size = Size(width, height)
        if max(width, height) > self.framebuffer_side_px or size.area > self.framebuffer_area_px:
            raise ProtocolViolation(
                f"a framebuffer of {size}, more than {self.framebuffer_side_px} on a side "
                f"or {self.framebuffer_area_px} pixels in all"
            )
        return size

    def check_cursor(self, rect: Rect) -> None:
        """Raise `ProtocolViolation` for a cursor that is too large."""
        if max(rect.width, rect.height) > self.cursor_side_px:
            raise ProtocolViolation(
                f"a cursor of {rect.width}x{rect.height}, more than {self.cursor_side_px} on a side"
            )
