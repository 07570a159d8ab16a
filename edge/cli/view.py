"""`edgectl view`: the whole pixel path against any RFB server, without a broker."""

import asyncio
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import click

from edge.cli.connecting import endpoint_of, fingerprint_of, password_of, policy_of
from edge.cli.viewing import upscaler_of, write, write_picture
from edge.display.base import Display
from edge.display.headless import HeadlessDisplay
from edge.restore.backends import BACKENDS
from edge.restore.cubic import CubicUpscaler
from edge.restore.sharpen import SharpenPolicy
from edge.restore.upscaler import Upscaler
from edge.rfb import ConnectionSettings, Security
from edge.rfb.tuning import LinkPolicy, Quality
from edge.session.desktop import DesktopSession, DesktopSettings
from edge.session.memory import keep_small
from edge.session.recorded import RecordedConnecting
from edge.session.recording import Recorder
from edge.session.stage import Stage
from edge.session.transport import Endpoint, TlsMode
from edge.session.view import view as run_view


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
@click.option(
    "--cap-kbit",
    type=click.IntRange(min=8),
    metavar="N",
    help="What is fetched exact takes at most N kbit/s of the link; without it, what the link has left.",
)
@click.option(
    "--quality",
    type=click.Choice([quality.value for quality in Quality]),
    default=Quality.AUTO.value,
    show_default=True,
    help="At full size: pixels as they are, or in JPEG while more moves than the link carries.",
)
@click.option("--backend", type=click.Choice(BACKENDS), default="auto", show_default=True, help="What restores.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="A network instead of the shipped one: an ONNX file, or a folder for NPUs.",
)
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
@click.option("--user", metavar="NAME", help="The user name, for servers that ask for one.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file with the password in its first line; - asks for it.",
)
@click.option("--server-key", metavar="SHA256", help="Fingerprint of the server's RSA key, for RA2 and its kin.")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice([word.value for word in Security]),
    metavar="WORD",
    help="Allow this way of securing the connection too; may be given more than once.",
)
@click.option("--insecure", is_flag=True, help="Allow every way, down to none at all.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End after so long.")
@click.option("--screenshot", type=click.Path(path_type=Path), help="Write the composed picture here at the end (PNG).")
@click.option("--framebuffer", type=click.Path(path_type=Path), help="Keep the composed picture here: raw B, G, R, X.")
@click.option("--record", type=click.Path(path_type=Path), help="Record the session here, for `edgectl replay`.")
@click.option("--stats", type=click.Path(path_type=Path), help="Write figures here at the end (JSON).")
def view(
    server: str,
    scale: str,
    sharpen: str,
    quality: str,
    cap_kbit: int | None,
    backend: str,
    model: Path | None,
    display: str,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    tls: str,
    server_name: str | None,
    user: str | None,
    password_file: Path | None,
    server_key: str | None,
    allow: tuple[str, ...],
    insecure: bool,
    seconds: float | None,
    screenshot: Path | None,
    framebuffer: Path | None,
    record: Path | None,
    stats: Path | None,
) -> None:
    """Show the desktop of the RFB server at HOST:PORT.

    SIGTERM and SIGINT end it as --seconds does. The exit status is 0 then, and 1 with a message if the connection
    could not be made or broke; --stats is then written all the same, and --screenshot if a picture came.

    Without --ca, --cert and --key, which make mutual TLS, --allow says what may take its place. A password is said only
    after the server's certificate or RSA key was checked, if the word has one:

    \b
      x509-none, x509-vnc, x509-plain    TLS after the negotiation (VeNCrypt); --ca checks the server
      none-in-tls, vnc-auth-in-tls,
      plain-in-tls                       TLS from the first byte; --ca checks the server
      ra2-256, ra2                       RSA and AES; --server-key checks the server
      ra2ne-256, ra2ne                   the same for user name and password, and then nothing
      unknown-rsa-key                    with one of these four: any server's key will do
      tls-none, tls-vnc, tls-plain       TLS with whoever answers
      vnc-auth, plain, none              in the clear

    In a window, a mark by the pointer says that the text there is not exact yet, and Control+Alt+E shows which parts of
    the picture are restored (orange), were exact before (blue), and are exact (plain).

    What --record writes is what the server showed and copied to its clipboard; no key and no password is in it.

    \b
    Examples:
      edgectl view desk.example:5900 --ca ca.pem --cert me.pem --key me.key
      edgectl view desk.example:5900 --tls vencrypt --ca ca.pem --allow x509-plain --user mina --password-file -
      edgectl view 127.0.0.1:5901 --insecure --display headless --seconds 10 --screenshot now.png --stats now.json
    """
    keep_small()
    security = policy_of(allow, insecure=insecure, password=password_file is not None, ca=ca, cert=cert)
    endpoint = endpoint_of(server, ca, cert, key, TlsMode(tls), server_name)
    connection = ConnectionSettings(
        security=security,
        transport_secure=endpoint.tls is TlsMode.DIRECT,
        user=user,
        password=password_of(password_file),
        server_key_sha256=fingerprint_of(server_key),
    )
    settings = DesktopSettings(
        connection, SharpenPolicy(sharpen), cap_kbit, shows_mark=display == "window", link=LinkPolicy(Quality(quality))
    )
    upscaler = upscaler_of(int(scale), backend, model)
    screen: Display = HeadlessDisplay(keep=False) if display == "headless" else _window(f"{endpoint}")
    try:
        asyncio.run(_run(endpoint, settings, upscaler, screen, seconds, screenshot, framebuffer, record, stats))
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
    record: Path | None,
    stats: Path | None,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    with ExitStack() as recording:
        connect = None
        if record is not None:
            scale = upscaler.scale if upscaler is not None else 1
            recorder = recording.enter_context(Recorder(record, scale, time.monotonic))
            connect = RecordedConnecting(endpoint, recorder)
        stage = Stage(display, framebuffer)
        session = DesktopSession(endpoint, settings, upscaler, stage, connect=connect)
        async with display:
            error = await run_view(display, session, stopped, seconds)
    if stats is not None:
        write(stats, session.report().to_json())
    if screenshot is not None and (stage.picture is not None or error is None):
        write_picture(screenshot, stage.picture)
    if error is not None:
        raise error


def _window(title: str) -> Display:
    from edge.display.window import WindowDisplay  # noqa: PLC0415 - Xlib is loaded only where a window is wanted

    return WindowDisplay(title)
