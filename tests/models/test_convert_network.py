"""What is done to networks and pictures on their way to a converter."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray

from edge.restore.shuffle import unshuffle
from models.convert.errors import ConversionError
from models.convert.pictures import framed, laid_out, mosaics, planes
from models.convert.plain import PlainNetwork, read_plain
from models.networks.srgan import SrganGenerator
from models.zoo.export import export
from tests.models.small import float_model, integer_model

RANDOM = np.random.default_rng(5)
LR = RANDOM.integers(0, 256, (24, 40, 3), dtype=np.uint8)


def ran(network: PlainNetwork, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = ort.InferenceSession(network.at(*picture.shape[:2]).SerializeToString())
    (source,) = session.get_inputs()
    (out,) = session.run(None, {source.name: planes(picture, network.step).astype(np.float32)})
    return np.asarray(out)


def blocks(model: Path, picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    (out,) = ort.InferenceSession(model.read_bytes()).run(None, {"picture": picture[None]})
    return out[0].astype(np.int64) - (128 if out.dtype == np.uint8 else 0)


@pytest.fixture
def integer(tmp_path: Path) -> Path:
    return integer_model(tmp_path, torch.from_numpy(LR).permute(2, 0, 1)[None].float() / 255, skips=True)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return float_model(tmp_path)


def test_a_head_that_reads_unshuffled_pictures_gives_the_same(model: Path) -> None:
    as_is, unshuffled = (read_plain(model, unshuffled=flag) for flag in (False, True))
    assert (as_is.channels, as_is.step, unshuffled.channels, unshuffled.step) == (3, 1, 12, 2)
    assert np.abs(ran(as_is, LR) - ran(unshuffled, LR)).max() < 1e-3


def test_the_plain_networks_residual_laid_out_is_the_whole_files_output(model: Path) -> None:
    assert np.array_equal(laid_out(ran(read_plain(model), LR)), blocks(model, LR))


def test_an_integer_network_keeps_its_numbers_between_ranges(integer: Path) -> None:
    network = read_plain(integer)
    assert network.ranged
    kinds = {node.op_type for node in network.model.graph.node}
    assert kinds == {"QuantizeLinear", "DequantizeLinear", "Conv", "Add"}
    assert max(entry.version for entry in network.model.opset_import) == 13
    difference = np.abs(laid_out(ran(network, LR)) - blocks(integer, LR))
    # Ties of sums in float fall to either side.
    assert difference.max() <= 1
    assert (difference == 0).mean() > 0.99


def test_no_range_of_an_integer_network_is_about_its_middle(integer: Path) -> None:
    constants = {
        weight.name: onnx.numpy_helper.to_array(weight) for weight in read_plain(integer).model.graph.initializer
    }
    nodes = read_plain(integer).model.graph.node
    zeros = {int(constants[node.input[2]]) for node in nodes if node.op_type == "QuantizeLinear"}
    assert zeros == {0, 127}


def test_another_operator_among_integer_ones_is_named(integer: Path, tmp_path: Path) -> None:
    model = onnx.load(str(integer))
    inside = next(node for node in model.graph.node if node.op_type == "Add")
    inside.op_type = "Max"
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(ConversionError, match="operator Max"):
        read_plain(tmp_path / "other.onnx")


def test_a_rivals_picture_is_not_cut_into_blocks_by_the_npu(tmp_path: Path) -> None:
    export(SrganGenerator(channels=8, blocks=1), tmp_path / "srgan.onnx")
    network = read_plain(tmp_path / "srgan.onnx")
    assert (network.channels, network.step) == (3, 1)
    assert "SpaceToDepth" not in {node.op_type for node in network.model.graph.node}
    assert ran(network, LR).shape == (1, 3, 96, 160)


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(ConversionError, match="cannot be read as ONNX"):
        read_plain(tmp_path / "text.onnx")
    with pytest.raises(ConversionError, match="cannot be read as ONNX"):
        read_plain(tmp_path / "missing.onnx")


def test_an_odd_shape_is_refused(model: Path) -> None:
    with pytest.raises(ConversionError, match="47x96 does not divide by 2"):
        read_plain(model).at(47, 96)


def test_planes_hold_the_pixels_of_each_two_by_two() -> None:
    seen = planes(LR, 2)
    assert seen.shape == (1, 12, 12, 20)
    assert np.array_equal(seen[0, (1 * 2 + 0) * 3 + 2], LR[1::2, 0::2, 2])


@pytest.mark.parametrize("step", [1, 2])
def test_residuals_are_laid_out_as_blocks(step: int) -> None:
    wanted = unshuffle(RANDOM.integers(0, 256, (32, 48, 3), dtype=np.uint8)).astype(np.int16) - 128
    apart = wanted.reshape(8 // step, step, 12 // step, step, 48).transpose(1, 3, 4, 0, 2)
    residual = apart.reshape(1, -1, 8 // step, 12 // step).astype(np.float32) + np.float32(0.3)
    assert np.array_equal(laid_out(residual), wanted)


def test_residuals_saturate() -> None:
    assert set(np.unique(laid_out(np.array([-900.0, 900.0] * 24, np.float32).reshape(1, 48, 1, 1)))) == {-128, 127}


def test_a_frame_repeats_its_edge() -> None:
    frame = framed(LR, 26, 32)
    assert frame.shape == (26, 32, 3)
    assert np.array_equal(frame[24:], np.repeat(LR[23:, :32], 2, axis=0))


@pytest.mark.parametrize(("height", "width"), [(48, 96), (272, 480), (64, 64)])
def test_mosaics_show_every_piece(height: int, width: int) -> None:
    pieces = np.broadcast_to(np.arange(1, 8, dtype=np.uint8)[:, None, None, None], (7, 64, 64, 3))
    pictures = mosaics(pieces, height, width)
    assert {picture.shape for picture in pictures} == {(height, width, 3)}
    assert set(np.unique(np.stack(pictures))) == set(range(1, 8))
