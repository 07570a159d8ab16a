"""A runtime for an NPU that is not there: `rknnlite`, as lite2 2.5.0 was seen to behave, and the older one.

What it runs is a real network, on ONNX Runtime: a model file is the letters RKNN, the shapes, and an ONNX file.
"""

import hashlib
import json
import sys
import time
import types
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

from edge.restore.backends import card

MAGIC = b"RKNN"


@dataclass
class Npu:
    """How the NPU behaves; counts are of inferences, on all cores and while opening too."""

    dies_after: int = 1 << 30
    """`inference` returns None."""
    hangs_after: int = 1 << 30
    stale_after: int = 1 << 30
    """A job fails, and the buffer holds what it held."""
    output: str = "float32"
    raises: bool = False
    inferences: int = 0
    masks: list[int | None] = field(default_factory=list)
    released: int = 0

    def install(self, monkeypatch, *, old: bool = False) -> None:
        """Make `rknnlite` importable."""
        for name, module in self.modules(old=old).items():
            monkeypatch.setitem(sys.modules, name, module)

    def modules(self, *, old: bool = False) -> dict[str, types.ModuleType]:
        package, api = types.ModuleType("rknnlite"), types.ModuleType("rknnlite.api")
        api.RKNNLite = type("RKNNLite", (_Old if old else _New,), {"npu": self})
        return {"rknnlite": package, "rknnlite.api": api}


class _Runtime:
    npu: Npu

    def __init__(self, verbose=False, verbose_file=None):
        self._data = self._session = None
        self._last = None

    def load_rknn(self, path):
        if not Path(path).exists():
            return -1
        self._data = Path(path).read_bytes()
        return 0

    def _init(self):
        if self._data is None or not self._data.startswith(MAGIC):
            return -1
        header, model = self._data.removeprefix(MAGIC).split(b"\n", 1)
        self._input, self._output = json.loads(header)
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return 0

    def _run(self, inputs):
        npu = self.npu
        npu.inferences += 1
        if self._session is None or npu.inferences > npu.dies_after:
            return None
        if npu.raises:
            raise OSError("the driver has gone")
        if npu.inferences > npu.hangs_after:
            time.sleep(3600)
        (picture,) = inputs
        assert picture.dtype == np.uint8
        if list(picture.shape) != self._input:
            return None
        if npu.inferences <= npu.stale_after:
            self._last = self._infer(picture)
        return [self._last.astype(npu.output)]

    def _infer(self, picture):
        _, rows, columns, deep = picture.shape
        step = int((deep // 3) ** 0.5)
        lr = picture.reshape(rows, columns, step, step, 3).transpose(0, 2, 1, 3, 4)
        lr = lr.reshape(1, rows * step, columns * step, 3)
        (blocks,) = self._session.run(None, {"picture": lr})
        step = int((self._output[1] // 48) ** 0.5)
        _, height, width, _ = blocks.shape
        cells = blocks.reshape(height // step, step, width // step, step, 48).transpose(1, 3, 4, 0, 2)
        return cells.reshape(self._output).astype(np.float32)

    def release(self):
        self.npu.released += 1
        self._session = None


class _Old(_Runtime):
    """rknn-toolkit-lite 1.7."""

    def init_runtime(self, target=None, device_id=None, async_mode=False):
        self.npu.masks.append(None)
        return self._init()

    def inference(self, inputs, data_type=None, data_format=None, inputs_pass_through=None, get_frame_id=False):
        return self._run(inputs)


class _New(_Runtime):
    """rknn-toolkit-lite2 2.5.0."""

    NPU_CORE_AUTO, NPU_CORE_0, NPU_CORE_1, NPU_CORE_2 = 0, 1, 2, 4

    def init_runtime(self, target=None, device_id=None, async_mode=False, core_mask=NPU_CORE_AUTO):
        self.npu.masks.append(core_mask)
        return self._init()

    def inference(
        self,
        inputs,
        data_type=None,
        data_format=None,
        inputs_pass_through=None,
        get_frame_id=False,
        reuse_outputs=False,
    ):
        outputs = self._run(inputs)
        if outputs is None or not reuse_outputs:
            return outputs
        if not hasattr(self, "_staging") or self._staging.shape != outputs[0].shape:
            self._staging = np.empty_like(outputs[0])
        self._staging[...] = outputs[0]
        return [self._staging]


def convert(model: Path, folder: Path, sizes: list[tuple[int, int]], step_in: int = 2, step_out: int = 2) -> Path:
    """Convert the ONNX file `model` for tiles of `sizes` (height, width): files with their cards in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    network = card.load_card(model)
    for height, width in sizes:
        shapes = [
            [1, height // step_in, width // step_in, 3 * step_in**2],
            [1, 48 * step_out**2, height // step_out, width // step_out],
        ]
        path = folder / f"{height}x{width}.rknn"
        path.write_bytes(MAGIC + json.dumps(shapes).encode() + b"\n" + model.read_bytes())
        write_card(
            path,
            msgspec.structs.replace(
                network,
                name=path.stem,
                input=card.Tensor("uint8", tuple(shapes[0])),
                output=card.Tensor("float32", tuple(shapes[1])),
            ),
        )
    return folder


def write_card(path: Path, said: card.Card) -> None:
    """Write the card of `path`, with its hash."""
    said = msgspec.structs.replace(said, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    card.card_path(path).write_bytes(msgspec.json.encode(said))
