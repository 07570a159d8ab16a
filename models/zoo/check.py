"""Whether the files of a zoo are what they must be."""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto

from edge.errors import UpscalerError
from edge.restore.backends.card import Card, Tensor, load_card
from models.zoo.graph import IR, OPSET

# Networks, rivals and cards are kept in the repository, and the client's in its package.
BYTES_MAX = 12 << 20
_DTYPES: dict[int, str] = {TensorProto.UINT8: "tensor(uint8)", TensorProto.INT8: "tensor(int8)"}


def faults(folder: Path) -> list[str]:
    """Tell what is wrong with the ONNX files in `folder`: hash, card, IR, opset, shapes, and the size of all."""
    models = sorted(folder.glob("*.onnx"))
    found = [fault for model in models for fault in _faults(model)]
    found += [
        f"{card} has no network beside it; remove it"
        for card in sorted(folder.glob("*.json"))
        if not card.with_suffix(".onnx").exists()
    ]
    size = sum(path.stat().st_size for path in models)
    if size > BYTES_MAX:
        found.append(f"the networks in {folder} have {size} bytes, allowed are {BYTES_MAX}")
    return found


def _faults(model: Path) -> list[str]:
    try:
        card = load_card(model)
        graph = onnx.load(model)
        onnx.checker.check_model(graph, full_check=True)
    except (UpscalerError, DecodeError, onnx.checker.ValidationError) as error:
        return [f"{model}: {error}"]
    return [f"{model}: {fault}" for fault in _differences(card, graph, model.stem)]


def _differences(card: Card, model: onnx.ModelProto, name: str) -> list[str]:
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    inputs, outputs = ([_tensor(value) for value in values] for values in (model.graph.input, model.graph.output))
    compared = [
        ("name", card.name, name),
        ("IR", model.ir_version, IR),
        ("opsets", opsets, {"": OPSET}),
        ("inputs", inputs, [card.input]),
        ("outputs", outputs, [card.output]),
    ]
    return [f"{what} is {came}, expected {expected}" for what, came, expected in compared if came != expected]


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    shape = tuple(dim.dim_param or dim.dim_value for dim in kind.shape.dim)
    return Tensor(_DTYPES.get(kind.elem_type, str(kind.elem_type)), shape)
