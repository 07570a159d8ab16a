"""Decoders, one encoding each: bytes of a rectangle in, events out."""

from edge.rfb.decoders.base import Decoder
from edge.rfb.decoders.copy_rect import CopyRect
from edge.rfb.decoders.cursor import Cursor
from edge.rfb.decoders.desktop_size import DesktopSize, ExtendedDesktopSize
from edge.rfb.decoders.pixels import PixelCodec
from edge.rfb.decoders.raw import Raw
from edge.rfb.decoders.supported_messages import SupportedMessages
from edge.rfb.decoders.tight import Tight
from edge.rfb.decoders.zrle import Zrle
from edge.rfb.encodings import EncodingNumber
from edge.rfb.limits import Limits

__all__ = ["Decoder", "new_decoders"]


def new_decoders(limits: Limits, codec: PixelCodec) -> dict[int, Decoder]:
    """Everything that can be decoded, by the number on the wire, with the state of a new connection."""
    return {
        EncodingNumber.RAW: Raw(codec),
        EncodingNumber.COPY_RECT: CopyRect(),
        EncodingNumber.TIGHT: Tight(codec),
        EncodingNumber.ZRLE: Zrle(codec),
        EncodingNumber.CURSOR: Cursor(limits, codec),
        EncodingNumber.DESKTOP_SIZE: DesktopSize(limits),
        EncodingNumber.EXTENDED_DESKTOP_SIZE: ExtendedDesktopSize(limits),
        EncodingNumber.SUPPORTED_MESSAGES: SupportedMessages(),
    }
