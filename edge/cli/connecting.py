"""The options of `edgectl view` that say how a connection is secured."""

import re
from pathlib import Path

import click

from edge.errors import ConfigError
from edge.rfb import Security, SecurityPolicy
from edge.rfb.security.policy import CERTIFIED
from edge.session.transport import Endpoint, TlsMode
from edge.trust.keys import PrivateKey
from edge.trust.tls import client_context

DEFAULT_PORT = 5900
_PASSWORD_IN_TLS = frozenset({Security.VNC_AUTH_IN_TLS, Security.PLAIN_IN_TLS, Security.X509_VNC, Security.X509_PLAIN})


def endpoint_of(
    server: str, ca: Path | None, cert: Path | None, key: Path | None, tls: TlsMode, name: str | None
) -> Endpoint:
    """Return where to connect to and the TLS context for it; raises `ConfigError`."""
    host, port = _split(server)
    if (cert is None) != (key is None) or (cert is not None and ca is None):
        raise ConfigError("mutual TLS takes all three of --ca, --cert and --key")
    if ca is None:
        return Endpoint(host, port)
    ca_pem = _read(ca)
    own = (_read(cert), PrivateKey.from_pem(_read(key).encode(), str(key))) if cert and key else ()
    return Endpoint(host, port, tls, client_context(ca_pem, *own), name)


def policy_of(
    allow: tuple[str, ...], *, insecure: bool, password: bool, ca: Path | None, cert: Path | None
) -> SecurityPolicy:
    """Allow what is asked for by name, and what mutual TLS protects where that is there; raises `ConfigError`."""
    words = frozenset(Security) if insecure else frozenset(map(Security, allow))
    if not words and ca is None and cert is None:
        raise ConfigError(
            "refused to connect without mutual TLS: give --ca, --cert and --key, "
            "or --insecure to let everybody on the way read and change what is sent, or --allow something in between"
        )
    if not words and cert is None:
        raise ConfigError("mutual TLS takes all three of --ca, --cert and --key")
    if ca is None:
        if not insecure and (without := words & CERTIFIED):
            raise ConfigError(f"--allow {min(without)} takes --ca, to check the server's certificate")
        words -= CERTIFIED
    if cert is not None:
        words |= SecurityPolicy().allowed
        # A password inside of mutual TLS weakens nothing: who gives one means to use it.
        words |= _PASSWORD_IN_TLS if password else frozenset()
    return SecurityPolicy(words)


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


def password_of(path: Path | None) -> bytes | None:
    """Read the password from the file, or ask for it at the terminal where the file is -; raises `ConfigError`."""
    if path is None:
        return None
    if path == Path("-"):
        return str(click.prompt("Password", hide_input=True, err=True)).encode()
    lines = _read(path).splitlines()
    if not lines or not lines[0]:
        raise ConfigError(f"{path}: no password in its first line")
    return lines[0].encode()


def fingerprint_of(sha256: str | None) -> str | None:
    """Return the fingerprint as `edge.rfb.security.ra2` writes it; raises `ConfigError`."""
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ConfigError(f"--server-key {sha256!r}: not the 64 hexadecimal digits of a SHA-256")
    return sha256 and sha256.lower()
