"""Restoring by a network on the processor, with ONNX Runtime."""

import platform
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
OFFSET_OUTPUT = Tensor(dtype="tensor(uint8)", shape=OUTPUT.shape)
"""What networks of 8-bit integers give: 128 more than the residual. ONNX Runtime is slow wherever they have signs."""

_THREADS = 2
_VNNI = frozenset({"avx512_vnni", "avx_vnni"})
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

    It takes `INPUT` and gives `OUTPUT` or `OFFSET_OUTPUT`, for any height and width on its grid. Raises `UpscalerError`
    where the file is missing, is not ONNX, is not what its card says or has other inputs or outputs.
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
        _check(model, "inputs", self._session.get_inputs(), [INPUT])
        _check(model, "outputs", self._session.get_outputs(), [OUTPUT, OFFSET_OUTPUT])
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
        if out.dtype == np.uint8:
            np.bitwise_xor(out, 0x80, out=out)
        residual: Residual = out[0, :height, :width].view(np.int8)
        return residual

    def close(self) -> None:
        """See `edge.restore.upscaler.Backend`."""
        self._session = None


def _adds_bytes_exactly(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether the processor adds products of bytes exactly; x86 without VNNI adds them in pairs that saturate."""
    if platform.machine() != "x86_64":
        return True
    try:
        words = cpuinfo.read_text(encoding="utf-8").split()
    except OSError:
        return False
    return not _VNNI.isdisjoint(words)


def _options() -> Any:  # noqa: ANN401  the runtime has no types
    options = ort.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    # Waiting threads would otherwise spin, and a resting desktop cost a core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not _adds_bytes_exactly():
        # A quarter of the speed, but otherwise another picture. ONNX Runtime does not look whether it is needed.
        options.add_session_config_entry("session.x64quantprecision", "1")
    # Damage has any size, and a plan of memory would be kept for each. Keeping the blocks themselves costs less than
    # asking for them anew: measured over frames and tiles, 150 MB of process instead of 175, and no slower.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return options


def _check(model: Path, what: str, nodes: list[Any], expected: list[Tensor]) -> None:
    """Refuse a model whose one input or output is not like one of `expected`, fixed dimensions included."""
    came = [Tensor(dtype=node.type, shape=tuple(node.shape)) for node in nodes]
    if len(came) != 1 or not any(_fits(came[0], tensor) for tensor in expected):
        raise UpscalerError(
            f"{model} cannot be used: its {what} are {' and '.join(map(str, came))},"
            f" expected {' or '.join(map(str, expected))}"
        )


def _fits(came: Tensor, expected: Tensor) -> bool:
    return (
        came.dtype == expected.dtype
        and len(came.shape) == len(expected.shape)
        and all(isinstance(a, str) or a == b for a, b in zip(came.shape, expected.shape, strict=True))
        and came.shape[-1] == expected.shape[-1]
    )
