"""The conversion with a stand-in for rknn-toolkit2; tests/rknn has the real one."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from edge.restore.backends.card import load_card
from models.convert.__main__ import main
from models.convert.build import build
from models.convert.compare import Comparison, compare
from models.convert.cycles import Cost, costs
from models.convert.errors import ConversionError
from models.convert.job import Precision, Target
from models.convert.plain import read_plain
from models.convert.toolkit import Toolkit
from models.convert.v1 import prepare
from tests.models.small import float_model, integer_model

COMPILED = Path(__file__).parent / "compiled"
ROOT = Path(__file__).parents[2]
PIECES = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return float_model(tmp_path)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "environment"
    beside = folder / "bin"
    beside.mkdir(parents=True)
    (beside / "log").write_text((COMPILED / "rk3568.log").read_text())
    (beside / "analysis").write_text((COMPILED / "error_analysis.txt").read_text())
    (beside / "error").write_text("0")
    interpreter = beside / "python"
    interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent}/fake_rknn.py {beside} "$@"\n')
    interpreter.chmod(0o755)
    return folder


@pytest.fixture
def toolkit(environment: Path) -> Toolkit:
    return Toolkit(PIECES, environment)


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    folder = tmp_path / "held-out"
    folder.mkdir()
    native = cv2.resize(PIECES[0], (1920, 1080), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "text-0000.png"), native)
    return folder


def test_built_networks_have_cards_that_a_client_accepts(model: Path, toolkit: Toolkit, tmp_path: Path) -> None:
    paths = build(toolkit, model, [Target.RK3568], Precision.INT8, [(48, 96), (96, 192)], tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "out/rk3568/48x96.rknn",
        "out/rk3568/96x192.rknn",
    ]
    card, source = load_card(paths[0]), load_card(model)
    assert card.input.shape == (1, 24, 48, 12)
    assert card.output.shape == (1, 192, 24, 48)
    assert (card.halo_px, card.phase_px, card.parameters) == (source.halo_px, source.phase_px, source.parameters)
    assert card.sha256 == hashlib.sha256(b"RKNN" + bytes([1, 12, 24, 48])).hexdigest()


def test_a_network_with_an_operator_on_the_cpu_is_refused_and_left_nowhere(
    model: Path, toolkit: Toolkit, environment: Path, tmp_path: Path
) -> None:
    (environment / "bin/log").write_text((COMPILED / "rk3568-with-cpu.log").read_text())
    with pytest.raises(ConversionError, match=r"SpaceToDepth \(1,12,24,48\) \(SpaceToDepth:s2d\) would run on the CPU"):
        build(toolkit, model, [Target.RK3568], Precision.INT8, [(48, 96)], tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.*"))


def test_an_environment_that_is_not_there_is_said_to_be_missing(model: Path) -> None:
    with pytest.raises(ConversionError, match="make rknn-venv"):
        costs(Toolkit(PIECES, Path("nowhere")), model, [Target.RK3568], Precision.INT8, (48, 96))


@pytest.mark.parametrize(
    ("failure", "message"), [("build answered -1", r"2\.5\.0: build answered -1"), ("", "ended with 139")]
)
def test_a_step_that_fails_and_a_toolkit_that_dies_are_told_apart(
    model: Path, toolkit: Toolkit, environment: Path, failure: str, message: str
) -> None:
    (environment / "bin/failure").write_text(failure)
    with pytest.raises(ConversionError, match=message):
        toolkit.compile(read_plain(model), Target.RK3568, Precision.FP16, (48, 96))


def test_costs_are_the_compilers_cycles_and_the_rk3399pros_an_estimate(model: Path, toolkit: Toolkit) -> None:
    rk3568, rk3399pro = costs(toolkit, model, [Target.RK3568], Precision.INT8, (48, 96))
    assert rk3568.cycles == 335_232
    assert (rk3568.width, rk3568.height) == (96, 48)
    assert rk3568.frames_per_second == pytest.approx(0.3 * 1e9 / (335_232 * 272 * 480 / (48 * 96)), abs=0.1)
    assert rk3399pro.cycles == round(335_232 * 512 / 1920)
    assert "estimated" in rk3399pro.note
    assert [layer.name for layer in rk3568.layers if layer.cycles][:2] == ["Conv:head", "Conv:body.0"]


def test_costs_have_no_rate_where_operators_fall_to_the_cpu(model: Path, toolkit: Toolkit, environment: Path) -> None:
    (environment / "bin/log").write_text((COMPILED / "rk3568-with-cpu.log").read_text())
    cost, _ = costs(toolkit, model, [Target.RK3568], Precision.INT8, (48, 96))
    assert cost.cpu == ("SpaceToDepth (1,12,24,48)",)
    assert cost.frames_per_second is None
    assert cost.cycles == 115_200


def test_the_same_arithmetic_loses_nothing(model: Path, toolkit: Toolkit, held_out: Path) -> None:
    found = compare(toolkit, model, Target.RK3568, Precision.INT8, held_out, 1)
    assert found.likeness_db == 99
    assert found.loss_db == 0
    assert not found.shortcomings
    assert found.layers[-1].name == "residual"


def test_a_residual_that_is_off_falls_short_of_fp16_but_not_of_int8(
    model: Path, toolkit: Toolkit, environment: Path, held_out: Path
) -> None:
    # A tenth of a unit is a fifth of a grey level: 20 * log10(255 / 0.2) = 62.1, three tenths 52.6.
    (environment / "bin/error").write_text("0.3")
    found = compare(toolkit, model, Target.RK3568, Precision.FP16, held_out, 1)
    assert found.likeness_db == pytest.approx(52.57, abs=0.01)
    assert found.shortcomings == ["the residual is within 52.6 dB of ONNX Runtime's, expected 60 dB"]
    assert not msgspec.structs.replace(found, precision=Precision.INT8).shortcomings
    assert msgspec.structs.replace(found, precision=Precision.INT8, loss_db=0.3).shortcomings == [
        "PSNR-Y against native falls by 0.30 dB, expected at most 0.2 dB"
    ]


def test_the_command_line_writes_reports_and_fails_with_the_reason(
    model: Path, environment: Path, held_out: Path, tmp_path: Path
) -> None:
    report, cycles = tmp_path / "report.json", tmp_path / "cycles"
    common = ["--target", "rk3568", "--environment", str(environment)]
    done = CliRunner().invoke(main, ["cycles", str(model), *common, "--shape", "48x96", "--out", str(cycles)])
    assert done.exit_code == 0, done.output
    assert "| small-float | rk3568 | int8 | 0.34 M |" in done.output
    found = msgspec.json.decode((cycles / "small-float.int8.json").read_bytes(), type=list[Cost])
    assert [cost.target for cost in found] == ["rk3568", "rk3399pro"]
    (environment / "bin/error").write_text("9")
    options = [*common, "--held-out", str(held_out), "--report", str(report)]
    done = CliRunner().invoke(main, ["compare", str(model), *options])
    assert isinstance(done.exception, ConversionError)
    assert "not good enough" in str(done.exception)
    (written,) = msgspec.json.decode(report.read_bytes(), type=list[Comparison])
    assert written.pages[0].file == "text-0000.png"


def test_what_toolkit_1_7_gets_is_what_it_reads(model: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["v1", str(model), "--shape", "48x96", "--out", str(tmp_path / "v1")])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "v1/48x96"
    assert json.loads((folder / "card.json").read_text())["input"]["shape"] == [1, 48, 96, 3]
    assert (folder / "plain.onnx").exists()
    assert len(list((folder / "calibration").glob("*.png"))) > 1


def test_whole_numbers_have_no_fp16_and_no_place_on_an_rk3399pro(toolkit: Toolkit, tmp_path: Path) -> None:
    model = integer_model(tmp_path, torch.rand(1, 3, 24, 40))
    with pytest.raises(ConversionError, match="convert the float network"):
        toolkit.compile(read_plain(model), Target.RK3568, Precision.FP16, (48, 96))
    with pytest.raises(ConversionError, match="give the float network"):
        prepare(model, [(48, 96)], PIECES, tmp_path / "v1")


def test_the_script_for_toolkit_1_7_says_that_it_needs_what_pypi_has_not() -> None:
    script = ROOT / "models/convert/rknn_v1.py"
    done = subprocess.run([sys.executable, script, "a", "b"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "which PyPI does not have" in done.stderr
