"""`edgectl view` as a process of its own, against real servers."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from Xlib import X
from Xlib import display as xlib

from edge.cli import main
from edge.framebuffer.reduction import Reduction
from edge.geometry import Rect, Size
from edge.pixels import from_bgr
from edge.restore.backends.card import card_path
from edge.restore.backends.onnx import shipped_model
from edge.rfb.security.vnc_auth import response
from edge.trust.certificates import Authority, Terms, to_pem
from edge.trust.keys import PrivateKey
from tests.servers import (
    free_port,
    process,
    require,
    screen_pixels,
    wait_until,
    window_manager,
    x11vnc,
    x_server,
    xvnc,
)

EDGECTL = Path(sys.executable).with_name("edgectl")
PATIENCE_S = 30.0
SIZE = Size(640, 400)
PARKED = Rect(SIZE.width - 32, SIZE.height - 32, 32, 32)
"""Where the X server's own cursor rests, which is part of its picture."""


@dataclass(frozen=True)
class Desktop:
    display: str
    folder: Path

    def pixels(self) -> np.ndarray:
        native = screen_pixels(self.folder, SIZE)
        native[PARKED.slices] = 0
        return native

    def do(self, *command: str) -> str:
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    @property
    def typed(self) -> Path:
        return self.folder / "typed"


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A screen with a terminal that shows text and keeps what is typed."""
    folder = tmp_path_factory.mktemp("desktop")
    shell = f"seq -s ' ' 10000 10180; exec cat > {folder}/typed"
    terminal = [require("xterm", "xterm"), "-geometry", "80x24+4+4", "-e", "sh", "-c", shell]
    with x_server(SIZE, folder) as display, process(terminal, env={"DISPLAY": display}):
        wait_until((folder / "typed").exists, "the terminal")
        made = Desktop(display, folder)
        made.do(require("xdotool", "xdotool"), "mousemove", str(SIZE.width - 1), str(SIZE.height - 1))
        wait_until(lambda: len(np.unique(made.pixels())) > 1, "the terminal's text")
        yield made


@pytest.fixture(scope="module")
def bare(desktop: Desktop) -> Iterator[str]:
    """HOST:PORT of an x11vnc without any security."""
    with x11vnc(desktop.display, "-nopw") as port:
        yield f"127.0.0.1:{port}"


def edgectl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [EDGECTL, "view", *map(str, words), "--display", "headless"]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def failed(*words: str | Path) -> str:
    """Run it; it must end with status 1 and one line, which is returned."""
    done = edgectl(*words)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("edgectl: error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


class Viewing:
    """A viewer that runs: its picture, and what it leaves behind."""

    def __init__(self, running: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = running
        self.framebuffer, self.screenshot, self.stats, self.log = (
            folder / name for name in ("raw", "now.png", "now.json", "log")
        )

    def picture(self) -> np.ndarray | None:
        data = np.fromfile(self.framebuffer, dtype=np.uint32) if self.framebuffer.exists() else np.zeros(0, np.uint32)
        if data.size != SIZE.area:
            assert self._process.poll() is None, "the viewer has ended"
            return None
        picture = data.reshape(SIZE.shape)
        picture[PARKED.slices] = 0
        return picture

    def shows(self, desktop: Desktop) -> bool:
        picture = self.picture()
        return picture is not None and np.array_equal(picture, desktop.pixels())

    def end(self, number: int = signal.SIGTERM) -> dict:
        """End it; returns the figures."""
        self._process.send_signal(number)
        assert self._process.wait(PATIENCE_S) == 0
        return json.loads(self.stats.read_text())


@contextmanager
def viewing(server: str, folder: Path, *words: str | Path) -> Iterator[Viewing]:
    files = ["--framebuffer", folder / "raw", "--screenshot", folder / "now.png", "--stats", folder / "now.json"]
    command = [EDGECTL, "view", server, "--display", "headless", *files, *words]
    with process(command, log=folder / "log") as running:
        yield Viewing(running, folder)


def assert_shown(server: str, folder: Path, *words: str | Path) -> None:
    """Show `server` at full size with `words`, until a picture of it has come."""
    with viewing(server, folder, "--scale", "1", *words) as viewer:
        wait_until(lambda: viewer.picture() is not None, f"a picture of {server}; {viewer.log.read_text()}")
        viewer.end()


def test_picture_is_kept_in_place_and_sigterm_leaves_screenshot_and_figures(desktop, bare, tmp_path):
    with viewing(bare, tmp_path, "--insecure", "--sharpen", "all") as viewer:
        wait_until(lambda: viewer.shows(desktop), "the native picture")
        assert viewer.framebuffer.stat().st_size == SIZE.area * 4
        file, before = viewer.framebuffer.stat().st_ino, desktop.pixels()
        desktop.do("xdotool", "mousemove", "100", "100", "type", "typed at the desktop\n")
        desktop.do("xdotool", "mousemove", str(SIZE.width - 1), str(SIZE.height - 1))
        wait_until(lambda: not np.array_equal(desktop.pixels(), before), "the desktop has changed")
        wait_until(lambda: viewer.shows(desktop), "the native picture again")
        assert viewer.framebuffer.stat().st_ino == file
        stats = viewer.end()
    screenshot = from_bgr(cv2.imread(str(viewer.screenshot)))
    raw = np.fromfile(viewer.framebuffer, dtype=np.uint8).reshape(*SIZE.shape, 4)
    assert np.array_equal(screenshot, raw.view(np.uint32)[:, :, 0])
    assert not raw[:, :, 3].any()
    assert set(stats["connections"]) == {"low", "full"}
    for traffic in stats["connections"].values():
        assert traffic["bytes_in"] > 0 < traffic["bytes_out"]
    assert stats["updates"] > 0
    assert stats["tiles"]["restored"] > 0 < stats["tiles"]["sharpened"]
    assert stats["tiles"]["kept"] >= 0
    assert 0 < stats["network_ms"]["p50"] <= stats["network_ms"]["p95"]
    assert 0 < stats["first_picture_s"] <= stats["seconds"]
    assert stats["fraction_exact"] == 1
    assert 0 < stats["resident_bytes"] <= stats["peak_resident_bytes"] < 250_000_000
    assert (stats["scale"], stats["backend"], stats["desktop"]) == (4, "onnx", [SIZE.width, SIZE.height])


def test_seconds_end_it_with_the_files_written(bare, tmp_path):
    files = ["--screenshot", tmp_path / "now.png", "--stats", tmp_path / "now.json"]
    done = edgectl(bare, "--insecure", "--seconds", "2", *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert cv2.imread(str(tmp_path / "now.png")).shape == (*SIZE.shape, 3)
    assert json.loads((tmp_path / "now.json").read_text())["seconds"] >= 2


@pytest.mark.parametrize(
    ("words", "scale", "backend", "connections"),
    [
        (("--scale", "4", "--sharpen", "text", "--backend", "classical"), 4, "classical", {"low", "full"}),
        (("--scale", "2", "--sharpen", "all"), 2, "bicubic", {"low", "full"}),
        (("--scale", "1"), 1, "none", {"full"}),
    ],
)
def test_scale_and_backend_are_as_asked_for(desktop, bare, tmp_path, words, scale, backend, connections):
    with viewing(bare, tmp_path, "--insecure", *words) as viewer:
        wait_until(lambda: viewer.shows(desktop), "the native picture")
        stats = viewer.end(signal.SIGINT)
    assert (stats["scale"], stats["backend"], set(stats["connections"])) == (scale, backend, connections)
    assert (stats["network_ms"] is None) == (scale == 1)


def test_without_sharpening_nothing_is_fetched_and_every_mean_is_right(desktop, bare, tmp_path):
    reduction = Reduction(SIZE, 4)

    def mean_is_right() -> bool:
        picture, native = viewer.picture(), desktop.pixels()
        if picture is None:
            return False
        ours, theirs = (reduction.reduce(each, reduction.low.rect) for each in (picture, native))
        parked = reduction.to_low(PARKED)
        ours[parked.slices] = theirs[parked.slices] = 0
        return bool(np.array_equal(ours, theirs))

    with viewing(bare, tmp_path, "--insecure", "--sharpen", "off", "--backend", "onnx") as viewer:
        wait_until(mean_is_right, "each block's mean")
        stats = viewer.end()
    assert stats["tiles"]["sharpened"] == stats["fraction_exact"] == 0
    # The connection for what is fetched, and for input, comes after the first picture.
    full = stats["connections"].get("full")
    assert full is None or full["bytes_in"] < 4096


@pytest.mark.parametrize(
    "server", ["nonsense:port", "::1", "::1:5900", "host:0", "host:99999", ":5900", "[::1", "", "a b"]
)
def test_server_that_is_no_host_and_port_is_refused(server):
    done = CliRunner().invoke(main, ["view", "--insecure", "--", server])
    assert done.exit_code == 1
    assert f"{server!r} is not HOST:PORT, for example desk.example:5900 or [::1]:5900" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "refused to connect without mutual TLS: give --ca, --cert and --key, or --insecure"),
        (("--ca", "ca.pem"), "mutual TLS takes all three of --ca, --cert and --key"),
        (("--allow", "x509-vnc"), "--allow x509-vnc takes --ca, to check the server's certificate"),
        (("--allow", "none", "--cert", "c", "--key", "k"), "mutual TLS takes all three of --ca, --cert and --key"),
        (("--allow", "ra2", "--server-key", "abcd"), "--server-key 'abcd': not the 64 hexadecimal digits of a SHA-256"),
        (("--ca", "none.pem", "--cert", "c", "--key", "k"), "none.pem: cannot be read: No such file or directory"),
        (("--insecure", "--password-file", "none"), "none: cannot be read: No such file or directory"),
        (("--insecure", "--password-file", "/dev/null"), "/dev/null: no password in its first line"),
        (("--insecure", "--model", "none.onnx"), "cannot read the model none.onnx: No such file or directory"),
        (("--insecure", "--model", "m.onnx", "--scale", "2"), "it goes with --scale 4 and its --backend"),
        (("--insecure", "--model", "m.onnx", "--backend", "classical"), "it goes with --scale 4 and its --backend"),
    ],
)
def test_option_that_cannot_be_carried_out_is_said(words, said):
    done = CliRunner().invoke(main, ["view", "127.0.0.1:1", "--display", "headless", *words])
    assert done.exit_code == 1
    assert said in done.output


def test_refusal_without_mutual_tls_is_an_error_of_the_program(bare):
    assert "--insecure to let everybody on the way read and change what is sent" in failed(bare)


def test_model_of_the_wrong_shape_is_refused(bare, tmp_path):
    model = tmp_path / "wrong.onnx"
    network = onnx.load(shipped_model())
    network.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 4
    onnx.save(network, model)
    card_path(model).write_bytes(card_path(shipped_model()).read_bytes())
    assert str(model) in failed(bare, "--insecure", "--model", model)


def test_server_that_is_not_there_is_named_and_the_figures_are_written(tmp_path):
    server = f"127.0.0.1:{free_port()}"
    files = ["--screenshot", tmp_path / "png", "--stats", tmp_path / "json"]
    assert failed(server, "--insecure", *files) == f"edgectl: error: {server}: cannot connect: Connection refused\n"
    assert json.loads((tmp_path / "json").read_text())["first_picture_s"] is None
    assert not (tmp_path / "png").exists()


def test_name_that_cannot_be_one_is_said():
    assert "a..b:5900: cannot connect: " in failed("a..b", "--insecure")


@contextmanager
def server_of(*parts: bytes, host: str = "127.0.0.1") -> Iterator[int]:
    """Send each of `parts` after having heard something, the first at once, and close."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for number, part in enumerate(parts):
                if number:
                    connection.recv(4096)
                connection.sendall(part)

    with socket.create_server((host, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(PATIENCE_S)


SERVER_INIT = b"\x00\x40\x00\x40\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00\0\0\0\4test"
HALF_A_RECTANGLE = b"\x00\x00\x00\x01\0\0\0\0\0\x40\0\x40\0\0\0\0half"


def test_server_that_closes_in_the_middle_of_a_rectangle_is_named():
    with server_of(b"RFB 003.008\n", b"\x01\x01", b"\0\0\0\0", SERVER_INIT, HALF_A_RECTANGLE) as port:
        said = failed(f"127.0.0.1:{port}", "--insecure")
    assert f"127.0.0.1:{port}: " in said
    assert "middle" in said


def test_server_that_speaks_something_else_is_named():
    with server_of(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert f"127.0.0.1:{port}: " in failed(f"127.0.0.1:{port}", "--insecure")


def test_ipv6_literal(tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no ::1: {error.strerror}")
    with xvnc(SIZE) as (_, port):
        assert_shown(f"[::1]:{port}", tmp_path, "--insecure")


def test_password_is_taken_from_its_file(desktop, tmp_path):
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("secret12\nnot this\n")
    wrong.write_text("geheim\n")
    with x11vnc(desktop.display, "-passwd", "secret12") as port:
        server = f"127.0.0.1:{port}"
        assert_shown(server, tmp_path, "--insecure", "--password-file", right)
        assert f"{server}: " in (said := failed(server, "--insecure", "--password-file", wrong))
        assert "secret12" not in said
        assert "geheim" not in said
        assert "asks for a VNC password and none was given" in failed(server, "--insecure")


@dataclass(frozen=True)
class Trust:
    """The files of a CA, with a server's and a client's certificate of it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Trust":
        folder.mkdir()
        now = datetime.now(UTC)
        authority = Authority.make(folder.name, now, 1)
        # x11vnc refuses to start with a key of another kind.
        server, client = rsa.generate_private_key(public_exponent=65537, key_size=2048), PrivateKey.make()
        server_pem = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        terms = Terms(now, timedelta(1), 2)
        certificate = authority.issue_server("127.0.0.1", ["127.0.0.1"], server.public_key(), terms)
        own = authority.issue_client("me", client.public_key, Terms(now, timedelta(1), 3))
        (folder / "ca.pem").write_text(authority.pem)
        (folder / "server.pem").write_text(server_pem + to_pem(certificate))
        (folder / "me.pem").write_text(to_pem(own))
        (folder / "me.key").write_bytes(client.pem)
        return cls(folder)

    def options(self, *, ca: "Trust | None" = None) -> tuple[str | Path, ...]:
        ca_file = (ca or self).folder / "ca.pem"
        return ("--ca", ca_file, "--cert", self.folder / "me.pem", "--key", self.folder / "me.key")

    @property
    def server(self) -> tuple[str | Path, ...]:
        return ("-ssl", self.folder / "server.pem", "-sslverify", self.folder / "ca.pem")


def test_mutual_tls_lets_in_only_whom_both_sides_know(desktop, bare, tmp_path):
    ours, theirs = Trust.make(tmp_path / "ours"), Trust.make(tmp_path / "theirs")
    with x11vnc(desktop.display, "-nopw", *ours.server, "-sslonly") as port:
        server = f"127.0.0.1:{port}"
        assert_shown(server, tmp_path, *ours.options())
        assert f"{server} is not trusted: it was signed by another CA" in failed(server, *theirs.options())
        assert f"{server} refused our certificate: " in failed(server, *theirs.options(ca=ours))
    assert f"{bare} broke the TLS handshake off" in failed(bare, *ours.options())


def test_tls_may_begin_after_the_negotiation(desktop, tmp_path):
    ours = Trust.make(tmp_path / "ours")
    with x11vnc(desktop.display, "-nopw", *ours.server, "-vencrypt", "force") as port:
        assert_shown(f"127.0.0.1:{port}", tmp_path, "--tls", "vencrypt", *ours.options())


def test_password_inside_of_mutual_tls(desktop, tmp_path):
    ours, password = Trust.make(tmp_path / "ours"), tmp_path / "password"
    password.write_text("secret12\n")
    with x11vnc(desktop.display, "-passwd", "secret12", *ours.server, "-sslonly") as port:
        assert_shown(f"127.0.0.1:{port}", tmp_path, "--password-file", password, *ours.options())


def test_what_may_take_the_place_of_mutual_tls_is_named(tmp_path):
    """Xvnc's X509Vnc asks for no certificate of ours: its own is checked, and then a password goes to it."""
    ours, theirs = Trust.make(tmp_path / "ours"), Trust.make(tmp_path / "theirs")
    password = tmp_path / "password"
    password.write_text("secret12\n")
    (tmp_path / "passwd").write_bytes(response(bytes([23, 82, 107, 6, 35, 78, 88, 7]), b"secret12"))
    pem = ours.folder / "server.pem"
    options = ("-SecurityTypes", "X509Vnc,TLSVnc", "-X509Cert", pem, "-X509Key", pem, "-rfbauth", tmp_path / "passwd")
    with xvnc(SIZE, *map(str, options)) as (_, port):
        server, secret = f"127.0.0.1:{port}", ("--password-file", password)
        vencrypt = ("--tls", "vencrypt", *secret)
        ca = ours.folder / "ca.pem"
        assert_shown(server, ours.folder, *vencrypt, "--ca", ca, "--allow", "x509-vnc")
        assert_shown(server, theirs.folder, *secret, "--allow", "tls-vnc")
        foreign = failed(server, *vencrypt, "--ca", theirs.folder / "ca.pem", "--allow", "x509-vnc")
        assert f"{server} is not trusted: it was signed by another CA" in foreign
        assert "the security policy allows tls-none. " in failed(server, *secret, "--allow", "tls-none")


def test_password_is_asked_for_at_the_terminal(desktop, tmp_path):
    with x11vnc(desktop.display, "-passwd", "secret12") as port:
        main_end, terminal = pty.openpty()
        words = ["--insecure", "--password-file", "-", "--seconds", "1", "--stats", tmp_path / "json"]
        command = [EDGECTL, "view", f"127.0.0.1:{port}", "--display", "headless", *words]
        with subprocess.Popen(
            command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
        ) as viewer:
            os.close(terminal)
            asked = os.read(main_end, 100)
            os.write(main_end, b"secret12\n")
            assert viewer.wait(PATIENCE_S) == 0
        shown = os.read(main_end, 1000)
        os.close(main_end)
    assert asked.endswith(b"Password: ")
    assert b"secret12" not in shown
    assert json.loads((tmp_path / "json").read_text())["first_picture_s"] is not None


def test_window_shows_the_picture_types_and_is_closed(desktop, bare, tmp_path):
    with x_server(Size(1024, 700)) as screen, window_manager(screen):
        command = [EDGECTL, "view", bare, "--insecure", "--sharpen", "all"]
        with process(command, env={"DISPLAY": screen}, log=tmp_path / "log") as viewer:
            own = {**os.environ, "DISPLAY": screen}

            def do(*words: str) -> str:
                return subprocess.run(words, env=own, check=True, capture_output=True, text=True).stdout

            window = do("xdotool", "search", "--sync", "--onlyvisible", "--name", bare).split()[0]
            do("xdotool", "windowactivate", "--sync", window)

            def same() -> bool:
                server = xlib.Display(screen)
                try:
                    drawn = server.create_resource_object("window", int(window))
                    shape = drawn.get_geometry()
                    image = drawn.get_image(0, 0, shape.width, shape.height, X.ZPixmap, 0xFFFFFFFF)
                finally:
                    server.close()
                shown = np.frombuffer(image.data, dtype=np.uint32).reshape(shape.height, shape.width) & 0xFFFFFF
                if shown.shape != SIZE.shape:
                    return False
                shown[PARKED.slices] = 0
                return np.array_equal(shown, desktop.pixels())

            wait_until(same, "the window shows the native picture")
            do("xdotool", "mousemove", "--window", window, "200", "200", "click", "1", "type", "from the window\n")
            wait_until(lambda: "from the window\n" in desktop.typed.read_text(), "what was typed is at the desktop")
            do(require("wmctrl", "wmctrl"), "-c", bare)
            assert viewer.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()
