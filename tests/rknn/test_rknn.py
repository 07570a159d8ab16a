"""Networks through the real compiler and simulator."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper

from edge.restore.backends.card import load_card
from models.convert.build import build
from models.convert.errors import ConversionError
from models.convert.job import Precision, Target
from models.convert.layers import on_the_cpu
from models.convert.pictures import laid_out, planes
from models.convert.plain import read_plain
from models.convert.toolkit import Toolkit
from models.zoo.calibration import calibration
from tests.models.small import float_model, integer_model

SHAPE = (48, 96)


@pytest.fixture(scope="session")
def toolkit() -> Toolkit:
    return Toolkit(calibration())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return float_model(tmp_path)


def likeness_db(toolkit: Toolkit, model: Path, precision: Precision) -> float:
    network = read_plain(model)
    frame = planes(np.concatenate([*calibration()[:2]], axis=1)[:48, :96], network.step)
    done = toolkit.compile(network, Target.RK3568, precision, SHAPE, pictures=[frame])
    session = ort.InferenceSession(network.at(*SHAPE).SerializeToString())
    (wanted,) = session.run(None, {session.get_inputs()[0].name: frame.astype(np.float32)})
    assert laid_out(done.outputs[0]).shape == (*SHAPE, 48)
    return float(20 * np.log10(255 / (2 * np.sqrt(np.mean((wanted - done.outputs[0]) ** 2)))))


@pytest.mark.parametrize(("precision", "least_db"), [(Precision.FP16, 60), (Precision.INT8, 40)])
def test_the_simulator_agrees_with_onnx_runtime(
    model: Path, toolkit: Toolkit, precision: Precision, least_db: float
) -> None:
    assert likeness_db(toolkit, model, precision) > least_db


def test_an_integer_networks_ranges_are_kept(toolkit: Toolkit, tmp_path: Path) -> None:
    integer = integer_model(tmp_path, torch.from_numpy(calibration()).permute(0, 3, 1, 2).float() / 255)
    plain = read_plain(integer)
    frame = planes(np.concatenate([*calibration()[:2]], axis=1)[:48, :96], plain.step)
    done = toolkit.compile(plain, Target.RK3568, Precision.INT8, SHAPE, pictures=[frame])
    assert {layer.dtype for layer in done.layers} == {"INT8"}
    # One unit of the residual is one unit: were its step another, it would not be whole.
    assert np.array_equal(done.outputs[0], np.rint(done.outputs[0]))
    assert likeness_db(toolkit, integer, Precision.INT8) > 40


@pytest.mark.parametrize("target", [*Target])
def test_every_target_gets_a_file_and_a_card(model: Path, toolkit: Toolkit, tmp_path: Path, target: Target) -> None:
    (path,) = build(toolkit, model, [target], Precision.INT8, [SHAPE], tmp_path)
    assert path.read_bytes()[:4] == b"RKNN"
    assert load_card(path).input.shape == (1, 24, 48, 12)


def test_layers_are_analysed(model: Path, toolkit: Toolkit) -> None:
    done = toolkit.compile(read_plain(model), Target.RK3568, Precision.INT8, SHAPE, analysed=True)
    assert min(layer.single for layer in done.losses) > 0.99


def test_an_operator_that_falls_to_the_cpu_is_seen(toolkit: Toolkit, tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, None, None, None)) for name in ("planes", "out")]
    nodes = [
        helper.make_node("SpaceToDepth", ["planes"], ["apart"], blocksize=2),
        helper.make_node("Relu", ["apart"], ["out"]),
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=6), tmp_path / "g.onnx")
    done = toolkit.compile(read_plain(tmp_path / "g.onnx"), Target.RK3568, Precision.INT8, SHAPE)
    assert [layer.operator for layer in on_the_cpu(done.layers)] == ["SpaceToDepth"]


def test_what_the_toolkit_cannot_compile_is_refused(model: Path, toolkit: Toolkit) -> None:
    network = read_plain(model)
    for node in network.model.graph.node:
        if node.op_type == "Relu":
            node.op_type = "NoSuchOperator"
    with pytest.raises((ConversionError, onnx.shape_inference.InferenceError)):
        toolkit.compile(network, Target.RK3568, Precision.INT8, SHAPE)
