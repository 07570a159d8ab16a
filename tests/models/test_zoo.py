import hashlib
import json
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner

import edge.restore
import models.zoo
from edge.errors import UpscalerError
from edge.restore.backends.card import load_card
from edge.restore.backends.onnx import OnnxBackend
from models.data.manifest import Manifest, Page, write_manifest
from models.data.split import Split
from models.networks.registry import NETWORKS, build
from models.train.checkpoint import CHECKPOINT, save
from models.train.settings import Settings, Stage
from models.zoo import ship as shipping
from models.zoo.__main__ import main
from models.zoo.calibration import CALIBRATION, PIECES, calibration, make_calibration, planes
from models.zoo.card import describe, sha256, write_card
from models.zoo.check import faults
from models.zoo.export import export
from models.zoo.quantised import QuantisedNetwork
from models.zoo.ship import compared, install, ship

ZOO = Path(models.zoo.__path__[0])
CLIENT = Path(edge.restore.__path__[0]) / "zoo"


def small(seed=1):
    torch.manual_seed(seed)
    network = build("8x1")
    torch.nn.init.normal_(network.tail.weight, std=0.05)
    return network


def write_run(folder, settings, weights):
    folder.mkdir()
    save(folder / CHECKPOINT, {"settings": settings.to_dict(), "average": weights, "step": 7, "seconds": 120.0})
    return folder


