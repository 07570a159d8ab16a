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
from edge.restore import backends
from edge.restore.backends import backends_from, open_backend, open_upscaler, preferred, rknn
from edge.restore.backends.card import card_path, load_card
from edge.restore.backends.onnx import _adds_bytes_exactly, shipped_model
from edge.restore.backends.soc import Soc
from edge.restore.shuffle import box_mean
from edge.restore.upscaler import Upscaler
from tests.restore.npu import Npu, convert


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
    assert text["int8"].psnr_y_db >= text["bicubic"].psnr_y_db + 0.7
    assert text["int8"].ssim_y > text["bicubic"].ssim_y


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


@pytest.fixture
def npu(model, tmp_path, monkeypatch):
    """An NPU in this machine, and the folder of its networks."""
    monkeypatch.setattr(backends, "this_soc", lambda: Soc("rk3568", 1))
    Npu().install(monkeypatch)
    convert(model, tmp_path / "rk3568", [(32, 48)])
    return tmp_path


def test_auto_takes_the_npu_where_there_is_one(npu):
    assert preferred() == "rknn"
    assert [backend.name for backend in backends_from("auto", npu)] == ["rknn", "onnx", "classical"]


def test_auto_takes_the_processor_and_says_why_when_the_npu_cannot_be_used(npu, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "rknnlite", None)
    monkeypatch.setitem(sys.modules, "rknnlite.api", None)
    assert open_backend("auto", npu).name == "onnx"
    assert "restoring without rknn: the NPU's runtime cannot be loaded" in caplog.text


def test_auto_begins_with_the_backend_of_the_model_when_one_is_named(npu, model, monkeypatch):
    monkeypatch.setattr(rknn, "shipped_models", lambda: npu)
    assert next(backends_from("auto")).name == "rknn"
    assert [backend.name for backend in backends_from("auto", model)] == ["onnx", "classical"]


def test_auto_says_why_when_a_folder_of_networks_is_named_where_there_is_no_npu(tmp_path, caplog):
    assert open_backend("auto", tmp_path).name == "onnx"
    assert "restoring without rknn: there is no NPU" in caplog.text


def test_named_backend_has_successors_and_no_forerunner(npu, model):
    assert [backend.name for backend in backends_from("rknn", npu)] == ["rknn", "onnx", "classical"]
    assert [backend.name for backend in backends_from("onnx", model)] == ["onnx", "classical"]
    assert [backend.name for backend in backends_from("classical")] == ["classical"]


def test_model_tells_its_backend(npu, model):
    assert preferred(npu) == "rknn"
    assert preferred(model) == "onnx"


def test_npu_is_refused_where_there_is_none():
    assert preferred() == "onnx"
    with pytest.raises(UpscalerError, match="there is no NPU"):
        open_backend("rknn")


def test_upscaler_goes_on_without_a_network_when_it_fails(model, monkeypatch):
    upscaler = open_upscaler("onnx", model)
    monkeypatch.setattr(upscaler.backend, "residual", lambda lr: np.zeros((1, 1, 1), dtype=np.int8))
    picture = from_bgr(box_mean(text_page()))
    assert np.array_equal(upscaler.upscale(picture), Upscaler(open_backend("classical")).upscale(picture))
    assert [failure.backend for failure in upscaler.failures] == ["onnx"]


def test_offset_output_is_the_residual_when_a_network_gives_bytes_without_sign(model, copied):
    def offset(network):
        graph = network.graph
        graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
        zero = next(weight for weight in graph.initializer if weight.name == "no_offset")
        zero.CopyFrom(onnx.numpy_helper.from_array(np.array(128, dtype=np.uint8), "no_offset"))

    save(copied, offset)
    lr = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(open_backend("onnx", copied).residual(lr), open_backend("onnx", model).residual(lr))


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


@pytest.mark.parametrize("card", [b"", b"[]", b"{}", b"\xff", b'{"name": "\xff"}'])
def test_model_is_refused_when_its_card_is_none(copied, card):
    card_path(copied).write_bytes(card)
    with pytest.raises(UpscalerError, match="is not the card of a network"):
        open_backend("onnx", copied)


@pytest.mark.parametrize("changes", [{"phase_px": 0}, {"phase_px": 1 << 20}, {"halo_px": -1}, {"halo_px": 1 << 20}])
def test_model_is_refused_when_its_card_says_what_no_network_has(copied, changes):
    rewrite_card(copied, **changes)
    with pytest.raises(UpscalerError, match=rf"is not the card of a network: .*{next(iter(changes))}"):
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


@pytest.mark.parametrize(
    ("machine", "flags", "exactly"),
    [
        ("x86_64", "fpu avx2 avx512f", False),
        ("x86_64", "fpu avx2 avx_vnni", True),
        ("x86_64", "fpu avx512_vnni", True),
        ("aarch64", "fp asimd", True),
    ],
)
def test_bytes_are_added_exactly_when_the_processor_can(machine, flags, exactly, tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: machine)
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t:\n")
    assert _adds_bytes_exactly(cpuinfo) is exactly


def test_bytes_are_taken_to_saturate_when_nobody_knows_the_processor(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert not _adds_bytes_exactly(tmp_path / "none")
