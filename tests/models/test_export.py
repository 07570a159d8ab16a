import numpy as np
import onnx
import pytest
import torch

from models.networks.registry import NETWORKS, build
from models.networks.restorer import ResidualNetwork
from models.zoo.calibration import planes
from models.zoo.card import describe, write_card
from models.zoo.check import faults
from models.zoo.compare import largest_difference
from models.zoo.export import export


def network_with_something_to_say(name):
    torch.manual_seed(2)
    network = build(name).eval()
    torch.nn.init.normal_(network.tail.weight, std=0.02)
    for parameter in network.parameters():
        if parameter.ndim == 1:
            parameter.data.add_(0.05 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_exported_network_says_the_same_when_run_by_onnx_runtime(name, tmp_path):
    network, path = network_with_something_to_say(name), tmp_path / "network.onnx"
    export(network, path)
    side = 2 * network.halo_px + 8
    # Edges of 4 pixels, not noise: what is large in a residual.
    seen = np.random.default_rng(0).integers(0, 256, (1, side // 4, side // 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    lr = seen.astype(np.uint8)
    with torch.inference_mode():
        assert network(planes(lr)).std() > 0.5
    assert largest_difference(network, path, lr) <= 1
    write_card(path, describe(network, path, "none", "none"))
    assert not faults(tmp_path)


@pytest.mark.parametrize("name", ["S", "SRGAN", "SPAN"])
def test_plain_part_is_named_for_converters(name, tmp_path):
    path = tmp_path / "network.onnx"
    export(build(name).eval(), path)
    names = {name for node in onnx.load(path).graph.node for name in node.output}
    assert {"planes", "residual"} <= names


def test_large_network_is_half_as_large_as_its_weights(tmp_path):
    network, path = build("SRVGG").eval(), tmp_path / "network.onnx"
    export(network, path)
    assert path.stat().st_size < 2.2 * network.parameters_in_use


def test_exported_network_takes_any_even_size(tmp_path):
    network, path = ResidualNetwork(8, 1), tmp_path / "network.onnx"
    export(network, path)
    for height, width in ((20, 38), (42, 16)):
        assert largest_difference(network, path, np.zeros((2, height, width, 3), np.uint8)) <= 1


def test_comparison_is_refused_when_the_picture_is_all_halo(tmp_path):
    with pytest.raises(ValueError, match="all halo"):
        largest_difference(ResidualNetwork(8, 1), tmp_path / "network.onnx", np.zeros((1, 12, 40, 3), np.uint8))
