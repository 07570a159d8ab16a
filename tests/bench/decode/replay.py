"""The same capture decoded by this client and by libvncclient."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.geometry import Size
from edge.pixels import Picture, blank
from edge.rfb import Connected, Connection, DesktopResized, Event, RectangleCopied, RectangleDecoded
from tests.bench.decode.capture import Capture
from tests.servers import require

# As much as a busy socket hands over at once.
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Replay:
    """Processor time of each update in seconds, and the framebuffer after the last."""

    times_s: tuple[float, ...]
    picture: Picture


class _Framebuffer:
    """What a viewer must do beyond decoding: put the rectangles where they belong."""

    def __init__(self) -> None:
        self.picture = blank(Size(0, 0))

    def show(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case RectangleDecoded(rect, pixels):
                    self.picture[rect.slices] = pixels
                case RectangleCopied(rect, x, y):
                    self.picture[rect.slices] = self.picture[y : y + rect.height, x : x + rect.width].copy()
                case Connected(size) | DesktopResized(size):
                    self.picture = blank(size)
                case _:
                    pass


def replay_here(capture: Capture) -> Replay:
    """Decode `capture` with `Connection`, into a framebuffer."""
    connection, framebuffer = Connection(capture.settings), _Framebuffer()

    def receive(data: bytes) -> None:
        for at in range(0, len(data), _PIECE_BYTES):
            framebuffer.show(connection.receive_data(data[at : at + _PIECE_BYTES]))
            while connection.more:
                framebuffer.show(connection.receive_more())

    receive(capture.head)
    times = []
    for update in capture.updates:
        start = time.process_time()
        receive(update)
        times.append(time.process_time() - start)
    return Replay(tuple(times), framebuffer.picture)


class LibVncClient:
    """Debian's libvncclient in a program of a page, compiled into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._program, self._wire, self._pixels = folder / "replay", folder / "wire", folder / "pixels"
        source = Path(__file__).with_name("replay.c")
        command = [require("gcc", "build-essential"), "-O2", "-o", self._program, source, "-lvncclient"]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode:
            raise RuntimeError(f"replay.c does not compile (apt-get install libvncserver-dev): {done.stderr}")

    def replay(self, capture: Capture) -> Replay:
        """Decode `capture`; what it does before its first update is not counted."""
        self._wire.write_bytes(capture.head + b"".join(capture.updates))
        command = [self._program, self._wire, str(len(capture.updates)), self._pixels]
        output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        picture = np.fromfile(self._pixels, dtype=np.uint32).reshape(capture.size.shape)
        return Replay(tuple(int(line) / 1e9 for line in output.split()), picture & np.uint32(0xFFFFFF))
