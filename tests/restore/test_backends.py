import hashlib
import json
import logging
import shutil
import sys

import cv2
import numpy as np
import onnx
import pytest

from edge.errors import UpscalerError
from edge.pixels import from_bgr, to_bgr
from edge.restore.backends import open_backend
from edge.restore.backends.card import card_path, load_card
from edge.restore.backends.onnx import shipped_model
from edge.restore.shuffle import box_mean
from edge.restore.upscaler import Upscaler


@pytest.fixture
def copied(model, tmp_path):
    """A copy of the model and its card that a test may damage."""
    path = tmp_path / "copy.onnx"
    shutil.copyfile(model, path)
    shutil.copyfile(card_path(model), card_path(path))
    return path


def rewrite_card(path, **changes):
    card = json.loads(card_path(path).read_bytes())
    card_path(path).write_text(json.dumps(card | changes))


def sign(path):
    rewrite_card(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def save(path, change):
    changed = onnx.load(path)
    change(changed)
    onnx.save(changed, path)
    sign(path)


def text_page() -> np.ndarray:
    page = np.full((240, 640, 3), 255, dtype=np.uint8)
    for line in range(10):
        at = (4, 22 + 23 * line)
        cv2.putText(page, "The quick brown fox, 0123456789 (jumps)", at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 20, 10))
    return page


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(cv2.PSNR(cv2.cvtColor(a, cv2.COLOR_BGR2GRAY), cv2.cvtColor(b, cv2.COLOR_BGR2GRAY)))


def test_classical_is_as_good_as_bicubic_when_a_page_has_text():
    native = text_page()
    lr = box_mean(native)
    bicubic = cv2.resize(lr, (640, 240), interpolation=cv2.INTER_CUBIC)
    ours = to_bgr(Upscaler(open_backend("classical")).upscale(from_bgr(lr)))
    assert psnr(native, ours) >= psnr(native, bicubic)


def test_shipped_network_beats_bicubic_when_a_page_has_text():
    native = text_page()
    lr = box_mean(native)
    bicubic = cv2.resize(lr, (640, 240), interpolation=cv2.INTER_CUBIC)
    backend = open_backend("onnx")
    ours = to_bgr(Upscaler(backend).upscale(from_bgr(lr)))
    assert psnr(native, ours) >= psnr(native, bicubic) + 0.3


def test_card_of_the_shipped_network_tells_how_far_it_is_ahead_of_bicubic():
    text = load_card(shipped_model()).quality["text"]
    assert text["network"].psnr_y_db >= text["bicubic"].psnr_y_db + 0.7
    assert text["network"].ssim_y > text["bicubic"].ssim_y


def test_auto_takes_the_shipped_network_when_it_is_there():
    assert open_backend("auto").name == "onnx"


def test_auto_takes_classical_and_says_why_when_the_model_is_missing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert open_backend("auto", tmp_path / "none.onnx").name == "classical"
    assert "none.onnx" in caplog.text
    assert "No such file" in caplog.text


def test_auto_takes_classical_and_says_why_when_the_runtime_is_missing(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "edge.restore.backends.onnx", None)
    with caplog.at_level(logging.WARNING):
        assert open_backend("auto").name == "classical"
    assert "install the package onnxruntime" in caplog.text


def test_network_takes_odd_sizes_when_its_grid_is_even(model):
    backend = open_backend("onnx", model)
    assert backend.residual(np.zeros((7, 5, 3), dtype=np.uint8)).shape == (7, 5, 48)


def test_model_is_refused_when_there_is_no_file(tmp_path):
    with pytest.raises(UpscalerError, match=r"cannot read the model .*none\.onnx: No such file"):
        open_backend("onnx", tmp_path / "none.onnx")


def test_model_is_refused_when_it_has_no_card(copied):
    card_path(copied).unlink()
    with pytest.raises(UpscalerError, match=r"copy\.json, the card of .*copy\.onnx"):
        open_backend("onnx", copied)


@pytest.mark.parametrize("card", [b"", b"[]", b"{}", b"\xff"])
def test_model_is_refused_when_its_card_is_none(copied, card):
    card_path(copied).write_bytes(card)
    with pytest.raises(UpscalerError, match="is not the card of a network"):
        open_backend("onnx", copied)


def test_model_is_refused_when_its_card_has_an_unknown_key(copied):
    rewrite_card(copied, colour="blue")
    with pytest.raises(UpscalerError, match="unknown field `colour`"):
        open_backend("onnx", copied)


def test_model_is_refused_when_it_is_not_the_one_of_its_card(copied):
    with copied.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UpscalerError, match=r"is not the network that .*SHA-256"):
        open_backend("onnx", copied)


@pytest.mark.parametrize("content", [b"", b"not a network at all", b"\x08\x06"])
def test_model_is_refused_when_it_is_not_onnx(copied, content):
    copied.write_bytes(content)
    sign(copied)
    with pytest.raises(UpscalerError, match="is not a network that ONNX Runtime"):
        open_backend("onnx", copied)


def test_model_is_refused_when_its_output_has_another_shape(copied):
    def shrink(network):
        network.graph.output[0].type.tensor_type.shape.dim[3].dim_value = 12
        for weight in network.graph.initializer:
            if weight.name == "channels":
                weight.CopyFrom(onnx.numpy_helper.from_array(np.array([12], dtype=np.int64), "channels"))

    save(copied, shrink)
    with pytest.raises(UpscalerError, match=r"outputs are tensor\(int8\) \(.*12\), expected tensor\(int8\) \(.*48\)"):
        open_backend("onnx", copied)


def test_model_is_refused_when_its_input_is_of_another_type(copied):
    def widen(network):
        network.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT

    save(copied, widen)
    with pytest.raises(UpscalerError, match=r"inputs are tensor\(float\) .* expected tensor\(uint8\)"):
        open_backend("onnx", copied)


def test_backend_is_refused_when_nobody_knows_its_name():
    with pytest.raises(UpscalerError, match="'gpu'; there are auto, rknn, onnx, classical"):
        open_backend("gpu")
