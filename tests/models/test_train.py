import csv
import itertools

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from models.networks.base import picture_of_cells
from models.networks.registry import NETWORKS
from models.train.__main__ import main
from models.train.checkpoint import CHECKPOINT, load, load_average
from models.train.feed import feed
from models.train.loss import box_mean, inner, pixel_loss, shown
from models.train.mean import keep_mean
from models.train.muon import Muon, orthogonalised
from models.train.patches import Patches
from models.train.plan import PLAN
from models.train.settings import Settings, Stage
from models.train.stage import start
from models.train.text import TextPatches
from models.train.validate import Validation

CPU = torch.device("cpu")
SMALL = Settings(Stage.PIXELS, "8x2", steps=6, batch=2, patch_px=16)


@pytest.fixture(scope="module")
def validation(data):
    return Validation(data / "held-out", CPU, batches=1)


@pytest.fixture(scope="module")
def trained(data, validation, tmp_path_factory):
    """A run of pixels, stopped half way and taken up; what it had then."""
    folder = tmp_path_factory.mktemp("run")
    start(folder, SMALL, data / "train", CPU, every_s=0).train(validation, until_step=3)
    start(folder, SMALL, data / "train", CPU, every_s=0).train(validation)
    return folder


def steps(folder):
    with (folder / "curve.csv").open() as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_run_ends_as_an_uninterrupted_one_when_it_was_stopped_between(trained, data, validation, tmp_path):
    whole = start(tmp_path, SMALL, data / "train", CPU)
    whole.train(validation)
    network, settings, step = load_average(trained / CHECKPOINT)
    assert (settings, step) == (SMALL, 6)
    for name, value in whole.average.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name


