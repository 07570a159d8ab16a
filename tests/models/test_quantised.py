import numpy as np
import onnx
import pytest
import torch

from edge.restore.backends.onnx import OnnxBackend
from models.networks.restorer import ResidualNetwork
from models.zoo.calibration import calibration, planes
from models.zoo.card import describe, write_card
from models.zoo.check import faults
from models.zoo.compare import largest_difference
from models.zoo.integer import export_integer
from models.zoo.quantised import QuantisedNetwork


def network(channels=16, depth=3, *, skips=False):
    torch.manual_seed(4)
    made = ResidualNetwork(channels, depth, skips=skips)
    for parameter in made.parameters():
        if parameter.ndim == 1:
            parameter.data.add_(0.1 * torch.randn_like(parameter))
    for layer in made.inner[1::2]:
        torch.nn.init.kaiming_normal_(layer.weight)
    torch.nn.init.normal_(made.tail.weight, std=0.05)
    return made


@pytest.fixture(params=[False, True], ids=["plain", "skips"])
def quantised(request):
    made = QuantisedNetwork(network(depth=4, skips=request.param))
    made.calibrate(planes(calibration()[:8]))
    return made


def test_integer_file_is_the_quantised_network_when_run_by_onnx_runtime(quantised, tmp_path):
    path = tmp_path / "integer.onnx"
    export_integer(quantised, path)
    assert largest_difference(quantised, path, calibration()[8:16]) <= 1
    write_card(path, describe(quantised, path, "none", "none", calibration="none"))
    assert not faults(tmp_path)
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert "QLinearConv" in operators
    assert "Conv" not in operators


def test_integer_file_restores_as_the_network_does_when_the_client_runs_it(quantised, tmp_path):
    path = tmp_path / "integer.onnx"
    export_integer(quantised, path)
    write_card(path, describe(quantised, path, "none", "none", calibration="none"))
    lr = calibration()[3]
    came = OnnxBackend(path).residual(lr).astype(int)
    with torch.inference_mode():
        cells = quantised.network.cells(quantised.network.features(planes(lr[None])))
    wanted = cells.view(32, 32, 2, 2, 48).permute(0, 2, 1, 3, 4).reshape(64, 64, 48).numpy()
    halo = quantised.halo_px
    error, said = ((x[halo:-halo, halo:-halo] ** 2).mean() for x in (came - wanted, wanted))
    assert error < 0.02 * said


def test_residual_is_whole_and_saturates_when_it_is_large():
    loud = network()
    loud.tail.weight.data.mul_(50)
    made = QuantisedNetwork(loud)
    pieces = planes(calibration()[:2])
    made.calibrate(pieces)
    with torch.inference_mode():
        residual = made.cells(made.features(pieces))
    assert torch.equal(residual, residual.round())
    assert (residual.min(), residual.max()) == (-128, 127)


def test_weights_and_steps_learn_when_trained(quantised):
    pieces = planes(calibration()[:2])
    with torch.inference_mode():
        wanted = quantised.network.cells(quantised.network.features(pieces))
    # Half of what there is is clipped, until the steps have grown.
    with torch.no_grad():
        quantised.head.log_step.sub_(1.5)
    before = {name: value.detach().clone() for name, value in quantised.named_parameters()}
    adam = torch.optim.Adam(quantised.parameters(), lr=1e-3)
    errors = []
    for _ in range(25):
        error = (quantised.cells(quantised.features(pieces)) - wanted).square().mean()
        adam.zero_grad()
        error.backward()
        adam.step()
        errors.append(float(error.detach()))
    assert min(errors[-5:]) < 0.7 * errors[0]
    assert all(not torch.equal(before[name], value) for name, value in quantised.named_parameters())


def test_steps_survive_when_the_state_is_loaded(quantised):
    pieces = planes(calibration()[:1])
    other = QuantisedNetwork(network(depth=4, skips=quantised.network.skips))
    other.load_state_dict(quantised.state_dict())
    with torch.inference_mode():
        assert torch.equal(other(pieces), quantised(pieces))


def test_largest_weight_of_each_channel_is_127_steps(quantised):
    for index in range(len(quantised.inner)):
        whole = quantised.whole_inner(index)
        assert torch.equal(whole.weight.abs().amax(dim=(1, 2, 3)), torch.full((16,), 127.0))
        assert torch.allclose(
            whole.weight * whole.weight_step[:, None, None, None],
            quantised.network.inner[index].weight,
            atol=float(whole.weight_step.max()) / 2,
        )


def test_calibration_gives_nothing_away_that_clipping_would_not(quantised):
    """A step holds all but a few values: neither the largest, whatever it costs, nor a part of the rest."""
    whole = np.asarray(quantised.features(planes(calibration()[:8])).detach())
    assert 0 < (whole == 255).mean() < 0.01
