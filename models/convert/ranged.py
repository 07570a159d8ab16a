"""Integer networks in the only form in which rknn-toolkit2 keeps their ranges.

It refuses QLinearConv, and reads QuantizeLinear and DequantizeLinear around a Conv. With a step per channel these need
opset 13, whereas what the client ships is opset 12 for the sake of an older converter.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from models.convert.errors import ConversionError

OPSET = 13
_CONVOLUTION = "QLinearConv"
# Of a range about this the toolkit makes -127 to 127 and changes the step; one lower, it keeps both.
_MIDDLE = {"uint8": 128, "int8": 0}


def is_integer(nodes: Iterable[NodeProto]) -> bool:
    """Say whether `nodes` convolve whole numbers."""
    return any(node.op_type == _CONVOLUTION for node in nodes)


def ranged(
    nodes: Sequence[NodeProto], constants: Mapping[str, NDArray[Any]], source: str
) -> tuple[list[NodeProto], list[TensorProto]]:
    """Rewrite integer `nodes` as float ones between ranges, and `source`, whole numbers for them, as float.

    Gives nodes and weights; tensors keep their names. Raises `ConversionError` for an operator that has no such form.
    """
    writer = _Writer(constants)
    (first, *_) = (node for node in nodes if source in node.input)
    names = {source: writer.rounded(source, f"{source}.ranged", first.input[1], first.input[2])}
    for node in nodes:
        output = node.output[0]
        match node.op_type:
            case "QLinearConv":
                total = writer.convolved(node, names[node.input[0]])
                names[output] = writer.rounded(total, output, node.input[6], node.input[7])
            case "QuantizeLinear":
                names[output] = writer.rounded(names[node.input[0]], output, node.input[1], node.input[2])
            case "DequantizeLinear":
                names[output] = names[node.input[0]]
            case "Add":
                writer.nodes.append(helper.make_node("Add", [names[name] for name in node.input], [output]))
                names[output] = output
            case other:
                raise ConversionError(
                    f"operator {other} ({output}) stands among integer ones, where rknn-toolkit2 takes nothing but"
                    " convolutions and sums; convert the float network"
                )
    return writer.nodes, list(writer.weights.values())


class _Writer:
    def __init__(self, constants: Mapping[str, NDArray[Any]]) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, TensorProto] = {}
        self._constants = constants

    def convolved(self, node: NodeProto, x: str) -> str:
        """Convolve `x` in float as `node` does; gives the name of the sums."""
        _, x_step, _, weight, step, _, _, _, *bias = node.input
        steps = self._constants[step].astype(np.float32)
        inputs = [x, self._real(weight, steps)]
        inputs += [self._real(name, self._constants[x_step] * steps) for name in bias]
        total = f"{node.output[0]}.sum"
        convolution = helper.make_node("Conv", inputs, [total], name=node.output[0])
        convolution.attribute.extend(node.attribute)
        self.nodes.append(convolution)
        return total

    def rounded(self, tensor: str, name: str, step: str, zero: str) -> str:
        """Round `tensor` to its range; gives `name`, which it is called then."""
        at = self._constants[zero]
        if at == _MIDDLE[at.dtype.name]:
            zero, at = f"{zero}.lower", at - at.dtype.type(1)
        span = [self._constant(step, self._constants[step]), self._constant(zero, at)]
        self.nodes.append(helper.make_node("QuantizeLinear", [tensor, *span], [f"{name}.whole"]))
        self.nodes.append(helper.make_node("DequantizeLinear", [f"{name}.whole", *span], [name]))
        return name

    def _real(self, constant: str, steps: NDArray[np.float32]) -> str:
        """Make whole weights or biases what they stand for, per output channel."""
        whole = self._constants[constant]
        channels = len(whole)
        inputs = [
            self._constant(constant, whole),
            self._constant(f"{constant}.real.step", np.broadcast_to(steps.reshape(-1), channels)),
            self._constant(f"{constant}.real.zero", np.zeros(channels, whole.dtype)),
        ]
        self.nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{constant}.real"], axis=0))
        return f"{constant}.real"

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        self.weights[name] = numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
        return name
