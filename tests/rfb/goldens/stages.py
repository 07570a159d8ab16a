"""Desktops with a real RFB server each, on which something happens: what goldens are captured from."""

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Size
from edge.pixels import Picture, from_bgr, to_bgr
from tests.rfb.desk import paint_root
from tests.servers import free_port, listening, process, require, wait_until, x11vnc, xvnc

SMALLER = Size(320, 240)
TEXT = "The quick brown fox jumps over the lazy dog, 0123456789.\n"
TEXT += "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg.\n"


@dataclass(frozen=True, slots=True)
class Stage:
    """A desktop: the port of its server, and what it shows, as it says itself.

    `acts` does one thing after the other; after each it yields the desktop's size.
    """

    port: int
    server: str
    picture: Callable[[], Picture]
    acts: Callable[[], Iterator[Size]]


def backdrop(size: Size) -> Picture:
    """A picture with a smooth slope, a flat part, hatching, and a patch as rough as a photograph."""
    y, x = np.mgrid[: size.height, : size.width]
    bgr = np.stack([40 + 120 * x // size.width, 60 + 90 * y // size.height, 200 - 90 * x // size.width], axis=2)
    bgr = bgr.astype(np.uint8)
    bgr[size.height // 2 :, : size.width // 3] = (120, 90, 40)
    bgr[size.height // 2 :: 6, : size.width // 3] = (250, 250, 250)
    rough = np.random.default_rng(0).integers(0, 256, (18, 24, 3), dtype=np.uint8)
    photo = cv2.resize(rough, (72, 54), interpolation=cv2.INTER_CUBIC)
    bgr[-60:-6, -80:-8] = photo
    return from_bgr(bgr)


def _run(*command: str, env: dict[str, str] | None = None) -> bytes:
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60).stdout


class _XDesktop:
    """Paper, a terminal, a cursor and a clipboard on an X display."""

    def __init__(self, display: str, size: Size, folder: Path, resources: ExitStack) -> None:
        self.size = size
        self._display, self._resources = display, resources
        self._env = {"DISPLAY": display}
        paint_root(display, backdrop(size), folder)
        self._typed = folder / "typed"
        os.mkfifo(self._typed)
        terminal = [require("xterm", "xterm"), "-geometry", "60x10+8+8", "-bg", "ivory", "-uc", "-u8", "+sb"]
        reader = ["-e", "sh", "-c", f"printf '\\033[?25l'; while :; do cat {self._typed}; done"]
        resources.enter_context(process([*terminal, *reader], env=self._env))
        self._tell("xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm")
        self.write(TEXT)

    def _tell(self, *command: str) -> None:
        _run(*command, env=self._env)

    def write(self, text: str) -> None:
        """Show `text` in the terminal."""
        self._typed.write_text(text)

    def _copy(self, text: str, selection: str) -> None:
        """Own a selection until another one does, or the X server ends."""
        command = [require("xclip", "xclip"), "-silent", "-quiet", "-loops", "9", "-selection", selection]
        owner = subprocess.Popen(
            command, env={**os.environ, **self._env}, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        owner.stdin.write(text)
        owner.stdin.close()
        self._resources.callback(owner.wait, 10)
        self._resources.callback(owner.terminate)

    def picture(self) -> Picture:
        """Ask the X server what it shows, without its cursor."""
        program = require("import", "imagemagick")
        options = ["-display", self._display, "-silent", "-window", "root", "-depth", "8", "bgr:-"]
        data = np.frombuffer(_run(program, *options), np.uint8)
        return from_bgr(data.reshape(*self.size.shape, 3))

    def short(self) -> Iterator[Size]:
        """A window moves, text comes, a window moves over text."""
        self._tell("xdotool", "search", "--class", "xterm", "windowmove", "40", "30")
        yield self.size
        self.write("\033[31mred \033[32mgreen \033[44;33myellow on blue\033[0m\n")
        yield self.size
        self._tell("xdotool", "search", "--class", "xterm", "windowmove", "12", "60")
        yield self.size

    def long(self) -> Iterator[Size]:
        """The same, and the cursor, the bell, the clipboard, scrolling text, a smaller desktop."""
        yield from self.short()
        self._tell(require("xsetroot", "x11-xserver-utils"), "-cursor_name", "hand2")
        yield self.size
        self.write("\a")
        yield self.size
        self._copy("café and tea", "primary")
        yield self.size
        self._copy("more tea", "clipboard")
        yield self.size
        # The clipboard of old, the one that x11vnc passes on unasked.
        self._tell("xprop", "-root", "-f", "CUT_BUFFER0", "8s", "-set", "CUT_BUFFER0", "old tea")
        yield self.size
        self.write(TEXT * 6)
        yield self.size
        mode = [str(each) for each in (SMALLER, 1, *[SMALLER.width] * 4, *[SMALLER.height] * 4)]
        self._tell("xrandr", "--newmode", *mode)
        self._tell("xrandr", "--addmode", "VNC-0", str(SMALLER))
        self._tell("xrandr", "-s", str(SMALLER))
        self.size = SMALLER
        yield self.size
        self.write("The end.\n")
        yield self.size


@contextmanager
def x11vnc_stage(size: Size, folder: Path, *, long: bool = False) -> Iterator[Stage]:
    """An X server, shown by x11vnc; it is an Xvnc too, because Xvfb cannot change its size."""
    with ExitStack() as resources:
        display, _ = resources.enter_context(xvnc(size))
        desktop = _XDesktop(display, size, folder, resources)
        patient = ["-nonap", "-wait", "10", "-defer", "10", "-xrandr"]
        port = resources.enter_context(x11vnc(display, *patient, "-nopw"))
        version = _run("x11vnc", "--version").decode().split("lastmod")[0].strip(" :\n")
        yield Stage(port, version, desktop.picture, desktop.long if long else desktop.short)


@contextmanager
def xvnc_stage(size: Size, folder: Path, *, options: Sequence[str] = (), long: bool = False) -> Iterator[Stage]:
    """TigerVNC's X server."""
    with ExitStack() as resources:
        display, port = resources.enter_context(xvnc(size, *options))
        desktop = _XDesktop(display, size, folder, resources)
        version = subprocess.run(["Xvnc", "-version"], capture_output=True, check=False, timeout=30).stderr.decode()
        first = next(line for line in version.splitlines() if "TigerVNC" in line)
        yield Stage(port, first.split(" - ")[0], desktop.picture, desktop.long if long else desktop.short)


@contextmanager
def wayvnc_stage(size: Size, folder: Path) -> Iterator[Stage]:
    """The compositor sway with one screen in memory, shown by wayvnc."""
    config = folder / "config"
    config.write_text(
        f"output HEADLESS-1 resolution {size} bg {folder}/backdrop.png center\n"
        "default_border pixel 2\nfor_window [app_id=foot] floating enable, move position 20 20\n"
    )
    cv2.imwrite(str(folder / "backdrop.png"), to_bgr(backdrop(size)))
    # sway refuses to run as root.
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if nobody:
        os.chown(folder, 65534, 65534)
    env = {
        "XDG_RUNTIME_DIR": str(folder),
        "SWAYSOCK": str(folder / "sway"),
        "WAYLAND_DISPLAY": "wayland-1",
        "WLR_BACKENDS": "headless",
        "WLR_LIBINPUT_NO_DEVICES": "1",
        "WLR_RENDERER": "pixman",
    }
    compositor = {**env}
    del compositor["WAYLAND_DISPLAY"]
    port = free_port()
    with ExitStack() as resources:
        resources.enter_context(process([*nobody, require("sway", "sway"), "-c", config], env=compositor))
        wait_until((folder / "wayland-1").exists, "sway")
        typed = folder / "typed"
        os.mkfifo(typed)
        colours = ["-o", "colors.background=fffff0", "-o", "colors.foreground=202020", "-W", "60x10"]
        reader = ["sh", "-c", f"printf '\\033[?25l'; while :; do cat {typed}; done"]
        resources.enter_context(process([require("foot", "foot"), *colours, *reader], env=env))
        typed.write_text(TEXT)
        resources.enter_context(process([require("wayvnc", "wayvnc"), "127.0.0.1", str(port)], env=env))
        wait_until(lambda: listening(port), "wayvnc listens")

        def picture() -> Picture:
            ppm = np.frombuffer(_run(require("grim", "grim"), "-t", "ppm", "-", env=env), np.uint8)
            return from_bgr(np.asarray(cv2.imdecode(ppm, cv2.IMREAD_COLOR), dtype=np.uint8))

        def acts() -> Iterator[Size]:
            _run("swaymsg", "[app_id=foot]", "move", "position", "60", "70", env=env)
            yield size
            typed.write_text("\033[31mred \033[32mgreen \033[44;33myellow on blue\033[0m\n")
            yield size
            _run("swaymsg", "output", "HEADLESS-1", "resolution", str(SMALLER), env=env)
            yield SMALLER
            typed.write_text(TEXT)
            yield SMALLER

        version = _run("wayvnc", "--version").decode().splitlines()
        yield Stage(port, ", ".join(line.replace(":", "") for line in version[:2]), picture, acts)


# A boot sector: text mode, in which what is typed appears, until F1 shows grey slopes of 640x400, or F2 coloured ones
# of 640x480.
_BOOT = bytes.fromhex(
    "b80300cd10"  # mov ax, 3; int 10h: 80x25 characters
    "b401b90726cd10"  # mov ah, 1; mov cx, 2607h; int 10h: no text cursor
    "30e4cd16"  # key: xor ah, ah; int 16h
    "80fc3b740e"  # cmp ah, 3bh; je slopes
    "80fc3c7435"  # cmp ah, 3ch; je colours
    "b40ebb0700cd10"  # mov ah, 0eh; mov bx, 7; int 10h
    "ebe9"  # jmp key
    "b81300cd10"  # slopes: mov ax, 13h; int 10h
    "bac80330c0ee42"  # mov dx, 3c8h; xor al, al; out dx, al; inc dx
    "31c9"  # xor cx, cx
    "88c8c0e802eeeeee"  # grey: mov al, cl; shr al, 2; out dx, al, three times
    "fec175f4"  # inc cl; jnz grey
    "b800a08ec031ff"  # mov ax, 0a000h; mov es, ax; xor di, di
    "89f888e0aa"  # row: mov ax, di; mov al, ah; stosb
    "85ff75f7"  # test di, di; jnz row
    "ebbd"  # jmp key
    "b8024fbb4201cd10"  # colours: mov ax, 4f02h; mov bx, 142h; int 10h: 640x480 of 32 bits
    "b8064f31dbb90004cd10"  # mov ax, 4f06h; xor bx, bx; mov cx, 1024; int 10h: rows of 4 KiB
    "b800a08ec031c9"  # mov ax, 0a000h; mov es, ax; xor cx, cx
    "bace01b80500ef42"  # bank: mov dx, 1ceh; mov ax, 5; out dx, ax; inc dx
    "89c8ef31ff"  # mov ax, cx; out dx, ax; xor di, di
    "89f8c1e80288ccc0e403ab"  # pixel: mov ax, di; shr ax, 2; mov ah, cl; shl ah, 3; stosw
    "89f888e030e4ab"  # mov ax, di; mov al, ah; xor ah, ah; stosw
    "85ff75ea"  # test di, di; jnz pixel
    "4180f91e72d7"  # inc cx; cmp cl, 30; jb bank
    "e978ff"  # jmp key
)


class _Qmp:
    """QEMU's monitor."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rw")
        self.greeting = json.loads(self._lines.readline())
        self.tell("qmp_capabilities")

    def tell(self, command: str, **arguments: object) -> object:
        """Run one command and return its answer."""
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}))
        self._lines.flush()
        while "event" in (answer := json.loads(self._lines.readline())):
            pass
        return answer["return"]

    def type(self, text: str) -> None:
        """Press the keys of `text`: small letters, blanks and lines."""
        names = {" ": "spc", "\n": "ret", ",": "comma", ".": "dot"}
        for letter in text:
            self.press(names.get(letter, letter))

    def press(self, key: str) -> None:
        """Press and release one key."""
        self.tell("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 1})
        self.tell("query-status")

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()


@contextmanager
def qemu_stage(folder: Path, *, options: str = "", last: str = "f1", long: bool = False) -> Iterator[Stage]:
    """A virtual machine that is a typewriter, shown by QEMU."""
    disk, monitor = folder / "disk", folder / "monitor"
    disk.write_bytes(_BOOT.ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    port = free_port()
    program = require("qemu-system-x86_64", "qemu-system-x86")
    command = [program, "-accel", "tcg", "-m", "16", "-nodefaults", "-vga", "std", "-display", "none"]
    command += ["-drive", f"file={disk},format=raw", "-qmp", f"unix:{monitor},server,nowait"]
    command += ["-vnc", f"127.0.0.1:{port - 5900}{options}"]
    with process(command), ExitStack() as resources:
        wait_until(lambda: monitor.exists() and listening(port), "QEMU listens")
        qmp = _Qmp(monitor)
        resources.callback(qmp.close)

        def picture() -> Picture:
            qmp.tell("screendump", filename=str(folder / "screen.ppm"))
            found = cv2.imread(str(folder / "screen.ppm"), cv2.IMREAD_COLOR)
            return from_bgr(np.asarray(found, dtype=np.uint8))

        text = Size(720, 400)
        wait_until(lambda: picture().shape == text.shape and len(np.unique(picture())) == 1, "the typewriter")

        def acts() -> Iterator[Size]:
            qmp.type("the quick brown fox jumps over the lazy dog\n")
            yield text
            qmp.press("caps_lock")
            yield text
            qmp.type("jackdaws love my big sphinx of quartz\n")
            yield text
            if long:
                qmp.type("\n" * 22)
                yield text
            qmp.press(last)
            yield Size(*picture().shape[::-1])

        version = qmp.greeting["QMP"]["version"]["qemu"]
        yield Stage(port, "QEMU {major}.{minor}.{micro}".format(**version), picture, acts)
