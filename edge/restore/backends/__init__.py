"""What restores, by name."""

import logging
from pathlib import Path

from edge.errors import UpscalerError
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.upscaler import Backend

BACKENDS = ("auto", "onnx", "classical")

_log = logging.getLogger(__name__)


def open_backend(name: str = "auto", model: Path | None = None) -> Backend:
    """Open the backend `name`, one of `BACKENDS`, with the network in `model`, by default the shipped one.

    `auto` takes the network where it can be used and otherwise `classical`, and logs why. Raises `UpscalerError`.
    """
    match name:
        case "classical":
            return ClassicalBackend()
        case "onnx":
            return _open_onnx(model)
        case "auto":
            try:
                return _open_onnx(model)
            except UpscalerError as error:
                _log.warning("restoring without a network: %s", error)
                return ClassicalBackend()
        case _:
            raise UpscalerError(f"no backend is called {name!r}; there are {', '.join(BACKENDS)}")


def _open_onnx(model: Path | None) -> Backend:
    # Imported here: ONNX Runtime takes a fifth of a second and tens of megabytes that `classical` does without.
    try:
        from edge.restore.backends.onnx import OnnxBackend, shipped_model  # noqa: PLC0415
    except ImportError as error:
        raise UpscalerError(f"ONNX Runtime cannot be loaded: {error}; install the package onnxruntime") from error
    return OnnxBackend(shipped_model() if model is None else model)