def test_run_logs_each_step_once_when_it_was_stopped_between(trained):
    assert steps(trained) == [1, 2, 3, 4, 5, 6]
    assert (trained / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert (trained / "result.json").exists()


def test_curve_has_no_step_twice_when_the_run_was_killed_after_its_last_checkpoint(trained, data, validation):
    whole = (trained / "curve.csv").read_text()
    with (trained / "curve.csv").open("a") as file:
        file.write("7,1,0,0,0\n")
    start(trained, SMALL, data / "train", CPU)
    assert (trained / "curve.csv").read_text() == whole


def test_run_is_refused_when_it_was_begun_with_other_settings(trained, data):
    other = Settings(Stage.PIXELS, "8x2", steps=7, batch=2, patch_px=16)
    with pytest.raises(ValueError, match="belongs to another run"):
        start(trained, other, data / "train", CPU)


def test_stage_is_refused_when_its_source_has_another_network(trained, data, tmp_path):
    with pytest.raises(ValueError, match="has a network 8x2, 16x1 was asked for"):
        start(tmp_path, Settings(Stage.PIXELS, "16x1", steps=1, source=str(trained)), data / "train", CPU)


def test_rate_falls_to_nothing_when_the_budget_of_time_is_used_up(data, tmp_path):
    run = start(tmp_path, Settings(Stage.PIXELS, "8x1", minutes=2, batch=2, patch_px=16), data / "train", CPU)
    run.step, run.seconds = 1000, 60
    assert run._rate() == 1
    run.seconds = 60 * 2 * 0.85
    assert run._rate() == pytest.approx(0.5)
    run.seconds = 120
    assert (run._rate(), run.used) == (0, 1)


@pytest.mark.parametrize("stage", [Stage.PIXELS, Stage.RECOGNISER, Stage.QUANTISED, Stage.DISTILLED])
def test_loss_falls_when_one_batch_is_repeated(stage, trained, data, tmp_path):
    settings = Settings(stage, "8x2", steps=1000, batch=2, patch_px=24, source=str(trained), teacher=str(trained))
    run = start(tmp_path, settings, data / "train", CPU)
    batch = run.objective.draw(np.random.default_rng(1))
    losses = [float(run.advance(batch)) for _ in range(40)]
    assert losses[-1] < 0.98 * losses[0]


@pytest.mark.parametrize("network", ["XL", "SRGAN", "SRVGG", "SPAN"])
def test_loss_falls_when_one_batch_is_repeated_for_a_larger_network(network, data, tmp_path):
    settings = Settings(Stage.PIXELS, network, steps=1000, batch=1, patch_px=12)
    run = start(tmp_path, settings, data / "train", CPU)
    batch = run.objective.draw(np.random.default_rng(1))
    losses = [float(run.advance(batch)) for _ in range(14)]
    assert losses[-1] < losses[0]


def test_mean_lies_between_a_run_and_its_source(trained, data, validation, tmp_path):
    settings = Settings(Stage.PIXELS, "8x2", steps=2, batch=2, patch_px=16, source=str(trained))
    start(tmp_path / "run", settings, data / "train", CPU).train(validation)
    keep_mean(tmp_path / "run", tmp_path / "mean")
    first, second, mean = (
        load_average(folder / CHECKPOINT)[0].tail.weight for folder in (trained, tmp_path / "run", tmp_path / "mean")
    )
    assert not torch.equal(first, second)
    assert torch.allclose(mean, (first + second) / 2)
    with pytest.raises(ValueError, match="there is nothing to take the mean with"):
        keep_mean(trained, tmp_path / "mean")


def test_adversarial_stage_moves_the_last_layer_alone(trained, data, validation, tmp_path):
    settings = Settings(Stage.ADVERSARIAL, "8x2", steps=2, batch=2, patch_px=24, source=str(trained))
    run = start(tmp_path, settings, data / "train", CPU)
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.train(validation)
    moved = {name for name, value in run.network.state_dict().items() if not torch.equal(before[name], value)}
    assert moved == {"tail.weight", "tail.bias"}
    taken_up = start(tmp_path, settings, data / "train", CPU)
    for its, kept in zip(
        taken_up.objective.discriminator.parameters(), run.objective.discriminator.parameters(), strict=True
    ):
        assert torch.equal(its, kept)


def test_discriminator_sees_the_native_picture_where_text_is(trained, data, tmp_path):
    settings = Settings(Stage.ADVERSARIAL, "8x2", steps=2, batch=2, patch_px=24, source=str(trained))
    objective = start(tmp_path, settings, data / "train", CPU).objective
    network, _, _ = load_average(trained / CHECKPOINT)
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    seen = []
    objective.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    batch = objective.draw(np.random.default_rng(2))
    for text in (torch.ones_like(batch.text), torch.zeros_like(batch.text)):
        seen.clear()
        objective.loss(network, type(batch)(batch.native, text))
        native, restored = seen[:2]
        assert torch.equal(native, restored) == bool(text.all())


def test_text_of_a_page_is_masked_when_a_patch_holds_it(data):
    patches = TextPatches(data / "train", 24)
    rng = np.random.default_rng(3)
    lines = patches.draw_lines(8, rng)
    assert lines.native.shape == (8, 12, 12, 4, 16, 3)
    pictures = picture_of_cells(lines.native.float())
    for picture, (x, y, width, height) in zip(pictures, lines.rects, strict=True):
        assert x >= 0
        assert y >= 0
        assert x + width <= 96
        assert y + height <= 96
        assert float(picture[:, y : y + height, x : x + width].std()) > 3
    masked = patches.draw_masked(16, rng)
    assert masked.text.shape == (16, 12, 12)
    assert 0 < float(masked.text.float().mean()) < 0.6


def test_patches_are_pieces_of_pictures_when_cut_into_cells(data):
    (cells,) = Patches(data / "train", 8).draw(1, np.random.default_rng(2))
    assert cells.shape == (4, 4, 4, 16, 3)
    assert cells.dtype == torch.uint8
    full = cells.view(4, 4, 2, 2, 4, 4, 3).permute(0, 2, 4, 1, 3, 5, 6).reshape(32, 32, 3).int()
    means = full.view(8, 4, 8, 4, 3).sum(dim=(1, 3)) // 16
    received = box_mean(cells[None].float())[0, :, :, :, 0].view(4, 4, 2, 2, 3).permute(0, 2, 1, 3, 4).reshape(8, 8, 3)
    assert torch.equal(received.int(), means)


def test_training_is_refused_when_there_are_no_pictures(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"make the data with: python -m models\.data"):
        Patches(tmp_path, 16)


def test_batches_are_the_same_when_they_are_drawn_ahead():
    def first(workers, number):
        return list(itertools.islice(feed(lambda rng: float(rng.random()), 7, number, workers), 6))

    assert first(0, 0) == first(3, 0)
    assert first(2, 2)[:4] == first(0, 0)[2:]


@pytest.mark.parametrize("epsilon", [0, 4])
def test_loss_is_nothing_when_the_residual_is_right(epsilon):
    native = torch.randint(40, 200, (1, 6, 6, 4, 16, 3)).float()
    anchor = box_mean(native)
    # The mean's fraction is what nobody can know; take it out of the picture.
    native = native - native.mean(dim=4, keepdim=True) + anchor + 7.5 / 16
    residual = (native - anchor) / 2
    assert torch.allclose(shown(anchor, residual), native, atol=1e-3)
    assert float(pixel_loss(inner(shown(anchor, residual) - native), epsilon, edge_weight=0.5)) < 1e-8
    assert float(pixel_loss(inner(shown(anchor, residual * 0) - native), epsilon, edge_weight=0.5)) > 1e-3


def test_edges_count_when_a_difference_lies_between_neighbours():
    flat, edged = torch.full((1, 6, 6, 4, 16, 3), 4.0), torch.full((1, 6, 6, 4, 16, 3), 4.0)
    edged[..., ::2, :] = -4
    assert float(pixel_loss(flat, 0, 0)) == float(pixel_loss(edged, 0, 0))
    assert float(pixel_loss(flat, 0, 1)) < float(pixel_loss(edged, 0, 1))


def test_plan_uses_all_of_the_time_and_starts_from_what_is_there():
    done = set()
    for planned in PLAN:
        assert planned.network in NETWORKS
        assert not planned.source or planned.source in done
        done.add(planned.name)
    assert sum(planned.share for planned in PLAN) == pytest.approx(1)


def test_lines_are_refused_when_no_patch_can_hold_one(data):
    with pytest.raises(ValueError, match="no line of text that fits a patch of 10 pixels"):
        TextPatches(data / "train", 10)


def test_orthogonalised_matrix_has_singular_values_near_one():
    torch.manual_seed(5)
    for shape in ((8, 40), (40, 8)):
        matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
        values = torch.linalg.svdvals(orthogonalised(matrix))
        assert float(values.min()) > 0.5
        assert float(values.max()) < 1.3


def test_muon_leaves_alone_what_has_no_gradient():
    moving, still = torch.nn.Parameter(torch.eye(4)), torch.nn.Parameter(torch.eye(4))
    optimiser = Muon([moving, still])
    (moving.sum()).backward()
    optimiser.step()
    assert torch.equal(still, torch.eye(4))
    assert not torch.equal(moving, torch.eye(4))


def test_command_trains_and_goes_on_when_it_is_given_again(data, tmp_path):
    words = ["run", "pixels", "--network", "8x1", "--steps", "2", "--batch", "2", "--patch-px", "16"]
    words += ["--data", str(data), "--out", str(tmp_path), "--device", "cpu"]
    for _ in range(2):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        assert "2 steps, held-out patches" in result.output
    assert steps(tmp_path) == [2]


def test_checkpoint_is_asked_for_when_it_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"make it with: python -m models\.train"):
        load(tmp_path / CHECKPOINT)
