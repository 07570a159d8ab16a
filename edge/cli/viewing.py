"""What `edgectl view` and `edgectl replay` share: an upscaler from options, and files at the end."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge.errors import ConfigError, DisplayError, EdgeError
from edge.pixels import Picture, to_bgr
from edge.restore.backends import open_upscaler, preferred
from edge.restore.cubic import CubicUpscaler
from edge.restore.upscaler import Upscaler


def upscaler_of(
    scale: int, backend: str, model: Path | None, clock: Callable[[], float] = time.perf_counter
) -> Upscaler | CubicUpscaler | None:
    """Open what restores from 1/`scale`; None for 1. Raises `EdgeError`."""
    if model is not None:
        if scale != 4 or backend == "classical":
            raise ConfigError(
                "--model is a network from a quarter of the size: it goes with --scale 4 and its --backend"
            )
        if backend == "auto":  # who names a network wants no other to begin with
            backend = preferred(model)
    match scale:
        case 4:
            return open_upscaler(backend, model, clock)
        case 2:
            return CubicUpscaler(2)
        case _:
            return None


def write_picture(path: Path, picture: Picture | None) -> None:
    """Write a PNG; raises `EdgeError`."""
    if picture is None:
        raise DisplayError(f"{path}: no picture came, so there is no screenshot")
    done, data = cv2.imencode(".png", to_bgr(picture))
    if not done:
        height, width = picture.shape
        raise DisplayError(f"{path}: the picture of {width}x{height} cannot be encoded as PNG")
    write(path, data.tobytes())


def write(path: Path, data: bytes) -> None:
    """Write a file; raises `EdgeError`."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise EdgeError(f"{path}: cannot write: {error.strerror or error}") from error
