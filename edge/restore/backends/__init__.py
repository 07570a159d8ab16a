"""What restores, by name, and what takes its place when it fails."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.errors import UpscalerError
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.backends.soc import this_soc
from edge.restore.upscaler import Backend, Upscaler

BACKENDS = ("auto", "rknn", "onnx", "classical")

_log = logging.getLogger(__name__)


def preferred(model: Path | None = None) -> str:
    """Return the backend that `auto` comes to here if nothing is missing; `model` as for `backends_from`."""
    if model is not None:
        return "rknn" if model.is_dir() else "onnx"
    return "onnx" if this_soc() is None else "rknn"


def open_upscaler(
    name: str = "auto", model: Path | None = None, clock: Callable[[], float] = time.perf_counter
) -> Upscaler:
    """Open an upscaler with `backends_from(name, model)`: the first one, and the others to take over in their order.

    Raises `UpscalerError`.
    """
    successors = backends_from(name, model)
    return Upscaler(next(successors), clock, successors)


def open_backend(name: str = "auto", model: Path | None = None) -> Backend:
    """Open the first of `backends_from(name, model)`. Raises `UpscalerError`."""
    return next(backends_from(name, model))


def backends_from(name: str = "auto", model: Path | None = None) -> Iterator[Backend]:
    """Open the backend `name`, one of `BACKENDS`, and each time that another is asked for, the one after it.

    `auto` is the NPU where there is one, then the network on the processor, then `classical`; with a `model` it begins
    with the backend of that. What cannot be opened is left out, and why is logged; but the first of any other name is
    that or nothing. `model` is what to use instead of what is shipped: a file for `onnx`, for `rknn` the folder with
    the targets. Raises `UpscalerError`.
    """
    if name not in BACKENDS:
        raise UpscalerError(f"no backend is called {name!r}; there are {', '.join(BACKENDS)}")
    first = preferred(model) if name == "auto" else name
    for other in BACKENDS[BACKENDS.index(first) :]:
        try:
            # A model is of one backend: the others take what is shipped.
            backend = _open(other, model if other == first else None)
        except UpscalerError as error:
            if other == name:
                raise
            _log.warning("restoring without %s: %s", other, error)
        else:
            yield backend


def _open(name: str, model: Path | None) -> Backend:
    match name:
        case "rknn":
            return _open_rknn(model)
        case "onnx":
            return _open_onnx(model)
        case _:
            return ClassicalBackend()


def _open_rknn(models: Path | None) -> Backend:
    from edge.restore.backends.rknn import RknnBackend, shipped_models  # noqa: PLC0415 - only where there is an NPU

    if (soc := this_soc()) is None:
        raise UpscalerError("there is no NPU: the device tree names no Rockchip chip that has one; use another backend")
    return RknnBackend(shipped_models() if models is None else models, soc)


def _open_onnx(model: Path | None) -> Backend:
    # Imported here: ONNX Runtime takes a fifth of a second and tens of megabytes that `classical` does without.
    try:
        from edge.restore.backends.onnx import OnnxBackend, shipped_model  # noqa: PLC0415
    except ImportError as error:
        raise UpscalerError(f"ONNX Runtime cannot be loaded: {error}; install the package onnxruntime") from error
    return OnnxBackend(shipped_model() if model is None else model)
