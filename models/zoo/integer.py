"""Networks of the family as ONNX files in whole numbers, uint8 (n, h, w, 3) to uint8 (n, h, w, 48).

QLinearConv throughout, with uint8 activations and int8 weights per output channel: processors with dot products of
bytes run nothing faster, and opset 12 has no other form with a step per channel. The residual comes out plus 128, for
the operator gives what it takes, and it takes the picture's bytes.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from torch import Tensor

from models.networks.base import STRIDE
from models.zoo.graph import INPUT, Graph
from models.zoo.quantised import SIGNED_MIN, QuantisedNetwork, Whole

_OFFSET = -SIGNED_MIN


class _Bytes(NamedTuple):
    """The names of a tensor of bytes, of its step and of its zero point."""

    name: str
    step: str
    zero: str


@torch.no_grad()
def export_integer(network: QuantisedNetwork, path: Path) -> None:
    """Write `network` to `path`: uint8 (batch, height, width, 3) to uint8 (batch, height, width, 48)."""
    graph = Graph()
    zero = {signed: graph.constant(name, np.uint8(_OFFSET * signed)) for signed, name in enumerate(("zero", "offset"))}

    def named(name: str, step: Tensor, *, signed: bool = False) -> _Bytes:
        return _Bytes(name, graph.constant(f"{name}.step", step.numpy()), zero[signed])

    one = torch.ones(())
    x = named(graph.planes(INPUT), one)
    x = skipped = _convolved(graph, x, network.whole_head(), named("head", network.head.step), stride=STRIDE)
    for index, activation in enumerate(network.inner):
        y = named(f"body.{index}", activation.step, signed=activation.signed)
        y = _convolved(graph, x, network.whole_inner(index), y)
        if activation.signed:
            joint = index // 2
            x = _joined(graph, skipped, y, named(f"sum.{joint}", network.joints[joint].step))
        else:
            skipped, x = x, y
    residual = _convolved(graph, x, network.whole_tail(), named("residual", one, signed=True))
    graph.blocks_of_cells(residual.name)
    graph.write(path, TensorProto.UINT8)


def _convolved(graph: Graph, x: _Bytes, layer: Whole, y: _Bytes, stride: int = 1) -> _Bytes:
    size = layer.weight.shape[-1]

    def constant(what: str, value: Tensor, dtype: type[np.generic]) -> str:
        array: NDArray[np.generic] = value.numpy().astype(dtype)
        return graph.constant(f"{y.name}.{what}", array)

    weight = [constant("weight", layer.weight, np.int8), constant("weight.step", layer.weight_step, np.float32)]
    weight.append(constant("weight.zero", torch.zeros(len(layer.bias)), np.int8))
    bias = constant("bias", layer.bias, np.int32)
    graph.node(
        "QLinearConv",
        [*x, *weight, y.step, y.zero, bias],
        y.name,
        kernel_shape=[size] * 2,
        strides=[stride] * 2,
        pads=[(size - stride + 1) // 2] * 4,
    )
    return y


def _joined(graph: Graph, x: _Bytes, y: _Bytes, total: _Bytes) -> _Bytes:
    terms = [graph.node("DequantizeLinear", [*term], f"{term.name}.to.{total.name}") for term in (x, y)]
    graph.node("QuantizeLinear", [graph.node("Add", terms, f"{total.name}.real"), total.step, total.zero], total.name)
    return total
