"""Networks as ONNX files in floating point, uint8 (n, h, w, 3) to int8 (n, h, w, 48)."""

from pathlib import Path

import numpy as np
from onnx import TensorProto
from torch import Tensor

from models.networks.base import STRIDE, Network
from models.networks.restorer import ResidualNetwork
from models.zoo.graph import INPUT, Graph
from models.zoo.trace import traced

# From here on weights are stored in 16 bits: what that changes in the residual is lost in its rounding.
_HALF_FROM_PARAMETERS = 300_000


def export(network: Network, path: Path) -> None:
    """Write `network` to `path`: uint8 (batch, height, width, 3) to int8 (batch, height, width, 48)."""
    graph = Graph(half=network.parameters_in_use >= _HALF_FROM_PARAMETERS)
    planes = graph.planes(graph.node("Cast", [INPUT], "grey_levels", to=TensorProto.FLOAT))
    if isinstance(network, ResidualNetwork):
        _family(graph, network, planes)
    else:
        traced(graph, network, planes)
    graph.write(path, TensorProto.INT8)


def _family(graph: Graph, network: ResidualNetwork, planes: str) -> None:
    # Grey levels instead of 0..1 around its middle: the first layer's weights take that up.
    head = network.head.weight
    bias = network.head.bias - 0.5 * head.sum(dim=(1, 2, 3))
    x = skipped = _relu(graph, _convolved(graph, planes, "head", head / 255, bias, stride=STRIDE))
    for index, layer in enumerate(network.inner):
        convolved = _convolved(graph, x, f"body.{index}", layer.weight, layer.bias)
        if network.skips and index % 2:
            convolved = graph.node("Add", [skipped, convolved], f"sum.{index // 2}")
        else:
            skipped = x
        x = _relu(graph, convolved)
    residual = _convolved(graph, x, "residual", *network.projected_tail())
    # Rounds and saturates in one pass over the widest tensor there is.
    unit = [graph.constant("one_unit", np.float32(1)), graph.constant("no_offset", np.int8(0))]
    graph.blocks_of_cells(graph.node("QuantizeLinear", [residual, *unit], "small"))


def _convolved(graph: Graph, source: str, name: str, weight: Tensor, bias: Tensor, stride: int = 1) -> str:
    size = weight.shape[-1]
    named = [(f"{name}.weight", weight), (f"{name}.bias", bias)]
    inputs = [source, *(graph.constant(constant, value.detach().numpy()) for constant, value in named)]
    return graph.node(
        "Conv", inputs, name, kernel_shape=[size] * 2, strides=[stride] * 2, pads=[(size - stride + 1) // 2] * 4
    )


def _relu(graph: Graph, source: str) -> str:
    return graph.node("Relu", [source], f"{source}.relu")
