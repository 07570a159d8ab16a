"""An ONNX file being written: bytes of pixels in, bytes of residual out, for any even height and width.

IR 6 and opset 12, which the converters of every Rockchip generation read.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from models.networks.base import BLOCK_CHANNELS, STRIDE

IR, OPSET = 6, 12
INPUT, OUTPUT = "picture", "blocks"


class Graph:
    """Nodes and constants, named as they are added.

    Where `half`, arrays of weights are stored in 16 bits and widened when the file is loaded.
    """

    def __init__(self, *, half: bool = False) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._half = half

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node and give the name of its output."""
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: ArrayLike) -> str:
        """Add a constant of the dtype of `value` and give its name."""
        array = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
        if self._half and array.dtype == np.float32 and array.ndim > 1:
            self.constants.append(numpy_helper.from_array(array.astype(np.float16), f"{name}.half"))
            return self.node("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def planes(self, source: str) -> str:
        """Lay out the picture (n, h, w, 3) as `planes` (n, 3, h, w)."""
        return self.node("Transpose", [source], "planes", perm=[0, 3, 1, 2])

    def blocks_of_cells(self, source: str) -> str:
        """Lay out (n, 192, h / 2, w / 2) as (n, h, w, 48).

        DepthToSpace and then Transpose would say the same, but move four times the bytes: the runtime has no
        DepthToSpace for bytes.
        """
        self.constant("two", np.array([STRIDE]))
        self.node("Transpose", [source], "last", perm=[0, 2, 3, 1])
        self.node("Shape", ["last"], "shape")
        for axis, name in enumerate(("count", "rows", "columns")):
            ends = [self.constant(f"{name}.from", np.array([axis])), self.constant(f"{name}.to", np.array([axis + 1]))]
            self.node("Slice", ["shape", *ends], name)
        cell = self.constant("cell", np.array([STRIDE, STRIDE, BLOCK_CHANNELS]))
        self.node("Concat", ["count", "rows", "columns", cell], "cells.shape", axis=0)
        self.node("Reshape", ["last", "cells.shape"], "cells")
        self.node("Transpose", ["cells"], "in_order", perm=[0, 1, 3, 2, 4, 5])
        lengths = [self.node("Mul", [name, "two"], f"{name}.full") for name in ("rows", "columns")]
        channels = self.constant("channels", np.array([BLOCK_CHANNELS]))
        self.node("Concat", ["count", *lengths, channels], "blocks.shape", axis=0)
        return self.node("Reshape", ["in_order", "blocks.shape"], OUTPUT)

    def write(self, path: Path, output_dtype: int) -> None:
        """Write to `path`: `picture` uint8 (batch, height, width, 3), `blocks` (batch, height, width, 48)."""
        picture = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["batch", "height", "width", 3])
        blocks = helper.make_tensor_value_info(OUTPUT, output_dtype, ["batch", "height", "width", BLOCK_CHANNELS])
        graph = helper.make_graph(self.nodes, "edge", [picture], [blocks], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="edge")
        model.ir_version = IR
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(path))
