"""Rivals as nodes: what PyTorch's exporter makes of their layers, between our bytes in and bytes out."""

import copy
import io
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.networks.base import BLOCK_CHANNELS, OUT_GAIN, Convolution, Network
from models.networks.span import WideConvolution
from models.zoo.graph import OPSET, OUTPUT, Graph

_SCALE = 4
_LR, _RESIDUAL = "lr", "residual"


def traced(graph: Graph, network: Network, planes: str) -> None:
    """Add `network`, which is none of the family, to `graph`; `planes` are grey levels (n, 3, h, w)."""
    graph.node("Div", [planes, graph.constant("white", np.float32(255))], _LR)
    layers = _exported(network)
    (output,) = layers.graph.output
    for constant in layers.graph.initializer:
        graph.constant(constant.name, numpy_helper.to_array(constant))
    graph.nodes.extend(layers.graph.node)
    residual = _RESIDUAL
    if output.type.tensor_type.shape.dim[1].dim_value != BLOCK_CHANNELS:
        residual = graph.node("SpaceToDepth", [residual], "apart", blocksize=_SCALE)
    unit = [graph.constant("one_unit", np.float32(1 / OUT_GAIN)), graph.constant("no_offset", np.int8(0))]
    graph.node("QuantizeLinear", [residual, *unit], "small")
    graph.node("Transpose", ["small"], OUTPUT, perm=[0, 2, 3, 1])


class _Features(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, lr: Tensor) -> Tensor:
        return self.network.features(lr)


def _exported(network: Network) -> onnx.ModelProto:
    plain = copy.deepcopy(network).eval()
    _merge(plain)
    written = io.BytesIO()
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # The exporter that it recommends writes opset 18 and newer.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            _Features(plain),
            (torch.zeros(1, 3, 16, 16),),
            written,  # type: ignore[arg-type]  # a file will do, whatever the annotation says
            dynamo=False,
            opset_version=OPSET,
            input_names=[_LR],
            output_names=[_RESIDUAL],
            dynamic_axes={_LR: free, _RESIDUAL: free},
        )
    return onnx.load_from_string(written.getvalue())


def _merge(module: nn.Module) -> None:
    """Put the one convolution that it computes in the place of each wide one."""
    for name, child in module.named_children():
        if isinstance(child, WideConvolution):
            weight, bias = child.merged()
            merged = Convolution(weight.shape[1], weight.shape[0], weight.shape[-1], padding=weight.shape[-1] // 2)
            merged.load_state_dict({"weight": weight, "bias": bias})
            setattr(module, name, merged)
        else:
            _merge(child)
