"""Any bytes of a server, cut anywhere, are events or an `RfbError`, and the same ones however they are cut."""

from collections.abc import Iterator
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from edge.errors import RfbError
from edge.rfb import Connection, ConnectionSettings, TlsRequired
from edge.rfb.encodings import jpeg_quality
from edge.rfb.security.sealed_frames import SealedFrames
from tests.fuzz.check import check_event
from tests.rfb import encode, extensions, session
from tests.rfb.drive import EVERYTHING, open_settings, plain
from tests.rfb.goldens import golden
from tests.rfb.goldens.sessions import FORMATS
from tests.rfb.ra2_server import Ra2Server

#: What goes before the input: nothing; all up to ServerInit; the same in sealed frames, and the input in them too; the
#: same in sealed frames, and the input as it is.
NOTHING, GREETING, SEALED, FRAMES = range(4)
_STEPS = (1, 2, 3, 5, 7, 13, 16, 31, 64, 127, 251, 509, 1021, 2048, 8191, 1 << 20)
_FORMATS = tuple(FORMATS.values())
_OWN = 0x80
_GOLDEN_BYTES = 30_000
#: What keeps an input quick: few frames and few pieces.
_FRAME_BYTES, _PIECES = 64, 500
_RA2_256 = 129
#: Where they stand in the greeting.
_SECURITY_RESULT, _PIXEL_FORMAT = 14, 22


def connection_trial(data: bytes) -> None:
    """Take one input: two bytes that choose, see `seed`, and then what the server says."""
    if len(data) < 2:
        return
    before, step = data[0] >> 4 & 3, _STEPS[data[0] & 15]
    form = _FORMATS[(data[1] & 0x7F) % len(_FORMATS)]
    own = bool(data[1] & _OWN)
    settings = {
        "password": b"x",
        "user": "x",
        "pixel_format": None if own else form,
        "encodings": (*EVERYTHING, jpeg_quality(6)),
    }
    start = encode.greeting(session.SIZE)
    if own:
        start = start[:_PIXEL_FORMAT] + form.to_bytes() + start[_PIXEL_FORMAT + 16 :]
    stream = _stream(before, start, data[2:], max(step, _FRAME_BYTES))
    step = max(step, len(stream) // _PIECES)
    whole = _run([stream], open_settings(**settings))
    pieces = _run([stream[at : at + step] for at in range(0, len(stream), step)], open_settings(**settings))
    if whole is None or pieces is None:
        return
    # What was decoded in the call that failed is lost with it, so the pieces may have more to show.
    if pieces[0][: len(whole[0])] != whole[0] or pieces[1:] != whole[1:]:
        raise AssertionError(f"in pieces of {step} bytes {pieces[1]!r}, whole {whole[1]!r}")


def seed(before: int, step: int, form: int, data: bytes) -> bytes:
    """Make an input of what goes before, the index of a length, the index of a format (its top bit: the server's)."""
    return bytes([before << 4 | step, form]) + data


def seeds() -> Iterator[tuple[str, bytes]]:
    """Everything that the tests' encoders can say, the ways into a session, and the goldens."""
    for number, (name, message) in enumerate(session.messages().items()):
        yield name, seed(GREETING, 15, 0, message)
        yield f"sealed-{name}", seed(SEALED, number % 16, 0, message)
    for number, message in enumerate(extensions.messages()):
        yield f"extension-{number}", seed(GREETING, 15, 0, message)
    yield "extensions", seed(GREETING, 9, 0, b"".join(extensions.messages()))
    yield "greeting", seed(NOTHING, 0, 0, encode.greeting(session.SIZE))
    yield "frames", seed(FRAMES, 0, 0, b"\0\1" + bytes(17))
    yield "vnc-auth", seed(NOTHING, 0, 0, b"RFB 003.008\n\1\2" + bytes(20) + encode.server_init(session.SIZE))
    yield "vnc-auth-3.3", seed(NOTHING, 0, 0, b"RFB 003.003\n\0\0\0\2" + bytes(20) + encode.server_init(session.SIZE))
    for subtype in range(256, 265):
        offer = b"RFB 003.008\n\1\x13\0\2\0\1" + subtype.to_bytes(4, "big") + b"\1"
        yield f"vencrypt-{subtype}", seed(NOTHING, 0, 0, offer)
    for number in (5, 6, 129, 130):
        offer = b"RFB 003.008\n\1" + bytes([number]) + _agreed()[-1]
        yield f"ra2-{number}", seed(NOTHING, 10, 0, offer)
    numbers = {form.to_bytes().hex(): number for number, form in enumerate(_FORMATS)}
    for name in golden.names():
        found = golden.load(name)
        form = numbers.get(found.settings.pixel_format or "", _OWN)
        yield f"golden-{name}", seed(NOTHING, 15, form, found.server[:_GOLDEN_BYTES])


def _stream(before: int, start: bytes, data: bytes, step: int) -> bytes:
    if before == NOTHING:
        return data
    if before == GREETING:
        return start + data
    said, key, frames, _ = _agreed()
    sealing = SealedFrames(opening_key=key, sealing_key=key)
    sealing._sealed = frames
    begun = said + sealing.seal(start[_SECURITY_RESULT:])
    return begun + (b"".join(map(sealing.seal, _cut(data, step))) if before == SEALED else data)


@cache
def _agreed() -> tuple[bytes, bytes, int, bytes]:
    """What a server says until RSA-AES is agreed on, its key for what follows, its frames so far, its RSA key."""
    server = Ra2Server(_RA2_256, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connection = Connection(open_settings(user="x", password=b"x"))
    said = b"RFB 003.008\n" + bytes([1, _RA2_256]) + server.public()
    connection.receive_data(said)
    client = connection.data_to_send()[13:]
    said += server.answer(client)
    said += server.proof()
    number = server.key.decrypt(client[-server.key.key_size // 8 :], PKCS1v15())
    return said, server.hash(number + server.random).digest(), server.out._number, server.public()


def _cut(data: bytes, step: int) -> list[bytes]:
    return [data[at : at + step] for at in range(0, len(data), step)]


def _run(pieces: list[bytes], settings: ConnectionSettings) -> tuple[list[tuple[object, ...]], str, bytes] | None:
    """Return events, error and what was sent; None if TLS is wanted."""
    connection = Connection(settings)
    events = []
    try:
        for piece in [*(piece for piece in pieces if piece), b""]:
            new = connection.receive_data(piece)
            while connection.more:
                new += connection.receive_more()
            for event in new:
                check_event(event)
                if isinstance(event, TlsRequired):
                    return None
            events += new
    except RfbError as error:
        return plain(events), f"{type(error).__name__}: {error}", connection.data_to_send()
    raise AssertionError("the end of the stream is an error")
