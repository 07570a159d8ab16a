"""Every security type of Debian's Xvnc (TigerVNC 1.12), spoken by `RfbTransport`."""

import os
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.errors import AuthenticationFailed, Unsupported
from edge.geometry import Size
from edge.rfb import ConnectionSettings, FramebufferUpdateRequest, Security, SecurityPolicy, UpdateFinished
from edge.rfb.security.vnc_auth import response
from edge.session.transport import Endpoint, RfbTransport, TlsMode
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.tls import client_context
from tests.servers import require, xvnc

SIZE = Size(320, 240)
USER, PASSWORD = "mina", b"geheim12"
PASSWORD_FILE_KEY = bytes([23, 82, 107, 6, 35, 78, 88, 7])
"""The key under which every VNC server keeps its password in a file: it hides it from nobody."""


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make("desktop", datetime.now(UTC), 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Path:
    """The server's files: its certificate, its key, its VNC password."""
    made = tmp_path_factory.mktemp("security")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    terms = Terms(datetime.now(UTC), timedelta(days=1), 2)
    (made / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (made / "cert.pem").write_text(to_pem(authority.issue_server("desktop", ["127.0.0.1"], key.public_key(), terms)))
    (made / "passwd").write_bytes(response(PASSWORD_FILE_KEY, PASSWORD))
    return made


@contextmanager
def serving(folder: Path, types: str) -> Iterator[int]:
    """Run Xvnc with `types` and all that they can need; yields its port."""
    certificate = ["-X509Cert", f"{folder}/cert.pem", "-X509Key", f"{folder}/key.pem"]
    options = ["-SecurityTypes", types, *certificate, "-rfbauth", f"{folder}/passwd", "-PlainUsers", "*"]
    with xvnc(SIZE, *options) as (_, port):
        yield port


@pytest.fixture
def pam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Xvnc ask PAM in a mount namespace of its own, where its only service asks a script of ours."""
    script = tmp_path / "check"
    script.write_text(f'#!/bin/sh\nread -r password\n[ "$PAM_USER:$password" = "{USER}:{PASSWORD.decode()}" ]\n')
    script.chmod(0o755)
    services = tmp_path / "pam.d"
    services.mkdir()
    rules = f"auth required pam_exec.so quiet expose_authtok {script}\naccount required pam_permit.so\n"
    for name in ("vnc", "tigervnc"):
        (services / name).write_text(rules)
    programs = tmp_path / "bin"
    programs.mkdir()
    unshare, server = require("unshare", "util-linux"), require("Xvnc", "tigervnc-standalone-server")
    namespace = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    command = f'mount --bind {shlex.quote(str(services))} /etc/pam.d && exec {server} "$@"'
    wrapper = programs / "Xvnc"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join([unshare, *namespace, "sh", "-c", command, "sh"])} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def settings(*words: Security, user: str | None = USER, password: bytes | None = PASSWORD) -> ConnectionSettings:
    return ConnectionSettings(SecurityPolicy(frozenset(words)), user=user, password=password)


async def spoken(port: int, how: ConnectionSettings, executor: ThreadPoolExecutor, ca: str | None = None) -> str:
    """Connect, receive a whole picture, and return the name of what was spoken."""
    tls = (TlsMode.VENCRYPT, client_context(ca)) if ca else (TlsMode.NONE, None)
    transport, connected = await RfbTransport.open(Endpoint("127.0.0.1", port, *tls), how, executor)
    async with transport:
        assert connected.size == SIZE
        transport.send(FramebufferUpdateRequest(SIZE.rect, incremental=False))
        while not any(isinstance(event, UpdateFinished) for event in await transport.receive()):
            pass
    return connected.security


@pytest.mark.parametrize(
    ("types", "word", "name"),
    [
        ("None", Security.NONE, "None"),
        ("VncAuth", Security.VNC_AUTH, "VncAuth"),
        ("TLSNone", Security.TLS_NONE, "VeNCrypt TLS_NONE"),
        ("TLSVnc", Security.TLS_VNC, "VeNCrypt TLS_VNC"),
        ("X509None", Security.X509_NONE, "VeNCrypt X509_NONE"),
        ("X509Vnc", Security.X509_VNC, "VeNCrypt X509_VNC"),
    ],
)
async def test_type_is_spoken_when_it_is_allowed_and_refused_when_not(folder, authority, executor, types, word, name):
    ca = authority.pem if word.startswith("x509") else None
    with serving(folder, types) as port:
        assert await spoken(port, settings(word), executor, ca) == name
        with pytest.raises(Unsupported, match=f"allow .*{word}"):
            await spoken(port, settings(), executor, ca)


@pytest.mark.parametrize(
    ("types", "word", "name"),
    [
        ("Plain", Security.PLAIN, "VeNCrypt PLAIN"),
        ("TLSPlain", Security.TLS_PLAIN, "VeNCrypt TLS_PLAIN"),
        ("X509Plain", Security.X509_PLAIN, "VeNCrypt X509_PLAIN"),
    ],
)
async def test_user_name_and_password_reach_pam(folder, authority, executor, pam, types, word, name):
    ca = authority.pem if word.startswith("x509") else None
    with serving(folder, types) as port:
        assert await spoken(port, settings(word), executor, ca) == name
        with pytest.raises(AuthenticationFailed, match="the server refuses"):
            await spoken(port, settings(word, password=b"other"), executor, ca)
        with pytest.raises(AuthenticationFailed, match="--user, --password-file"):
            await spoken(port, settings(word, user=None), executor, ca)


async def test_best_of_all_that_is_offered_is_taken(folder, authority, executor):
    everything = settings(*Security)
    with serving(folder, "None,VncAuth,TLSNone,TLSVnc,X509None,X509Vnc") as port:
        assert await spoken(port, everything, executor, authority.pem) == "VeNCrypt X509_NONE"
        no_authority = settings(*set(Security) - {Security.X509_NONE, Security.X509_VNC, Security.X509_PLAIN})
        assert await spoken(port, no_authority, executor) == "VeNCrypt TLS_VNC"
        assert await spoken(port, settings(Security.TLS_VNC, Security.TLS_NONE, password=None), executor) == (
            "VeNCrypt TLS_NONE"
        )


async def test_wrong_vnc_password_is_an_authentication_failure(folder, executor):
    with serving(folder, "TLSVnc") as port, pytest.raises(AuthenticationFailed, match="the server refuses"):
        await spoken(port, settings(Security.TLS_VNC, password=b"other"), executor)


async def test_certificate_of_another_authority_is_refused(folder, executor):
    other = Authority.make("other", datetime.now(UTC), 1)
    with serving(folder, "X509Vnc") as port, pytest.raises(AuthenticationFailed, match="it was signed by another CA"):
        await spoken(port, settings(Security.X509_VNC), executor, other.pem)
