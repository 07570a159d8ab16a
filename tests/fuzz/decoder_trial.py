"""Any data of a rectangle is its pixels or an `RfbError`; what goes into zlib is fuzzed as it is before that."""

import zlib
from collections.abc import Callable, Iterator
from struct import pack

from edge.errors import RfbError
from edge.geometry import Size
from edge.rfb import Connection, EncodingNumber, jpeg_quality
from edge.rfb.pixel_format import XRGB8888, PixelFormat
from tests.fuzz.check import check_event
from tests.rfb import encode, encode_classic
from tests.rfb.drive import EVERYTHING, open_settings, plain
from tests.rfb.goldens.sessions import FORMATS
from tests.rfb.wire import Wire

_FORMATS = tuple(FORMATS.values())
_DESKTOP = Size(255, 255)
_STEPS = (1, 7, 64, 509)
#: What keeps an input quick.
_PIECES = 300


class _Server:
    """Says data in an encoding; its zlib stream lasts from rectangle to rectangle."""

    def __init__(self, size: Size, form: PixelFormat) -> None:
        self._size, self._form = size, form
        self._zlib = zlib.compressobj(1)

    def as_it_is(self, data: bytes) -> bytes:
        return data

    def deflated(self, data: bytes) -> bytes:
        out = self._deflate(data)
        return pack(">I", len(out)) + out

    def every_pixel(self, data: bytes) -> bytes:
        return self.deflated(_filled(data, self._size.area * self._form.pixel_bytes))

    def tight(self, data: bytes) -> bytes:
        """One of the filters with as much data as it needs; the first byte chooses, and the rest is the data."""
        size, pixel = self._size, 3 if self._form.has_tpixel else self._form.pixel_bytes
        match data[:1]:
            case b"\0":
                head, length = b"\0", size.area * pixel
            case b"\2":
                head, length = b"\x40\2", size.area * pixel
            case _:
                colours = max(2, data[0] if data else 2)
                head = b"\x40\1" + bytes([colours - 1]) + _filled(data[1:], colours * pixel)
                length = ((size.width + 7) // 8 if colours == 2 else size.width) * size.height
        body = _filled(data[1:], length)
        if length < 12:
            return head + body
        out = self._deflate(body)
        return head + encode.compact(len(out)) + out

    def _deflate(self, data: bytes) -> bytes:
        return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


def _filled(data: bytes, length: int) -> bytes:
    return (data * (length // len(data) + 1) if data else bytes(length))[:length]


#: Ways to say the data; the index is the input's first byte.
_WAYS: tuple[tuple[EncodingNumber, Callable[[_Server, bytes], bytes]], ...] = (
    (EncodingNumber.RAW, _Server.as_it_is),
    (EncodingNumber.RRE, _Server.as_it_is),
    (EncodingNumber.CORRE, _Server.as_it_is),
    (EncodingNumber.HEXTILE, _Server.as_it_is),
    (EncodingNumber.ZLIB, _Server.every_pixel),
    (EncodingNumber.TIGHT, _Server.as_it_is),
    (EncodingNumber.TIGHT, _Server.tight),
    (EncodingNumber.TIGHT_PNG, _Server.as_it_is),
    (EncodingNumber.TRLE, _Server.as_it_is),
    (EncodingNumber.ZRLE, _Server.deflated),
    (EncodingNumber.ZYWRLE, _Server.deflated),
    (EncodingNumber.JPEG, _Server.as_it_is),
    (EncodingNumber.OPEN_H264, _Server.as_it_is),
    (EncodingNumber.CURSOR, _Server.as_it_is),
    (EncodingNumber.XCURSOR, _Server.as_it_is),
    (EncodingNumber.CURSOR_WITH_ALPHA, _Server.as_it_is),
    (EncodingNumber.VMWARE_CURSOR, _Server.as_it_is),
    (EncodingNumber.COPY_RECT, _Server.as_it_is),
)
_ENCODINGS = (*EVERYTHING, jpeg_quality(6))


def decoder_trial(data: bytes) -> None:
    """Take one input: way, format, width, height, a length, and then the data of a rectangle."""
    if len(data) < 5:
        return
    encoding, say = _WAYS[data[0] % len(_WAYS)]
    form = _FORMATS[data[1] % len(_FORMATS)]
    size = Size(data[2], data[3])
    server = _Server(size, form)
    # Twice, because the second one meets the state that the first one left.
    stream = b"".join(encode.update(encode.rectangle(size.rect, encoding, say(server, data[5:]))) for _ in range(2))
    step = max(_STEPS[data[4] % len(_STEPS)], len(stream) // _PIECES)
    whole = _run([stream], form)
    pieces = _run([stream[at : at + step] for at in range(0, len(stream), step)], form)
    if pieces[0][: len(whole[0])] != whole[0] or pieces[1] != whole[1]:
        raise AssertionError(f"{encoding.name} in pieces of {step} bytes {pieces[1]!r}, whole {whole[1]!r}")


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each encoding's data, of small pictures in few and in many colours."""
    size, many_size = Size(20, 18), Size(70, 66)
    few, many = encode.picture(size, 3), encode.picture(many_size, 200)
    for number, form in enumerate(_FORMATS):
        if not form.true_colour:
            continue
        for name, pixels in (("few", few), ("many", many)):
            height, width = pixels.shape
            said = _said(pixels, Wire(form))
            for way, (encoding, _) in enumerate(_WAYS):
                if (data := said.get(encoding)) is not None:
                    head = bytes([way, number, width, height, 3])
                    yield f"{encoding.name.lower()}-{way}-{number}-{name}", head + data
    for tile in (encode.tile_raw, encode.tile_solid, encode.tile_packed, encode.tile_palette_rle):
        for way in (8, 9):
            data = b"".join(tile(part) for part in encode_classic.tiles(few, 16 if way == 8 else 64))
            yield f"{tile.__name__}-{way}", bytes([way, _FORMATS.index(XRGB8888), *reversed(few.shape), 2]) + data


def _said(pixels: encode.Picture, wire: Wire) -> dict[EncodingNumber, bytes]:
    raw = pixels.astype("<u4").tobytes()
    small, large = (
        b"".join(encode.tile_plain_rle(part) for part in encode_classic.tiles(pixels, side)) for side in (16, 64)
    )
    jpeg = encode.TightEncoder.jpeg(pixels)
    return {
        EncodingNumber.RAW: raw,
        EncodingNumber.RRE: encode_classic.rre(pixels, wire),
        EncodingNumber.CORRE: encode_classic.corre(pixels, wire),
        EncodingNumber.HEXTILE: encode_classic.hextile(pixels, wire),
        EncodingNumber.ZLIB: raw,
        EncodingNumber.TIGHT: jpeg,
        EncodingNumber.TIGHT_PNG: jpeg,
        EncodingNumber.TRLE: small,
        EncodingNumber.ZRLE: large,
        EncodingNumber.ZYWRLE: large,
        EncodingNumber.JPEG: jpeg[jpeg.index(b"\xff\xd8") :],
        EncodingNumber.OPEN_H264: pack(">II", 5, 1) + b"\0\0\1\x67\x42",
        EncodingNumber.CURSOR: raw,
        EncodingNumber.XCURSOR: raw,
        EncodingNumber.CURSOR_WITH_ALPHA: pack(">i", EncodingNumber.RAW) + raw,
        EncodingNumber.VMWARE_CURSOR: b"\1\0" + raw,
    }


def _run(pieces: list[bytes], form: PixelFormat) -> tuple[list[tuple[object, ...]], str]:
    connection = Connection(open_settings(pixel_format=form, encodings=_ENCODINGS))
    connection.receive_data(encode.greeting(_DESKTOP))
    events = []
    try:
        for piece in pieces:
            new = connection.receive_data(piece)
            for event in new:
                check_event(event)
            events += new
    except RfbError as error:
        return plain(events), f"{type(error).__name__}: {error}"
    return plain(events), ""
