"""One network on one core of a Rockchip NPU, through either of the runtimes that are imported as `rknnlite`.

rknn-toolkit-lite2 drives RK3566, RK3568, RK3576 and RK3588, rknn-toolkit-lite 1.7 the RK3399Pro. Neither raises when
something is wrong: `load_rknn` says 0 of any file that is there, `init_runtime` returns -1, `inference` None. And when
a job fails on the NPU itself, `inference` does not look: it returns what the buffer still holds.
"""

import inspect
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import UpscalerError

Shape = tuple[int, ...]

_SAMPLE = (..., slice(None, None, 4), slice(None, None, 4))
"""Enough of an output to know it by."""


class NpuNetwork:
    """The network in the file `model`, uint8 `input_shape` to float32 `output_shape`, on `core` of the NPU.

    `core` None leaves the choice to the driver. Belongs to one thread. Raises `UpscalerError` for whatever fails, also
    if the network answers nothing but the same.
    """

    def __init__(self, model: Path, input_shape: Shape, output_shape: Shape, core: int | None) -> None:
        self._model = model
        self._output_shape = output_shape
        self.picture: NDArray[np.uint8] = np.zeros(input_shape, dtype=np.uint8)
        """What the network sees; to be written to before `infer`."""
        self._lite = _opened(model, core)
        # Since 2.5.0. Without it each call allocates the output anew, tens of megabytes for a large tile.
        reuses = "reuse_outputs" in inspect.signature(self._lite.inference).parameters
        self._options = {"reuse_outputs": True} if reuses else {}
        self._seen = self.picture.copy()
        self._said: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        with ExitStack() as failed:
            failed.callback(self._lite.release)
            self._begin()
            failed.pop_all()

    def infer(self) -> NDArray[np.float32]:
        """Return what the network makes of `picture`; it may be overwritten by the next call."""
        output = self._call()
        if np.array_equal(output[_SAMPLE], self._said) and not np.array_equal(self.picture, self._seen):
            output = self._asked_again()
        self._seen[...] = self.picture
        self._said = output[_SAMPLE].copy()
        return output

    def close(self) -> None:
        """Give the NPU's memory back."""
        self._lite.release()

    def _begin(self) -> None:
        """See that the network tells two pictures apart."""
        rng = np.random.default_rng(0)
        self._probe: NDArray[np.uint8] = rng.integers(0, 256, self.picture.shape, dtype=np.uint8)
        self.picture[...] = self._probe ^ 0xFF
        other = self._call()[_SAMPLE].copy()
        self.picture[...] = self._probe
        self._known = self._call()[_SAMPLE].copy()
        if not np.isfinite(self._known).all() or np.array_equal(self._known, other):
            raise UpscalerError(f"{self._model} gives the same for every picture, or no numbers; convert it again")
        self._seen[...], self._said = self._probe, self._known

    def _asked_again(self) -> NDArray[np.float32]:
        """Ask for a picture whose answer is known in between, after one that was answered as the last."""
        asked = self.picture.copy()
        self.picture[...] = self._probe
        alive = np.array_equal(self._call()[_SAMPLE], self._known)
        self.picture[...] = asked
        output = self._call()
        if not alive or (np.array_equal(output[_SAMPLE], self._known) and not np.array_equal(asked, self._probe)):
            raise UpscalerError(f"the NPU no longer works on {self._model}: its answer is that of an earlier picture")
        return output

    def _call(self) -> NDArray[np.float32]:
        outputs = self._lite.inference(inputs=[self.picture], **self._options)
        if outputs is None:
            raise UpscalerError(
                f"the NPU failed on {self._model}; what it says of it is in the log (`dmesg | grep -i npu`)"
            )
        came = [(str(output.dtype), output.shape) for output in outputs]
        if came != [("float32", self._output_shape)]:
            raise UpscalerError(f"{self._model} gave {came}; its card says float32 {self._output_shape}")
        output: NDArray[np.float32] = outputs[0]
        return output


def _opened(model: Path, core: int | None) -> Any:  # noqa: ANN401 - the runtime has no types
    try:
        from rknnlite.api import RKNNLite  # noqa: PLC0415 - only where there is an NPU
    except (ImportError, OSError) as error:
        raise UpscalerError(
            f"the NPU's runtime cannot be loaded: {error}; install rknn-toolkit-lite2, or on an RK3399Pro"
            " rknn-toolkit-lite 1.7"
        ) from error
    lite = RKNNLite()
    if (code := lite.load_rknn(str(model))) != 0:
        raise UpscalerError(f"the NPU's runtime cannot read {model}: load_rknn returned {code}")
    # Only the newer runtime knows cores, and only where there are several.
    cores = {} if core is None else {"core_mask": getattr(RKNNLite, f"NPU_CORE_{core}")}
    if (code := lite.init_runtime(**cores)) != 0:
        lite.release()
        raise UpscalerError(
            f"the NPU cannot run {model}: init_runtime returned {code}; is it a model for this board, and are"
            " librknnrt.so (RK3399Pro: npu_transfer_proxy) and the NPU's driver there?"
        )
    return lite
