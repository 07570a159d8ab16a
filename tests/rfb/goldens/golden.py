"""A golden: what a real server said in one session, what had been agreed with it, and what it showed at the end.

A golden is one ZIP archive with three members:

settings.json   the fields of `Settings`
server          every byte that the server sent, from ProtocolVersion on; security type None
picture.png     the desktop at the end, taken from the X server, the compositor or QEMU, never from a decoder

`python -m tests.rfb.goldens.capture` makes them.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np

from edge.pixels import Picture, from_bgr, to_bgr
from edge.rfb import ConnectionSettings
from edge.rfb.pixel_format import PixelFormat
from tests.rfb.drive import open_settings

FOLDER = Path(__file__).parent
_SETTINGS, _SERVER, _PICTURE = "settings.json", "server", "picture.png"
# The same input gives the same archive.
_DATE = (1980, 1, 1, 0, 0, 0)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the client said before the first update."""

    #: The numbers of SetEncodings, in order.
    encodings: tuple[int, ...]
    #: The 16 bytes of SetPixelFormat in hexadecimal; None where the server's own format was kept.
    pixel_format: str | None
    #: What SetScale said; 1 where it was not said.
    scale: int = 1
    #: Whether the encodings may change pixels.
    lossy: bool = False
    #: Who said it: the program and its version.
    server: str = ""

    def connection_settings(self) -> ConnectionSettings:
        """Return what a `Connection` needs to replay it."""
        own = self.pixel_format is None
        return open_settings(
            encodings=self.encodings,
            pixel_format=None if own else PixelFormat.from_bytes(bytes.fromhex(self.pixel_format)),
        )


@dataclass(frozen=True, slots=True)
class Golden:
    """One session."""

    settings: Settings
    server: bytes
    picture: Picture

    @property
    def pixel_format(self) -> PixelFormat:
        """The format on the wire: the one that was set, or ServerInit's."""
        own = 12 + 1 + self.server[12] + 4 + 4
        return self.settings.connection_settings().pixel_format or PixelFormat.from_bytes(self.server[own : own + 16])

    @property
    def shown(self) -> Picture:
        """The picture at the scale that was agreed, as LibVNCServer reduces: the truncated mean of each block."""
        scale = self.settings.scale
        if scale == 1:
            return self.picture
        height, width = (side // scale for side in self.picture.shape)
        blocks = to_bgr(self.picture)[: height * scale, : width * scale].reshape(height, scale, width, scale, 3)
        return from_bgr((blocks.sum(axis=(1, 3)) // scale**2).astype(np.uint8))

    def save(self, path: Path) -> None:
        """Write the archive."""
        done, png = cv2.imencode(".png", to_bgr(self.picture), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        assert done
        text = msgspec.json.format(msgspec.json.encode(self.settings)) + b"\n"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data, method in [
                (_SETTINGS, text, zipfile.ZIP_STORED),
                (_SERVER, self.server, zipfile.ZIP_LZMA),
                (_PICTURE, png.tobytes(), zipfile.ZIP_STORED),
            ]:
                archive.writestr(zipfile.ZipInfo(name, _DATE), data, method)

    @classmethod
    def load(cls, path: Path) -> "Golden":
        """Read the archive."""
        with zipfile.ZipFile(path) as archive:
            settings = msgspec.json.decode(archive.read(_SETTINGS), type=Settings)
            png = cv2.imdecode(np.frombuffer(archive.read(_PICTURE), np.uint8), cv2.IMREAD_COLOR)
            assert png is not None
            return cls(settings, archive.read(_SERVER), from_bgr(np.asarray(png, dtype=np.uint8)))


def names() -> list[str]:
    """Return the names of all goldens."""
    return sorted(path.stem for path in FOLDER.glob("*.zip"))


def load(name: str) -> Golden:
    """Read the golden called `name`."""
    return Golden.load(FOLDER / f"{name}.zip")
