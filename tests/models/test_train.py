import csv

import numpy as np
import onnx
import pytest
import torch
from models.networks.restorer import ResidualNetwork

from edge.restore.backends.onnx import OnnxBackend
from models.train.loss import box_mean, loss, shown
from models.train.patches import Patches
from models.train.run import Run, Settings, load_average
from models.zoo.card import describe, write_card
from models.zoo.export import export

SMALL = Settings(channels=8, depth=1, steps=12, batch=2, patch_px=16)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run = Run(folder, SMALL, log_every=3)
    run.train(data / "train", until_step=6)
    return folder


def steps(folder):
    with (folder / "curve.csv").open() as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_training_goes_on_where_it_was_when_it_was_stopped(trained, data):
    assert steps(trained) == [3, 6]
    stopped = Run(trained, SMALL, log_every=3)
    assert stopped.step == 6
    before = {name: value.clone() for name, value in stopped.network.state_dict().items()}
    stopped.train(data / "train")
    assert steps(trained) == [3, 6, 9, 12]
    assert any(not torch.equal(before[name], value) for name, value in stopped.network.state_dict().items())
    network, settings, step = load_average(trained / "checkpoint.pt")
    assert (settings, step) == (SMALL, 12)
    assert network.channels == 8


def test_run_is_refused_when_it_was_begun_with_other_settings(trained):
    with pytest.raises(ValueError, match="belongs to another run"):
        Run(trained, Settings(channels=16, depth=1, steps=12, batch=2, patch_px=16))


def test_loss_falls_when_one_batch_is_repeated(data):
    run = Run.__new__(Run)  # no folder: only the step is wanted
    torch.manual_seed(1)
    run.settings, run.device, run.step = SMALL, "cpu", 200
    run.network, run.average = ResidualNetwork(8, 1), ResidualNetwork(8, 1)
    run.adam = torch.optim.Adam(run.network.parameters(), lr=1e-3)
    run._rate = lambda: 1e-3
    batch = next(Patches(data / "train", 16).batches(4, np.random.default_rng(1)))
    errors = [run._train_step(batch) for _ in range(60)]
    assert errors[-1] < 0.98 * errors[0]


def test_patches_are_pieces_of_pictures_when_cut_into_cells(data):
    (cells,) = next(Patches(data / "train", 8).batches(1, np.random.default_rng(2)))
    assert cells.shape == (4, 4, 4, 16, 3)
    assert cells.dtype == torch.uint8
    full = cells.view(4, 4, 2, 2, 4, 4, 3).permute(0, 2, 4, 1, 3, 5, 6).reshape(32, 32, 3).int()
    means = full.view(8, 4, 8, 4, 3).sum(dim=(1, 3)) // 16
    received = box_mean(cells[None].float())[0, :, :, :, 0].view(4, 4, 2, 2, 3).permute(0, 2, 1, 3, 4).reshape(8, 8, 3)
    assert torch.equal(received.int(), means)


def test_training_is_refused_when_there_are_no_pictures(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"make them with: python -m models\.data"):
        Patches(tmp_path, 16)


def test_loss_is_nothing_when_the_residual_is_right():
    native = torch.randint(40, 200, (1, 6, 6, 4, 16, 3)).float()
    anchor = box_mean(native)
    # The mean's fraction is what nobody can know; take it out of the picture.
    native = native - native.mean(dim=4, keepdim=True) + anchor + 7.5 / 16
    residual = (native - anchor) / 2
    assert torch.allclose(shown(anchor, residual), native, atol=1e-3)
    total, squared = loss(anchor, residual, native, border=1, edge_weight=0.5)
    assert float(total) < 1e-5
    assert float(squared) < 1e-5


def test_exported_network_says_the_same_when_run_by_onnx_runtime(tmp_path):
    torch.manual_seed(2)
    network = ResidualNetwork(16, 3)
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    path = tmp_path / "network.onnx"
    export(network, path)
    write_card(path, describe(network, path, "", "", {}))
    lr = np.random.default_rng(0).integers(0, 256, (40, 44, 3), dtype=np.uint8)
    came = OnnxBackend(path).residual(lr).astype(int)
    with torch.inference_mode():
        cells = network.cells(network.features(torch.from_numpy(lr).permute(2, 0, 1)[None].float() / 255))
    rounded = cells.view(20, 22, 2, 2, 48).permute(0, 2, 1, 3, 4).reshape(40, 44, 48).round().clamp(-128, 127).int()
    halo = network.halo_px
    inner = (slice(halo, -halo), slice(halo, -halo))
    difference = np.abs(came[inner] - rounded.numpy()[inner])
    assert np.abs(came).max() > 20
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001


def test_exported_network_is_old_enough_for_every_converter(tmp_path):
    path = tmp_path / "network.onnx"
    export(ResidualNetwork(8, 1), path)
    written = onnx.load(path)
    assert written.ir_version == 6
    assert [(opset.domain, opset.version) for opset in written.opset_import] == [("", 12)]


def test_blocks_keep_their_mean_when_the_last_layer_is_projected():
    network = ResidualNetwork(8, 1)
    torch.nn.init.normal_(network.tail.weight)
    residual = network.cells(network.features(torch.rand(1, 3, 16, 16)))
    assert torch.allclose(residual.mean(dim=4), torch.tensor(7.5 / 32), atol=1e-4)
    assert float(residual.detach().std()) > 1


def test_output_does_not_change_when_pixels_beyond_the_halo_do():
    network = ResidualNetwork(8, 2).eval()
    torch.nn.init.normal_(network.tail.weight)
    size = 2 * network.halo_px + 2
    near = torch.rand(1, 3, size, size)
    far = torch.rand(1, 3, size + 8, size + 8)
    far[:, :, 4:-4, 4:-4] = near
    middle = size // 4
    a = network(near)[:, :, middle, middle]
    b = network(far)[:, :, middle + 2, middle + 2]
    assert torch.allclose(a, b, atol=1e-4)
