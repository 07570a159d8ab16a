"""A desktop with a terminal in it, as a real X server and x11vnc show it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.geometry import Size
from tests.servers import process, require, screen_pixels, wait_until, x11vnc, x_server

SIZE = Size(960, 640)


@dataclass(frozen=True)
class Desktop:
    """Its DISPLAY, the port of its x11vnc, and the folder that its screen is mapped to."""

    display: str
    port: int
    folder: Path

    def pixels(self) -> np.ndarray:
        return screen_pixels(self.folder, SIZE)

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"}, check=True, capture_output=True, text=True
        ).stdout


def text_page(folder: Path) -> Path:
    """Some Latin and Korean text to look at."""
    page = folder / "page.txt"
    lines = [
        f"{number:3} The quick brown fox 다람쥐 헌 쳇바퀴에 타고파 1,234.56 {number * 7919}" for number in range(60)
    ]
    page.write_text("\n".join(lines) + "\n")
    return page


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An X server with a terminal that shows text: its DISPLAY and the folder of its framebuffer."""
    page = text_page(tmp_path)
    with x_server(SIZE, tmp_path) as display:
        terminal = [
            require("xterm", "xterm"), "-display", display, "-geometry", "100x30+0+0", "-u8",
            "-fa", "Noto Sans Mono CJK KR", "-fs", "10", "-cr", "red", "-e", "sh", "-c", f"cat {page}; exec cat",
        ]  # fmt: skip
        with process(terminal, env={"LC_ALL": "C.UTF-8"}):
            wait_until(lambda: len(np.unique(screen_pixels(tmp_path, SIZE))) > 20, "the terminal shows its text")
            # The cursor of the X server is part of its picture: away with it.
            subprocess.run(
                [require("xdotool", "xdotool"), "mousemove", str(SIZE.width - 1), str(SIZE.height - 1)],
                env={"DISPLAY": display, "PATH": os.environ["PATH"]},
                check=True,
            )
            yield display, tmp_path


@pytest.fixture
def desktop(screen: tuple[str, Path]) -> Iterator[Desktop]:
    """The same with x11vnc on it."""
    display, folder = screen
    with x11vnc(display, "-nopw") as port:
        yield Desktop(display, port, folder)
