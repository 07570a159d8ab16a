"""Decoders, one encoding each: bytes of a rectangle in, events out."""

from edge.rfb.decoders.announcement import Announcement
from edge.rfb.decoders.base import Decoder
from edge.rfb.decoders.copy_rect import CopyRect
from edge.rfb.decoders.cursor import Cursor, XCursor
from edge.rfb.decoders.cursor_with_alpha import CursorWithAlpha, RgbaCodec
from edge.rfb.decoders.desktop_size import DesktopSize, ExtendedDesktopSize
from edge.rfb.decoders.desktop_state import DesktopName, LedState
from edge.rfb.decoders.hextile import Hextile
from edge.rfb.decoders.inflate import Inflater
from edge.rfb.decoders.jpeg_encoding import JpegEncoding
from edge.rfb.decoders.open_h264 import OpenH264, h264_is_there
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.pointer import PointerMotionChange, PointerPosition
from edge.rfb.decoders.raw import Raw
from edge.rfb.decoders.rre import CoRre, Rre
from edge.rfb.decoders.supported_messages import SupportedMessages
from edge.rfb.decoders.tight import Tight, new_streams
from edge.rfb.decoders.tight_png import TightPng
from edge.rfb.decoders.trle import Trle
from edge.rfb.decoders.vmware_cursor import VMwareCursor, VMwareCursorState
from edge.rfb.decoders.zlib import Zlib
from edge.rfb.decoders.zrle import Zrle
from edge.rfb.decoders.zywrle import Zywrle
from edge.rfb.encodings import EncodingNumber
from edge.rfb.limits import Limits

__all__ = ["Decoder", "new_decoders"]


def new_decoders(limits: Limits, codec: PixelCodec, wavelet_level: int = 1) -> dict[int, Decoder]:
    """Everything that can be decoded, by the number on the wire, with the state of a new connection.

    `wavelet_level` is that of ZYWRLE, which `edge.rfb.decoders.zywrle.wavelet_level` finds.
    """
    tight, zlib, zrle = new_streams(), Inflater(), Inflater()

    def any_pixels(of: PixelCodec) -> dict[int, Decoder]:
        """Make what decodes pixels of any kind, with alpha too."""
        return {
            EncodingNumber.RAW: Raw(of),
            EncodingNumber.RRE: Rre(of),
            EncodingNumber.CORRE: CoRre(of),
            EncodingNumber.HEXTILE: Hextile(of),
            EncodingNumber.ZLIB: Zlib(of, zlib),
            EncodingNumber.TIGHT: Tight(of, tight),
            EncodingNumber.TRLE: Trle(of),
            EncodingNumber.ZRLE: Zrle(of, zrle),
        }

    drawing = any_pixels(codec) | {
        EncodingNumber.COPY_RECT: CopyRect(),
        EncodingNumber.TIGHT_PNG: TightPng(codec, tight),
        EncodingNumber.JPEG: JpegEncoding(),
        EncodingNumber.ZYWRLE: Zywrle(codec, wavelet_level),
    }
    if h264_is_there():
        drawing[EncodingNumber.OPEN_H264] = OpenH264()
    return drawing | {
        EncodingNumber.CURSOR: Cursor(limits, codec),
        EncodingNumber.XCURSOR: XCursor(limits),
        EncodingNumber.CURSOR_WITH_ALPHA: CursorWithAlpha(limits, any_pixels(RgbaCodec())),
        EncodingNumber.VMWARE_CURSOR: VMwareCursor(limits, codec),
        EncodingNumber.VMWARE_CURSOR_STATE: VMwareCursorState(),
        EncodingNumber.VMWARE_CURSOR_POSITION: PointerPosition(),
        EncodingNumber.POINTER_POS: PointerPosition(),
        EncodingNumber.QEMU_POINTER_MOTION_CHANGE: PointerMotionChange(),
        EncodingNumber.DESKTOP_SIZE: DesktopSize(limits),
        EncodingNumber.EXTENDED_DESKTOP_SIZE: ExtendedDesktopSize(limits),
        EncodingNumber.DESKTOP_NAME: DesktopName(limits),
        EncodingNumber.LED_STATE: LedState(">B"),
        EncodingNumber.VMWARE_LED_STATE: LedState(">I"),
        EncodingNumber.SUPPORTED_MESSAGES: SupportedMessages(),
        EncodingNumber.QEMU_EXTENDED_KEY_EVENT: Announcement(EncodingNumber.QEMU_EXTENDED_KEY_EVENT),
        EncodingNumber.QEMU_AUDIO: Announcement(EncodingNumber.QEMU_AUDIO),
        EncodingNumber.EXTENDED_MOUSE_BUTTONS: Announcement(EncodingNumber.EXTENDED_MOUSE_BUTTONS),
    }
