"""Capture goldens anew: python -m tests.rfb.goldens.capture [PATTERN ...]

Captures all whose name matches a shell pattern; without patterns, all there are, which takes a quarter of an hour.
Needs the Debian packages x11vnc, xvfb, xterm, xdotool, xclip, imagemagick, x11-utils, x11-xserver-utils,
tigervnc-standalone-server, sway, wayvnc, foot, grim and qemu-system-x86.
"""

import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import numpy as np

from edge.geometry import Size
from tests.rfb.goldens.golden import FOLDER, Golden
from tests.rfb.goldens.recorder import Recorder
from tests.rfb.goldens.sessions import SESSIONS, Session


def capture(session: Session) -> Golden:
    """Play a session, and keep what the server said and what was shown at its end."""
    with tempfile.TemporaryDirectory() as folder, session.stage(Path(folder)) as stage:
        settings = msgspec.structs.replace(session.settings, server=stage.server)
        height, width = stage.picture().shape
        recorder = Recorder(stage.port, settings)
        try:
            recorder.begin(Size(width, height))
            for size in stage.acts():
                recorder.settle(size)
            picture = stage.picture()
            recorder.settle(size)
        finally:
            recorder.close()
        if not np.array_equal(picture, stage.picture()):
            raise RuntimeError("the desktop does not rest")
        return Golden(settings, bytes(recorder.stream), picture)


def main() -> None:
    """Capture what the command line names."""
    patterns = sys.argv[1:] or ["*"]
    for name, session in SESSIONS.items():
        if any(fnmatch(name, pattern) for pattern in patterns):
            golden = capture(session)
            path = FOLDER / f"{name}.zip"
            golden.save(path)
            print(f"{name}: {len(golden.server)} bytes from {golden.settings.server}, {path.stat().st_size} kept")


if __name__ == "__main__":
    main()
