import csv

import pytest
import torch
from click.testing import CliRunner

from models.legibility.__main__ import main
from models.legibility.checkpoint import load_recogniser, save_recogniser
from models.legibility.crops import crops
from models.legibility.recogniser import Recogniser
from models.legibility.training import Settings, Training

SMALL = Settings(steps=30, columns=800, channels=8, seed=2)


@pytest.fixture(scope="module")
def lines(data):
    cut = crops(data / "train")
    assert len(cut) > 20
    return cut


def test_crop_holds_its_line_when_it_lies_at_the_border(lines):
    for line in lines:
        x, y, width, height = line.rect
        assert x >= 0
        assert y >= 0
        assert x + width <= line.grey.shape[1]
        assert y + height <= line.grey.shape[0]


def test_loss_falls_when_trained_for_some_steps(lines, tmp_path):
    losses = Training(tmp_path, SMALL, lines, log_every=10).train()
    assert sum(losses[-10:]) < 0.85 * sum(losses[:10])
    with (tmp_path / "curve.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["10", "20", "30"]


def test_run_ends_as_if_it_had_never_been_stopped(lines, tmp_path):
    whole = Training(tmp_path / "whole", SMALL, lines)
    whole.train(until_step=8)
    Training(tmp_path / "cut", SMALL, lines).train(until_step=5)
    taken_up = Training(tmp_path / "cut", SMALL, lines)
    assert taken_up.step == 5
    taken_up.train(until_step=8)
    for (name, one), other in zip(
        whole.network.state_dict().items(), taken_up.network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), name


def test_run_is_refused_when_it_belongs_to_other_settings(lines, tmp_path):
    Training(tmp_path, SMALL, lines).train(until_step=1)
    with pytest.raises(ValueError, match="belongs to another run"):
        Training(tmp_path, Settings(steps=31, columns=800, channels=8, seed=2), lines)
    with pytest.raises(ValueError, match=r"make pages with: python -m models\.data"):
        Training(tmp_path / "none", SMALL, [])


def test_run_begins_with_weights_when_it_is_given_some(lines, tmp_path):
    torch.manual_seed(3)
    save_recogniser(Recogniser(SMALL.channels), tmp_path / "small.pt")
    begun = Training(tmp_path / "run", SMALL, lines, weights=tmp_path / "small.pt")
    known = load_recogniser(tmp_path / "small.pt").state_dict()
    assert all(torch.equal(value, known[name]) for name, value in begun.network.state_dict().items())
    begun.train(until_step=1)
    assert not torch.equal(begun.network.head.weight, known["head.weight"])
    with pytest.raises(ValueError, match="has 8 channels, 32 were asked for"):
        Training(tmp_path / "other", Settings(), lines, weights=tmp_path / "small.pt")


def test_recogniser_is_trained_and_judges_when_commanded(data, tmp_path):
    weights = tmp_path / "zoo" / "small.pt"
    options = {
        "--data": data / "train",
        "--out": tmp_path / "run",
        "--weights": weights,
        "--steps": 2,
        "--channels": 8,
        "--columns": 800,
    }
    result = CliRunner().invoke(main, ["--threads", "1", "train", *map(str, sum(options.items(), ()))])
    assert result.exit_code == 0, result.output
    assert load_recogniser(weights).channels == 8
    options = {"--data": data, "--weights": weights, "--pages": 1, "--lines": 2, "--methods": "bicubic,nearest"}
    result = CliRunner().invoke(main, ["judge", *map(str, sum(options.items(), ()))])
    assert result.exit_code == 0, result.output
    assert "| native |" in result.output
    assert "| bicubic |" in result.output
    result = CliRunner().invoke(main, ["judge", "--data", str(data), "--methods", "magic"])
    assert result.exit_code == 2
    assert "there are nearest, bicubic" in result.output
