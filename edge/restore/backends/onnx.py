"""Restoring by a network on the processor, with ONNX Runtime."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from edge.errors import UpscalerError
from edge.pixels import Bgr
from edge.restore.backends.card import Tensor, load_card
from edge.restore.consistency import Residual
from edge.restore.shuffle import BLOCK_CHANNELS

INPUT = Tensor(dtype="tensor(uint8)", shape=("batch", "height", "width", 3))
OUTPUT = Tensor(dtype="tensor(int8)", shape=("batch", "height", "width", BLOCK_CHANNELS))

_THREADS = 2
# What ONNX Runtime raises has no common ancestor but Exception; on some damaged files its messages do not decode.
_LOAD_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    UnicodeDecodeError,
)


def shipped_model() -> Path:
    """Where the network lies that this package ships."""
    return Path(__file__).parent.parent / "zoo" / "desktop-x4.onnx"


class OnnxBackend:
    """The network in the ONNX file `model`, whose card lies beside it.

    It takes uint8 (1, height, width, 3) and gives int8 (1, height, width, 48) for any even height and width. Raises
    `UpscalerError` where the file is missing, is not ONNX, is not what its card says or has other inputs or outputs.
    """

    name = "onnx"

    def __init__(self, model: Path) -> None:
        card = load_card(model)
        self.halo_px = card.halo_px
        self.phase_px = card.phase_px
        try:
            self._session: Any = ort.InferenceSession(
                model.read_bytes(), sess_options=_options(), providers=["CPUExecutionProvider"]
            )
        except _LOAD_ERRORS as error:
            raise UpscalerError(
                f"{model} is not a network that ONNX Runtime {ort.__version__} can run: {error}"
            ) from error
        _check(model, "inputs", self._session.get_inputs(), INPUT)
        _check(model, "outputs", self._session.get_outputs(), OUTPUT)
        self._input = self._session.get_inputs()[0].name

    def residual(self, lr: Bgr) -> Residual:
        """See `edge.restore.upscaler.Backend`."""
        height, width, _ = lr.shape
        # Edges that end within the network's grid are repeated up to its end.
        down, right = -height % self.phase_px, -width % self.phase_px
        if down or right:
            lr = np.asarray(cv2.copyMakeBorder(lr, 0, down, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)
        try:
            (out,) = self._session.run(None, {self._input: np.ascontiguousarray(lr)[None]})
        except _LOAD_ERRORS as error:
            raise UpscalerError(f"the network failed on a picture of {width}x{height}: {error}") from error
        residual: Residual = out[0, :height, :width]
        return residual

    def close(self) -> None:
        """See `edge.restore.upscaler.Backend`."""
        self._session = None


def _options() -> Any:  # noqa: ANN401  the runtime has no types
    options = ort.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    # Waiting threads would otherwise spin, and a resting desktop cost a core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Damage has any size, and a plan of memory would be kept for each. Keeping the blocks themselves costs less than
    # asking for them anew: measured over frames and tiles, 150 MB of process instead of 175, and no slower.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return options


def _check(model: Path, what: str, nodes: list[Any], expected: Tensor) -> None:
    """Refuse a model whose one input or output does not have the fixed dimensions of `expected`."""
    came = [Tensor(dtype=node.type, shape=tuple(node.shape)) for node in nodes]
    fits = (
        len(came) == 1
        and came[0].dtype == expected.dtype
        and len(came[0].shape) == len(expected.shape)
        and all(isinstance(a, str) or a == b for a, b in zip(came[0].shape, expected.shape, strict=True))
        and came[0].shape[-1] == expected.shape[-1]
    )
    if not fits:
        shapes = " and ".join(map(str, came))
        raise UpscalerError(f"{model} cannot be used: its {what} are {shapes}, expected {expected}")
