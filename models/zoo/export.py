"""The network as an ONNX file: bytes of pixels in, bytes of residual out, for any even height and width.

IR 6 and opset 12, which the converters of every Rockchip generation read.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from models.network import BLOCK_CHANNELS, STRIDE, ResidualNetwork

_IR, _OPSET = 6, 12


def export(network: ResidualNetwork, path: Path) -> None:
    """Write `network` to `path`: uint8 (batch, height, width, 3) to int8 (batch, height, width, 48)."""
    weights: list[onnx.TensorProto] = []
    nodes = [
        helper.make_node("Cast", ["picture"], ["grey_levels"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["grey_levels"], ["planes"], perm=[0, 3, 1, 2]),
    ]

    def constant(name: str, value: Tensor | NDArray[Any]) -> str:
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def convolve(source: str, name: str, weight: Tensor, bias: Tensor, *, stride: int = 1, relu: bool = True) -> str:
        size = weight.shape[-1]
        inputs = [source, constant(f"{name}.weight", weight), constant(f"{name}.bias", bias)]
        nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [name],
                kernel_shape=[size] * 2,
                strides=[stride] * 2,
                pads=[(size - stride + 1) // 2] * 4,
            )
        )
        if relu:
            nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"]))
        return f"{name}.relu" if relu else name

    # Grey levels instead of 0..1 around its middle: the first layer's weights take that up.
    head = network.head.weight
    x = convolve("planes", "head", head / 255, network.head.bias - 0.5 * head.sum(dim=(1, 2, 3)), stride=STRIDE)
    for index, layer in enumerate(network.inner):
        x = convolve(x, f"body.{index}", layer.weight, layer.bias)
    x = convolve(x, "residual", *network.projected_tail(), relu=False)
    # Rounds and saturates in one pass over the widest tensor there is.
    scale, zero = constant("one_unit", np.array(1, np.float32)), constant("no_offset", np.array(0, np.int8))
    nodes.append(helper.make_node("QuantizeLinear", [x, scale, zero], ["small"]))
    nodes += _laid_out("small", "blocks", constant)
    graph = helper.make_graph(
        nodes,
        "edge",
        [helper.make_tensor_value_info("picture", TensorProto.UINT8, ["batch", "height", "width", 3])],
        [helper.make_tensor_value_info("blocks", TensorProto.INT8, ["batch", "height", "width", BLOCK_CHANNELS])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="edge")
    model.ir_version = _IR
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _laid_out(source: str, target: str, constant: Callable[[str, NDArray[Any]], str]) -> list[onnx.NodeProto]:
    """Lay out (n, 192, h / 2, w / 2) as (n, h, w, 48).

    DepthToSpace and then Transpose would say the same, but move four times the bytes: the runtime has no DepthToSpace
    for int8.
    """

    def numbers(name: str, *values: int) -> str:
        return constant(name, np.array(values, dtype=np.int64))

    node = helper.make_node
    numbers("two", 2)
    lengths = []
    nodes = [node("Transpose", [source], ["last"], perm=[0, 2, 3, 1]), node("Shape", ["last"], ["shape"])]
    for axis, name in enumerate(("count", "rows", "columns")):
        ends = [numbers(f"{name}.from", axis), numbers(f"{name}.to", axis + 1)]
        nodes.append(node("Slice", ["shape", *ends], [name]))
        if axis:
            nodes.append(node("Mul", [name, "two"], [f"{name}.full"]))
            lengths.append(f"{name}.full")
    return [
        *nodes,
        node("Concat", ["count", "rows", "columns", numbers("cell", 2, 2, BLOCK_CHANNELS)], ["cells.shape"], axis=0),
        node("Reshape", ["last", "cells.shape"], ["cells"]),
        node("Transpose", ["cells"], ["in_order"], perm=[0, 1, 3, 2, 4, 5]),
        node("Concat", ["count", *lengths, numbers("channels", BLOCK_CHANNELS)], ["blocks.shape"], axis=0),
        node("Reshape", ["in_order", "blocks.shape"], [target]),
    ]
