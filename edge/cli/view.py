"""`edgectl view`: the whole pixel path against any RFB server, without a broker."""

import asyncio
import re
import signal
from pathlib import Path

import click
import cv2

from edge.display.base import Display
from edge.display.headless import HeadlessDisplay
from edge.errors import ConfigError, DisplayError, EdgeError
from edge.pixels import to_bgr
from edge.restore.backends import BACKENDS, open_backend
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings, Security, SecurityPolicy
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.memory import keep_small
from edge.session.stage import Stage
from edge.session.transport import Endpoint, TlsMode
from edge.session.view import view as run_view
from edge.trust.keys import PrivateKey
from edge.trust.tls import client_context

DEFAULT_PORT = 5900


@click.command()
@click.argument("server", metavar="HOST:PORT")
@click.option(
    "--scale", type=click.Choice(["4", "2", "1"]), default="4", show_default=True, help="Ask for 1/N of the size."
)
@click.option(
    "--sharpen",
    type=click.Choice([policy.value for policy in SharpenPolicy]),
    default=SharpenPolicy.TEXT.value,
    show_default=True,
    help="What is fetched exact once it rests.",
)
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True, help="What restores.")
@click.option("--model", type=click.Path(path_type=Path), help="An ONNX network instead of the shipped one.")
@click.option("--display", type=click.Choice(["window", "headless"]), default="window", show_default=True)
@click.option(
    "--ca", type=click.Path(path_type=Path), help="PEM of the authority that signed the server's certificate."
)
@click.option("--cert", type=click.Path(path_type=Path), help="PEM of our certificate.")
@click.option("--key", type=click.Path(path_type=Path), help="PEM of its private key.")
@click.option(
    "--tls",
    type=click.Choice([TlsMode.DIRECT.value, TlsMode.VENCRYPT.value]),
    default=TlsMode.DIRECT.value,
    show_default=True,
    help="Where TLS begins: at the first byte, or after RFB's negotiation.",
)
@click.option("--server-name", help="The name in the server's certificate, if it is not HOST.")
@click.option("--password-file", type=click.Path(path_type=Path), help="A file with a VNC password in its first line.")
@click.option("--insecure", is_flag=True, help="Allow a server without mutual TLS.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End after so long.")
@click.option("--screenshot", type=click.Path(path_type=Path), help="Write the composed picture here at the end (PNG).")
@click.option("--framebuffer", type=click.Path(path_type=Path), help="Keep the composed picture here: raw B, G, R, X.")
@click.option("--stats", type=click.Path(path_type=Path), help="Write figures here at the end (JSON).")
def view(
    server: str,
    scale: str,
    sharpen: str,
    backend: str,
    model: Path | None,
    display: str,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    tls: str,
    server_name: str | None,
    password_file: Path | None,
    insecure: bool,
    seconds: float | None,
    screenshot: Path | None,
    framebuffer: Path | None,
    stats: Path | None,
) -> None:
    """Show the desktop of the RFB server at HOST:PORT.

    SIGTERM and SIGINT end it as --seconds does. The exit status is 0 then, and 1 with a message if the connection
    could not be made or broke; --stats is then written all the same, and --screenshot if a picture came.

    \b
    Examples:
      edgectl view desk.example:5900 --ca ca.pem --cert me.pem --key me.key
      edgectl view 127.0.0.1:5901 --insecure --display headless --seconds 10 --screenshot now.png --stats now.json
    """
    keep_small()
    endpoint = _endpoint(server, ca, cert, key, TlsMode(tls), server_name, insecure=insecure)
    password = _password(password_file)
    connection = ConnectionSettings(
        security=_policy(insecure=insecure, password=password is not None),
        transport_secure=endpoint.tls is TlsMode.DIRECT,
        password=password,
    )
    settings = DesktopSettings(connection, SharpenPolicy(sharpen))
    upscaler = _upscaler(int(scale), backend, model)
    screen: Display = HeadlessDisplay(keep=False) if display == "headless" else _window(f"{endpoint}")
    try:
        asyncio.run(_run(endpoint, settings, upscaler, screen, seconds, screenshot, framebuffer, stats))
    finally:
        if upscaler is not None:
            upscaler.close()


