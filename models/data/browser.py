"""A headless Chromium that takes pictures of pages, driven through its debugging pipe."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from models.data.lines import Layout

WIDTH, HEIGHT = 1920, 1080

_LAYOUT_JS = Path(__file__).with_name("layout.js")

_FONTS_CONF = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include><match target="pattern">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="rgba" mode="assign"><const>{rgba}</const></edit>
<edit name="hinting" mode="assign"><bool>true</bool></edit>
<edit name="hintstyle" mode="assign"><const>{hinting}</const></edit></match></fontconfig>
"""


class BrowserError(Exception):
    """The browser is missing, has ended or refused what it was asked for."""


class Browser:
    """One browser process with one page of 1920x1080.

    Text is antialiased in grey, or where `subpixel` is set in the three colours of a pixel, with `hinting` one of
    none, slight, medium, full. Raises `BrowserError`.
    """

    def __init__(self, *, subpixel: bool = False, hinting: str = "slight") -> None:
        if shutil.which("chromium") is None:
            raise BrowserError("no program chromium in PATH: install the package chromium")
        self._home = tempfile.TemporaryDirectory(prefix="edge-data-", ignore_cleanup_errors=True)
        home = Path(self._home.name)
        conf = home / "fonts.conf"
        conf.write_text(_FONTS_CONF.format(rgba="rgb" if subpixel else "none", hinting=f"hint{hinting}"))
        to_read, self._write_fd = _pipe()
        self._read_fd, to_write = _pipe()
        chromium = (
            "exec chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --mute-audio --no-first-run"
            " --disable-background-networking --disable-component-update --allow-file-access-from-files"
            f" --force-device-scale-factor=1 --font-render-hinting={hinting} --user-data-dir={home}/profile"
            f" --{'enable' if subpixel else 'disable'}-lcd-text --window-size={WIDTH},{HEIGHT}"
            f" --remote-debugging-pipe about:blank 3<&{to_read} 4>&{to_write}"
        )
        self._process = subprocess.Popen(
            ["bash", "-c", chromium],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "FONTCONFIG_FILE": str(conf), "HOME": str(home)},
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._calls = 0
        self._session: str | None = None
        try:
            self._open_page()
        except BaseException:
            self.close()
            raise

    def _open_page(self) -> None:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "DOM", "CSS"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False)

    def picture(self, page: Path) -> NDArray[np.uint8]:
        """Open the HTML file `page` and take its picture: BGR bytes (1080, 1920, 3)."""
        self._call("Page.navigate", url=page.resolve().as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass
        png = base64.b64decode(self._call("Page.captureScreenshot", format="png", optimizeForSpeed=True)["data"])
        return np.asarray(cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)

    def layout(self) -> Layout:
        """Ask where the words of the open page stand."""
        result = self._call("Runtime.evaluate", expression=_LAYOUT_JS.read_text(encoding="utf-8"))
        if "exceptionDetails" in result:
            raise BrowserError(f"{_LAYOUT_JS.name} failed in the browser: {result['exceptionDetails']}")
        return msgspec.json.decode(result["result"]["value"], type=Layout)

    def fonts(self) -> set[str]:
        """Ask which families the words of the open page were drawn with, after `layout` has marked samples."""
        root = self._call("DOM.getDocument", depth=0)["root"]["nodeId"]
        nodes = self._call("DOM.querySelectorAll", nodeId=root, selector="[data-sample]")["nodeIds"]
        return {
            font["familyName"]
            for node in nodes
            for font in self._call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        }

    def close(self) -> None:
        """End the browser and remove its files."""
        os.close(self._write_fd)
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._read_fd)
        self._home.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        try:
            os.write(self._write_fd, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise BrowserError(f"the browser ended before it was asked for {method}") from None
        while (answer := self._receive()).get("id") != self._calls:
            pass
        if "error" in answer:
            raise BrowserError(f"the browser refused {method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._read_fd, 1 << 20)
            if not more:
                raise BrowserError("the browser ended before it answered: start chromium --headless by hand to see why")
            self._buffer += more
        message, self._buffer = self._buffer.split(b"\0", 1)
        decoded: dict[str, Any] = json.loads(message)
        return decoded


def _pipe() -> tuple[int, int]:
    """Open a pipe whose ends are none of 3 and 4, where the browser expects its own."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


@contextmanager
def page_folder() -> Iterator[Path]:
    """Make a folder for pages and what they show, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="edge-pages-") as folder:
        yield Path(folder)