def page(file, kind, seed):
    """A page that no browser had to draw."""
    rng = np.random.default_rng(seed)
    native = np.full((384, 512, 3), 240, np.uint8)
    for row in range(12):
        cv2.putText(native, f"{rng.integers(10**18)}", (8, 30 * row + 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (30, 30, 30))
    cv2.imwrite(str(file), native)
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    return Page(file.name, sha, kind, "lines", "grey-slight", 1, False, [], [], [])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set of two pages of each half."""
    folder = tmp_path_factory.mktemp("data")
    for seed, split in enumerate(Split):
        half = folder / split
        half.mkdir()
        pages = [page(half / f"{kind}.png", kind, seed) for kind in ("pictures", "text")]
        write_manifest(half, Manifest(1, pages))
    return folder


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", Settings(Stage.PIXELS, "8x1", steps=7), small().state_dict())


@pytest.fixture
def shelf(tmp_path):
    """A folder with one network and its card."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    path, network = folder / "small.onnx", small()
    export(network, path)
    write_card(path, describe(network, path, "none", "none"))
    return folder


def test_files_of_the_zoo_are_as_they_must_be():
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 0, result.output
    for folder in (ZOO, CLIENT):
        assert list(folder.glob("*.onnx"))


def test_model_is_refused_when_its_hash_is_another(shelf):
    model = shelf / "small.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(UpscalerError, match="is not the network that"):
        OnnxBackend(model)
    assert "its SHA-256 is" in faults(shelf)[0]


def test_fault_is_named_when_a_file_is_newer_than_converters_read(shelf):
    model = shelf / "small.onnx"
    graph = onnx.load(model)
    graph.ir_version = 8
    graph.opset_import[0].version = 13
    onnx.save(graph, model)
    write_card(model, msgspec.structs.replace(load_card_of(model), sha256=sha256(model)))
    assert [fault.removeprefix(f"{model}: ") for fault in faults(shelf)] == [
        "IR is 8, expected 6",
        "opsets is {'': 13}, expected {'': 12}",
    ]


def test_fault_is_named_when_a_card_has_other_shapes_or_no_network(shelf):
    model = shelf / "small.onnx"
    card = load_card(model)
    write_card(model, msgspec.structs.replace(card, output=card.input, name="large"))
    (shelf / "gone.json").write_text("{}")
    found = " ".join(faults(shelf))
    assert "name is large, expected small" in found
    assert "outputs is" in found
    assert "gone.json has no network beside it" in found


def test_fault_is_named_when_the_zoo_grows_too_large(shelf, monkeypatch):
    monkeypatch.setattr("models.zoo.check.BYTES_MAX", 1000)
    assert "allowed are 1000" in faults(shelf)[0]


def load_card_of(model):
    return msgspec.json.decode(
        model.with_suffix(".json").read_bytes(), type=type(load_card(CLIENT / "desktop-x4.onnx"))
    )


def test_calibration_is_small_and_varied():
    pieces = calibration()
    assert len(pieces) == PIECES
    assert CALIBRATION.stat().st_size < 500_000
    assert len({piece.tobytes() for piece in pieces}) == PIECES
    assert np.median([piece.std() for piece in pieces]) > 15


def test_calibration_is_the_same_when_its_pages_are(data, tmp_path, monkeypatch):
    monkeypatch.setattr("models.zoo.calibration.PIECES", 2)
    made = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in made:
        make_calibration(data, path)
    assert made[0].read_bytes() == made[1].read_bytes()
    assert len(calibration(made[0])) == 2


def test_calibration_is_refused_when_it_is_damaged_or_there_are_too_few_pages(data, tmp_path):
    with pytest.raises(ValueError, match="make more with"):
        make_calibration(data, tmp_path / "made.npz")
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(CALIBRATION.read_bytes()[:-2000])
    with pytest.raises(ValueError, match="make it with: python -m models"):
        calibration(damaged)
    np.savez(damaged, lr=np.zeros((2, 64, 64, 3), np.uint8))
    with pytest.raises(ValueError, match="expected uint8"):
        calibration(damaged)


def test_picture_that_files_are_compared_by_is_more_than_the_halo_of_any():
    (picture,) = compared()
    assert all(2 * build(name).halo_px < min(picture.shape[:2]) for name in NETWORKS)
    assert np.array_equal(picture[64:, :64], calibration()[2])


def test_network_is_shipped_in_both_precisions_when_it_is_of_the_family(run, data, tmp_path):
    zoo = tmp_path / "zoo"
    options = ["ship", str(run), "--data", str(data), "--zoo", str(zoo), "--keep", str(tmp_path / "keep")]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0, result.output
    assert not faults(zoo)
    assert sorted(path.name for path in zoo.iterdir()) == [
        "8x1-float.json",
        "8x1-float.onnx",
        "8x1-int8.json",
        "8x1-int8.onnx",
        "8x1.md",
    ]
    card = json.loads((zoo / "8x1-int8.json").read_text())
    assert set(card["quality"]["text"]) == {"bicubic", "float", "int8"}
    assert card["calibration"] == sha256(CALIBRATION)
    assert card["sha256"] in (zoo / "8x1.md").read_text()
    assert (zoo / "8x1-int8.onnx").stat().st_size < (zoo / "8x1-float.onnx").stat().st_size
    install(zoo / "8x1-int8.onnx", tmp_path / "desktop.onnx")
    assert load_card(tmp_path / "desktop.onnx").name == "desktop"


def test_what_was_trained_is_shipped_when_the_run_was_in_whole_numbers(run, data, tmp_path):
    quantised = QuantisedNetwork(small(seed=2))
    quantised.calibrate(planes(calibration()[:4]))
    settings = Settings(Stage.QUANTISED, "8x1", steps=7, source=str(run))
    trained = write_run(tmp_path / "quantised", settings, quantised.state_dict())
    shipped = ship(trained, tmp_path / "zoo", data, tmp_path / "keep")
    by_name = {card.name: card for card in shipped.cards}
    assert by_name["8x1-float"].training.count("7 steps") == 1
    assert "pixels: 7 steps" in by_name["8x1-int8"].training
    assert "then quantised: 7 steps" in by_name["8x1-int8"].training
    weight = {constant.name: constant for constant in onnx.load(tmp_path / "zoo" / "8x1-int8.onnx").graph.initializer}
    step = onnx.numpy_helper.to_array(weight["body.0.step"])
    assert step == quantised.inner[0].step.detach().numpy()


def test_whole_numbers_are_left_out_when_they_cost_too_much(run, data, tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "LOSS_MAX_DB", -1)
    shipped = ship(run, tmp_path / "zoo", data, tmp_path / "keep")
    assert [card.name for card in shipped.cards] == ["8x1-float"]
    assert not list((tmp_path / "zoo").glob("*int8*"))
