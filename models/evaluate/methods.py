"""What restores, as the evaluation runs it: interpolations, FSR 1, `classical`; networks are found in a zoo."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

import edge.restore.backends.classical
import models.evaluate.fsr
from edge.pixels import Bgr, from_bgr, to_bgr
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.upscaler import Backend, Upscaler
from models.evaluate.fsr import fsr1


class Precision(StrEnum):
    """What the weights and activations of a network are."""

    FLOAT = "float"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Opened:
    """A method that is ready to run, at any low resolution, all of it BGR bytes (height, width, 3).

    `picture` restores fourfold. `frame` does the same and leaves the picture as its program keeps it, `network` runs
    the bare network, if it is one: these two are for timing.
    """

    picture: Callable[[Bgr], Bgr]
    frame: Callable[[Bgr], object]
    network: Callable[[Bgr], object] | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table; `identity` is a SHA-256 of what decides its pixels, `sha256` that of a network's file."""

    name: str
    precision: Precision | None
    identity: str
    opened: Callable[[], AbstractContextManager[Opened]]
    sha256: str | None = None
    parameters: int | None = None
    gmac_per_frame: float | None = None
    bytes: int | None = None

    @property
    def label(self) -> str:
        """The name in tables and captions."""
        return f"{self.name} {self.precision}" if self.precision else self.name


def digest(*parts: bytes | Path) -> str:
    """Hash bytes and the content of files together."""
    joined = hashlib.sha256()
    for part in parts:
        joined.update(hashlib.sha256(part.read_bytes() if isinstance(part, Path) else part).digest())
    return joined.hexdigest()


def restored(backend: Backend) -> Opened:
    """Run `backend` as the client does."""
    upscaler = Upscaler(backend)

    def frame(lr: Bgr) -> object:
        return upscaler.upscale(from_bgr(lr))

    def picture(lr: Bgr) -> Bgr:
        return to_bgr(upscaler.upscale(from_bgr(lr)))

    return Opened(picture, frame, backend.residual)


def without_network() -> list[Method]:
    """Give what restores without a network."""
    return [
        _plain("nearest", b"cv2", _interpolation(cv2.INTER_NEAREST)),
        _plain("bicubic", b"cv2", _interpolation(cv2.INTER_CUBIC)),
        _plain("Lanczos", b"cv2", _interpolation(cv2.INTER_LANCZOS4)),
        _plain("FSR 1", Path(models.evaluate.fsr.__file__), fsr1),
        Method("classical", None, digest(b"classical", Path(edge.restore.backends.classical.__file__)), _classical),
    ]


def _plain(name: str, made_of: bytes | Path, picture: Callable[[Bgr], Bgr]) -> Method:
    @contextmanager
    def opened() -> Iterator[Opened]:
        yield Opened(picture, picture)

    return Method(name, None, digest(name.encode(), made_of), opened)


@contextmanager
def _classical() -> Iterator[Opened]:
    opened = restored(ClassicalBackend())
    yield Opened(opened.picture, opened.frame)


def _interpolation(flag: int) -> Callable[[Bgr], Bgr]:
    """`cv2.resize` aligns the centres of pixels, as a box mean does."""

    def picture(lr: Bgr) -> Bgr:
        size = (4 * lr.shape[1], 4 * lr.shape[0])
        return np.asarray(cv2.resize(lr, size, interpolation=flag), dtype=np.uint8)

    return picture
