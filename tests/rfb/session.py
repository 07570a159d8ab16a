"""All that a server can say, with every message, encoding and sub-encoding, for cutting and for fuzzing."""

from struct import pack

from edge.geometry import Rect, Size
from edge.rfb import XRGB8888, EncodingNumber
from tests.rfb import encode, encode_classic
from tests.rfb.wire import Wire

SIZE = Size(70, 66)


def messages() -> dict[str, bytes]:
    """One message for each thing that a server can say after ServerInit, by name; in this order they are a session."""
    rect = SIZE.rect
    zrle, tight, wire = encode.ZrleEncoder(), encode.TightEncoder(), Wire(XRGB8888)

    def one(encoding: int, data: bytes, at: Rect = rect) -> bytes:
        return encode.update(encode.rectangle(at, encoding, data))

    few, many = encode.picture(SIZE, 14), encode.picture(SIZE, 3000)
    found = {
        "raw": one(EncodingNumber.RAW, encode.raw(many)),
        "copy-rect": one(EncodingNumber.COPY_RECT, pack(">HH", 1, 2), Rect(5, 5, 20, 20)),
        "empty": encode.update(),
        "bell": b"\2",
        "cut-text": pack(">BxxxI", 3, 5) + b"caf\xe9!",
        "colour-map": pack(">BxHH", 1, 0, 3) + bytes(18),
        "cursor": one(EncodingNumber.CURSOR, encode.raw(encode.picture(Size(9, 4), 5)) + bytes(8), Rect(1, 1, 9, 4)),
        "supported": one(EncodingNumber.SUPPORTED_MESSAGES, b"\xff" * 64, Rect(0, 0, 64, 0)),
        "extended-desktop-size": one(
            EncodingNumber.EXTENDED_DESKTOP_SIZE, pack(">BxxxIHHHHI", 1, 7, 0, 0, SIZE.width, SIZE.height, 0)
        ),
        "fill": one(EncodingNumber.TIGHT, tight.fill(few)),
        "jpeg": one(EncodingNumber.TIGHT, tight.jpeg(few)),
        "tight-copy": one(EncodingNumber.TIGHT, tight.copy(many)),
        "tight-palette-2": one(EncodingNumber.TIGHT, tight.palette(encode.picture(SIZE, 2), 1)),
        "tight-palette": one(EncodingNumber.TIGHT, tight.palette(few, 1, reset=True)),
        "tight-gradient": one(EncodingNumber.TIGHT, tight.gradient(many, 3)),
        "tight-short": one(EncodingNumber.TIGHT, tight.copy(few[:1, :3]), Rect(0, 0, 3, 1)),
        "rre": one(EncodingNumber.RRE, encode_classic.rre(few, wire)),
        "corre": one(EncodingNumber.CORRE, encode_classic.corre(few, wire)),
        "hextile": one(EncodingNumber.HEXTILE, encode_classic.hextile(encode.picture(SIZE, 40), wire)),
        "hextile-two-colours": one(EncodingNumber.HEXTILE, encode_classic.hextile(encode.picture(SIZE, 2, 9), wire)),
        "zlib": one(EncodingNumber.ZLIB, encode_classic.ZlibEncoder().encode(many, wire)),
        "last-rect": encode.update(
            encode.rectangle(rect, EncodingNumber.TIGHT, tight.fill(many)),
            encode.rectangle(Rect(0, 0, 0, 0), EncodingNumber.LAST_RECT),
            count=0xFFFF,
        ),
    }
    for tile, pixels in [
        (encode.tile_raw, many),
        (encode.tile_solid, few),
        (encode.tile_packed, few),
        (encode.tile_plain_rle, many),
        (encode.tile_palette_rle, few),
    ]:
        found[f"zrle-{tile.__name__}"] = one(EncodingNumber.ZRLE, zrle.encode(pixels, tile))
        found[f"trle-{tile.__name__}"] = one(EncodingNumber.TRLE, encode_classic.trle(pixels, tile, wire))
    coefficients = b"\0\0" + encode.cpixels(encode_classic.zywrle_tile(few[:64, :64], 1))
    found["zywrle"] = one(EncodingNumber.ZYWRLE, encode.ZrleEncoder().wrap(coefficients), Rect(0, 0, 64, 64))
    smaller = Size(40, 30)
    found["desktop-size"] = encode.update(
        encode.rectangle(smaller.rect, EncodingNumber.DESKTOP_SIZE),
        encode.rectangle(smaller.rect, EncodingNumber.RAW, encode.raw(few[: smaller.height, : smaller.width])),
    )
    return found


def whole() -> bytes:
    """The session from the first byte to the last."""
    return encode.greeting(SIZE) + b"".join(messages().values())