async def _run(
    endpoint: Endpoint,
    settings: DesktopSettings,
    upscaler: Upscaler | CubicUpscaler | None,
    display: Display,
    seconds: float | None,
    screenshot: Path | None,
    framebuffer: Path | None,
    stats: Path | None,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with display:
        stage = Stage(display, framebuffer)
        session = DesktopSession(endpoint, settings, upscaler, stage)
        error = await run_view(display, session, stopped, seconds)
    if stats is not None:
        _write(stats, session.report().to_json())
    if screenshot is not None and (stage.picture is not None or error is None):
        _write_screenshot(screenshot, stage)
    if error is not None:
        raise error


def _endpoint(
    server: str, ca: Path | None, cert: Path | None, key: Path | None, tls: TlsMode, name: str | None, *, insecure: bool
) -> Endpoint:
    host, port = _split(server)
    if ca is None and cert is None and key is None:
        if not insecure:
            raise ConfigError(
                "refused to connect without mutual TLS: give --ca, --cert and --key, "
                "or --insecure to let everybody on the way read and change what is sent"
            )
        return Endpoint(host, port)
    if ca is None or cert is None or key is None:
        raise ConfigError("mutual TLS takes all three of --ca, --cert and --key")
    context = client_context(_read(ca), _read(cert), PrivateKey.from_pem(_read(key).encode(), str(key)))
    return Endpoint(host, port, tls, context, name)


def _policy(*, insecure: bool, password: bool) -> SecurityPolicy:
    if insecure:
        return SecurityPolicy.insecure()
    # A password inside of mutual TLS weakens nothing: who gives one means to use it.
    inside_tls = {Security.VNC_AUTH_IN_TLS, Security.X509_VNC} if password else set()
    return SecurityPolicy(SecurityPolicy().allowed | inside_tls)


def _split(server: str) -> tuple[str, int]:
    """Split HOST, HOST:PORT or [IPv6]:PORT."""
    parts = re.fullmatch(r"(?:\[(?P<ipv6>[0-9a-fA-F:.%\w]+)\]|(?P<host>[^:\[\]\s]+))(?::(?P<port>[0-9]{1,5}))?", server)
    port = int(parts["port"] or DEFAULT_PORT) if parts is not None else 0
    if parts is None or not 0 < port < 65536:
        raise ConfigError(f"{server!r} is not HOST:PORT, for example desk.example:5900 or [::1]:5900")
    return parts["ipv6"] or parts["host"], port


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII"
        raise ConfigError(f"{path}: cannot be read: {reason}") from error


def _password(path: Path | None) -> bytes | None:
    if path is None:
        return None
    lines = _read(path).splitlines()
    if not lines or not lines[0]:
        raise ConfigError(f"{path}: no password in its first line")
    return lines[0].encode()


def _upscaler(scale: int, backend: str, model: Path | None) -> Upscaler | CubicUpscaler | None:
    if model is not None:
        if scale != 4 or backend == "classical":
            raise ConfigError("--model is a network from a quarter of the size: it goes with --scale 4, --backend onnx")
        backend = "onnx"  # who names a network wants no other in its place
    match scale:
        case 4:
            return Upscaler(open_backend(backend, model))
        case 2:
            return CubicUpscaler(2)
        case _:
            return None


def _window(title: str) -> Display:
    from edge.display.window import WindowDisplay  # noqa: PLC0415 - Xlib is loaded only where a window is wanted

    return WindowDisplay(title)


def _write_screenshot(path: Path, stage: Stage) -> None:
    if stage.picture is None:
        raise DisplayError(f"{path}: no picture came, so there is no screenshot")
    done, data = cv2.imencode(".png", to_bgr(stage.picture))
    if not done:
        raise DisplayError(f"{path}: the picture of {stage.size} cannot be encoded as PNG")
    _write(path, data.tobytes())


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise EdgeError(f"{path}: cannot write: {error.strerror or error}") from error
