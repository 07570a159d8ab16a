"""The plain network in an ONNX file, from grey levels to residuals, for a compiler that knows fixed shapes only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from models.convert.errors import ConversionError
from models.convert.ranged import OPSET, is_integer, ranged

SOURCE = "planes"
HALVING = 2
COLOURS = 3
_HEAD_PX = 6
_HEAD = {"kernel_shape": [_HEAD_PX] * 2, "strides": [HALVING] * 2, "pads": [HALVING] * 4}
_UNSHUFFLED_HEAD = {"kernel_shape": [_HEAD_PX // HALVING] * 2, "strides": [1] * 2, "pads": [1] * 4}

# How residuals lie is the affair of whoever runs the network; the compiler gives most of these to the CPU.
_LAYING_OUT = frozenset({"SpaceToDepth", "Transpose", "Reshape"})

Constants = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class PlainNetwork:
    """A network from (1, `channels`, height / `step`, width / `step`) in grey levels to residuals, of no shape yet.

    `step` is 2 where whoever runs it un-shuffles pictures by two: channel (py * 2 + px) * 3 + c is colour c of pixel
    (py, px) of each 2x2. `ranged` says that the ranges of int8 are in it.
    """

    model: ModelProto
    channels: int
    step: int
    ranged: bool

    def at(self, height: int, width: int) -> ModelProto:
        """Fix the shape for pictures of `height` x `width` pixels.

        Raises `ConversionError` if `step` does not divide it.
        """
        if height % self.step or width % self.step:
            raise ConversionError(f"a picture of {height}x{width} does not divide by {self.step}; take an even shape")
        model = ModelProto()
        model.CopyFrom(self.model)
        (source,), (sink,) = model.graph.input, model.graph.output
        shape = [1, self.channels, height // self.step, width // self.step]
        source.CopyFrom(helper.make_tensor_value_info(source.name, TensorProto.FLOAT, shape))
        sink.CopyFrom(helper.make_tensor_value_info(sink.name, TensorProto.FLOAT, None))
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def read_plain(path: Path, *, unshuffled: bool = True) -> PlainNetwork:
    """Cut the plain network out of the ONNX file `path`, without what prepares pictures and lays residuals out.

    If `unshuffled`, a 6x6 head of stride 2 is made to read pictures that are un-shuffled already: the same sums for a
    quarter of the cycles, since an NPU pads three channels to 32. Raises `ConversionError`.
    """
    try:
        model = onnx.load(str(path))
    except (OSError, DecodeError) as error:
        raise ConversionError(f"{path} cannot be read as ONNX: {error}") from error
    constants: Constants = _constants(model)
    integer = is_integer(model.graph.node)
    source, sink = _integer_ends(model.graph.node) if integer else _float_ends(path, model)
    nodes = _between(model.graph.node, constants, source, sink)
    if not nodes:
        raise ConversionError(f"{path}: nothing leads from {source} to {sink}")
    head = next(node for node in nodes if source in node.input)
    channels, step = COLOURS, 1
    if unshuffled and _is_halving(head, constants):
        head, constants = _reading_unshuffled(head, constants)
        nodes = [head, *(node for node in nodes if source not in node.input)]
        channels, step = COLOURS * HALVING**2, HALVING
    opset = max(entry.version for entry in model.opset_import if not entry.domain)
    if integer:
        nodes, weights = ranged(nodes, constants, source)
        opset = max(opset, OPSET)
    else:
        read = {name for node in nodes for name in node.input}
        weights = [numpy_helper.from_array(value, name) for name, value in constants.items() if name in read]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info(sink, TensorProto.FLOAT, None)],
        weights,
    )
    cut = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=model.ir_version)
    return PlainNetwork(cut, channels, step, integer)


def _float_ends(path: Path, model: ModelProto) -> tuple[str, str]:
    """Find what the layers read, and what they make before it is rounded and laid out."""
    makers = {name: node for node in model.graph.node for name in node.output}
    source = SOURCE if SOURCE in makers else model.graph.input[0].name
    rounding = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    sink = rounding[-1].input[0] if rounding else model.graph.output[0].name
    while sink in makers and makers[sink].op_type in _LAYING_OUT:
        sink = makers[sink].input[0]
    kinds = {entry.name: entry.type.tensor_type.elem_type for entry in model.graph.input}
    if kinds.get(source, TensorProto.FLOAT) != TensorProto.FLOAT:
        raise ConversionError(
            f"{path} reads no float planes: its input {source} is of whole numbers, and there is no tensor {SOURCE}"
            " (float, (n, 3, h, w), grey levels); name it so when the network is exported"
        )
    return source, sink


def _integer_ends(nodes: Sequence[NodeProto]) -> tuple[str, str]:
    convolutions = [node for node in nodes if is_integer([node])]
    return convolutions[0].input[0], convolutions[-1].output[0]


def _constants(model: ModelProto) -> dict[str, NDArray[Any]]:
    """Collect weights; those that are stored in 16 bits and widened by a Cast come as they are used."""
    constants = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]].astype(np.float32)
    return constants


def _between(nodes: Sequence[NodeProto], constants: Constants, source: str, sink: str) -> list[NodeProto]:
    """Give the nodes that `sink` needs, without what makes `source`, in their order."""
    needed, kept = {sink}, []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(name for name in node.input if name != source and name not in constants)
    return kept[::-1]


def _is_halving(head: NodeProto, constants: Constants) -> bool:
    if head.op_type not in {"Conv", "QLinearConv"}:
        return False
    found = {entry.name: list(entry.ints) for entry in head.attribute}
    halves = all(found.get(name) == value for name, value in _HEAD.items())
    return halves and bool(constants[head.input[_weight_at(head)]].shape[1] == COLOURS)


def _weight_at(convolution: NodeProto) -> int:
    return 3 if convolution.op_type == "QLinearConv" else 1


def _reading_unshuffled(head: NodeProto, constants: Constants) -> tuple[NodeProto, Constants]:
    """Make a 6x6 head of stride 2 a 3x3 one over 12 channels: row 2 * ky + py of the one is row ky of phase py."""
    name = head.input[_weight_at(head)]
    whole = constants[name]
    apart = whole.reshape(len(whole), COLOURS, 3, HALVING, 3, HALVING).transpose(0, 3, 5, 1, 2, 4)
    moved = NodeProto()
    moved.CopyFrom(head)
    del moved.attribute[:]
    moved.attribute.extend(entry for entry in head.attribute if entry.name not in _UNSHUFFLED_HEAD)
    moved.attribute.extend(helper.make_attribute(key, value) for key, value in _UNSHUFFLED_HEAD.items())
    return moved, {**constants, name: np.ascontiguousarray(apart.reshape(len(whole), -1, 3, 3))}
