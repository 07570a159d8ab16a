import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.errors import AuthenticationFailed, RfbError, Unsupported
from edge.geometry import Size
from edge.rfb import (
    LOSSLESS,
    Connected,
    ConnectionSettings,
    CursorChanged,
    CutTextReceived,
    EncodingNumber,
    KeyEvent,
    RectangleDecoded,
    SetScale,
    SupportedMessages,
    TlsRequired,
    jpeg_quality,
)
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.keys import PrivateKey
from edge.trust.tls import client_context
from tests.rfb.desk import noise, paint_root, terminal, wait_for
from tests.rfb.drive import open_settings
from tests.rfb.viewer import Viewer, viewer
from tests.servers import screen_pixels, x11vnc, x_server

SIZE = Size(800, 600)
NUMBERS = EncodingNumber


@pytest.fixture
def desk(tmp_path):
    """A display with a page of text on noise, and the folder of its framebuffer."""
    with x_server(SIZE, tmp_path) as display:
        paint_root(display, noise(SIZE), tmp_path)
        with terminal(display):
            yield display, tmp_path


def encodings(viewer: Viewer) -> set[int]:
    return {event.encoding for event in viewer.events if isinstance(event, RectangleDecoded)}


@pytest.mark.parametrize("encoding", [NUMBERS.RAW, NUMBERS.ZRLE, NUMBERS.TIGHT], ids=lambda number: number.name)
async def test_picture_is_the_native_one_without_security(desk, encoding):
    display, folder = desk
    others = tuple(set(LOSSLESS) - {NUMBERS.ZRLE, NUMBERS.TIGHT})
    with x11vnc(display, "-nopw") as port:
        async with viewer(port, open_settings(encodings=(encoding, *others))) as found:
            await found.refresh()
            await found.shows(lambda: screen_pixels(folder, SIZE))
            assert encoding in encodings(found)
            kinds = {type(event) for event in found.events}
            assert {CursorChanged, SupportedMessages} <= kinds
            [connected] = [event for event in found.events if isinstance(event, Connected)]
            assert (connected.size, connected.security) == (SIZE, "None")


async def test_picture_is_near_the_native_one_in_jpeg(desk):
    display, folder = desk
    with x11vnc(display, "-nopw") as port:
        offered = (NUMBERS.TIGHT, NUMBERS.DESKTOP_SIZE, NUMBERS.LAST_RECT, jpeg_quality(9))
        async with viewer(port, open_settings(encodings=offered)) as found:
            await found.refresh()
            difference = np.abs(
                found.picture.view(np.uint8).astype(int) - screen_pixels(folder, SIZE).view(np.uint8).astype(int)
            )
            assert 0 < difference.mean() < 8


async def test_password_is_asked_for_and_checked(desk):
    display, _ = desk
    with x11vnc(display, "-passwd", "geheim") as port:
        async with viewer(port, open_settings(password=b"geheim")) as found:
            await found.refresh()
            assert found.events[0].security == "VncAuth"
        with pytest.raises(AuthenticationFailed, match="SecurityResult"):
            async with viewer(port, open_settings(password=b"falsch")):
                pass
        with pytest.raises(Unsupported, match=r"VNC_AUTH \(2\); the security policy allows x509-none"):
            async with viewer(port, ConnectionSettings(password=b"geheim")):
                pass


async def test_keys_reach_the_desktop(tmp_path):
    with x_server(SIZE, tmp_path) as display, x11vnc(display, "-nopw") as port:
        seen = tmp_path / "typed"
        command = ["xterm", "-display", display, "-e", "sh", "-c", f"head -n 1 > {seen}"]
        process = await asyncio.create_subprocess_exec(*command)
        async with viewer(port, open_settings()) as found:
            await asyncio.to_thread(wait_for, seen)
            await found.refresh()
            for keysym in (*b"edge", 0xFF0D):
                await found.send(KeyEvent(keysym, down=True), KeyEvent(keysym, down=False))
            async with asyncio.timeout(20):
                await process.wait()
        assert seen.read_text() == "edge\n"


async def test_scaled_connection_and_full_one_at_the_same_time(desk):
    display, folder = desk
    with x11vnc(display, "-nopw") as port:
        async with viewer(port, open_settings()) as full, viewer(port, open_settings(encodings=LOSSLESS)) as small:
            await small.refresh()
            await small.send(SetScale(4))
            await small.request(incremental=True)
            await small.until(lambda: small.connection.size == Size(200, 150))
            await small.refresh()
            await full.refresh()
            await full.shows(lambda: screen_pixels(folder, SIZE))


async def test_server_that_is_killed_is_a_closed_connection(desk):
    display, _ = desk
    with x11vnc(display, "-nopw") as port:
        context = viewer(port, open_settings())
        found = await context.__aenter__()
    with pytest.raises((RfbError, ConnectionError)):
        await found.receive(CutTextReceived)
    await context.__aexit__(None, None, None)


@pytest.fixture
def authority():
    return Authority.make("desktop", datetime.now(UTC), 1)


@pytest.fixture
def tls_options(authority, tmp_path):
    """The options that let x11vnc admit only clients of `authority`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # x11vnc ends on any other kind
    terms = Terms(datetime.now(UTC), timedelta(days=1), 2)
    certificate = authority.issue_server("desktop", ["127.0.0.1"], key.public_key(), terms)
    pem, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(private + to_pem(certificate).encode())
    ca.write_text(authority.pem)
    return ("-nopw", "-ssl", str(pem), "-sslverify", str(ca))


def client(authority: Authority, *, trusted: Authority | None = None) -> ssl.SSLContext:
    """A client's context with a certificate of `authority`, which trusts servers of `trusted`."""
    key = PrivateKey.make()
    certificate = authority.issue_client("session", key.public_key, Terms(datetime.now(UTC), timedelta(minutes=5), 3))
    return client_context((trusted or authority).pem, to_pem(certificate), key)


async def test_vencrypt_with_a_client_certificate(desk, authority, tls_options):
    display, folder = desk
    with x11vnc(display, *tls_options) as port:
        async with viewer(port, ConnectionSettings(), tls=client(authority)) as found:
            assert isinstance(found.events[0], TlsRequired)
            assert found.events[1].security == "VeNCrypt X509_NONE"
            await found.refresh()
            await found.shows(lambda: screen_pixels(folder, SIZE))


async def test_tls_from_the_first_byte_with_a_client_certificate(desk, authority, tls_options):
    display, folder = desk
    with x11vnc(display, *tls_options) as port:
        settings = ConnectionSettings(transport_secure=True)
        async with viewer(port, settings, tls=client(authority), tls_first=True) as found:
            assert found.events[0].security == "None"
            await found.refresh()
            await found.shows(lambda: screen_pixels(folder, SIZE))


@pytest.mark.parametrize("tls_first", [False, True])
async def test_foreign_client_certificate_is_refused(desk, authority, tls_options, tls_first):
    display, _ = desk
    foreign = client(Authority.make("foreign", datetime.now(UTC), 1), trusted=authority)
    settings = ConnectionSettings(transport_secure=tls_first)
    with x11vnc(display, *tls_options) as port, pytest.raises((OSError, RfbError)):
        async with viewer(port, settings, tls=foreign, tls_first=tls_first):
            pass


async def test_foreign_server_certificate_is_refused(desk, authority, tls_options):
    display, _ = desk
    context = client(authority, trusted=Authority.make("other", datetime.now(UTC), 1))
    with x11vnc(display, *tls_options) as port, pytest.raises(ssl.SSLCertVerificationError):
        async with viewer(port, ConnectionSettings(), tls=context):
            pass
