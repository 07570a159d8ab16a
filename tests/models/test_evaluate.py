import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.restore.backends.onnx import OnnxBackend
from models.evaluate.__main__ import main
from models.evaluate.judge import psnr_y, ssim_y
from models.train.run import Run, Settings


def test_network_is_judged_and_shipped_with_its_card_when_evaluated(data, tmp_path):
    run = tmp_path / "run"
    Run(run, Settings(channels=8, depth=1, steps=2, batch=2, patch_px=16), log_every=1).train(data / "train")
    shipped, picture = tmp_path / "zoo" / "small.onnx", tmp_path / "side.png"
    options = {"--run": run, "--data": data, "--ship": shipped, "--picture": picture, "--threads": 1}
    result = CliRunner().invoke(main, [str(part) for option in options.items() for part in option])
    assert result.exit_code == 0, result.output
    assert "| bicubic |" in result.output
    assert OnnxBackend(shipped).halo_px == 6
    card = json.loads(shipped.with_suffix(".json").read_text())
    assert card["name"] == "small"
    assert set(card["quality"]) == {"text", "pictures"}
    # Hardly trained, it is about as good as the anchor that it starts from.
    scores = card["quality"]["text"]
    assert scores["network"]["psnr_y_db"] == pytest.approx(scores["nearest"]["psnr_y_db"], abs=0.5)
    assert cv2.imread(str(picture)).shape[1] == 3 * 420


def test_measures_agree_with_their_definitions():
    native = np.zeros((32, 32, 3), dtype=np.uint8)
    brighter = np.full((32, 32, 3), 10, dtype=np.uint8)
    assert psnr_y(native, brighter) == pytest.approx(20 * np.log10(25.5))
    assert psnr_y(native, native) == 99
    assert ssim_y(brighter, brighter) == pytest.approx(1)
