"""The backend for NPUs, over a runtime that does what the real ones do, and runs a real network."""

import shutil
import subprocess
import sys
import textwrap
import time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UpscalerError
from edge.geometry import Rect
from edge.pixels import from_bgr
from edge.restore.backends import rknn
from edge.restore.backends.card import Tensor, load_card
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.backends.onnx import OnnxBackend
from edge.restore.backends.rknn import RknnBackend
from edge.restore.backends.soc import Soc
from edge.restore.upscaler import Upscaler
from tests.restore.npu import Npu, convert, write_card

HEIGHT, WIDTH = 61, 83
SIZES = [(24, 24), (32, 48), (24, 96)]
RK3568, RK3576, RK3588, RK3399PRO = Soc("rk3568", 1), Soc("rk3576", 2), Soc("rk3588", 3), Soc("rk3399pro", 1)


@pytest.fixture(scope="module")
def models(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("npu")
    for soc, (step_in, step_out) in {RK3568: (2, 2), RK3576: (1, 2), RK3588: (2, 1), RK3399PRO: (1, 1)}.items():
        convert(model, folder / soc.target, SIZES, step_in, step_out)
    return folder


@pytest.fixture(scope="module")
def lr():
    rng = np.random.default_rng(12)
    return from_bgr(rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def whole(model, lr):
    return Upscaler(OnnxBackend(model)).upscale(lr)


@pytest.fixture(scope="module", params=[RK3568, RK3576, RK3588, RK3399PRO], ids=lambda soc: soc.target)
def upscaler(request, models):
    with pytest.MonkeyPatch.context() as patch:
        Npu().install(patch, old=request.param is RK3399PRO)
        opened = Upscaler(RknnBackend(models, request.param))
        yield opened
        opened.close()


@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_tiles_are_bit_exact_with_the_whole_picture_wherever_they_lie(upscaler, lr, whole, data):
    x, y = data.draw(st.integers(0, WIDTH - 1)), data.draw(st.integers(0, HEIGHT - 1))
    rect = Rect(x, y, data.draw(st.integers(1, WIDTH - x)), data.draw(st.integers(1, HEIGHT - y)))
    assert np.array_equal(upscaler.restore(lr, rect), whole[rect.scaled(4).slices])


@given(height=st.integers(1, 70), width=st.integers(1, 130), seed=st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_tiles_leave_no_seam_whatever_the_size(upscaler, model, height, width, seed):
    lr = from_bgr(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))
    assert np.array_equal(upscaler.upscale(lr), Upscaler(OnnxBackend(model)).upscale(lr))


def test_each_core_has_a_copy_of_each_network(models, monkeypatch):
    for soc, masks in {RK3568: [0], RK3576: [1, 2], RK3588: [1, 2, 4]}.items():
        npu = Npu()
        npu.install(monkeypatch)
        backend = RknnBackend(models, soc)
        assert sorted(npu.masks) == sorted(masks * len(SIZES))
        backend.close()


def test_older_runtime_is_told_nothing_of_cores(models, monkeypatch):
    npu = Npu()
    npu.install(monkeypatch, old=True)
    RknnBackend(models, RK3399PRO)
    assert npu.masks == [None] * len(SIZES)


def refused(models, soc=RK3568):
    with pytest.raises(UpscalerError) as caught:
        RknnBackend(models, soc)
    return str(caught.value)


@pytest.fixture
def own(model, tmp_path):
    """Models that a test may damage."""
    convert(model, tmp_path / "rk3568", [(32, 48)])
    return tmp_path


def test_backend_is_refused_when_there_is_no_network_for_this_board(own, monkeypatch):
    Npu().install(monkeypatch)
    assert "no network for the NPU of a rk3588" in refused(own, RK3588)


def test_backend_is_refused_when_the_runtime_is_not_installed(own, monkeypatch):
    monkeypatch.setitem(sys.modules, "rknnlite", None)
    monkeypatch.setitem(sys.modules, "rknnlite.api", None)
    assert "install rknn-toolkit-lite2" in refused(own)


def test_backend_is_refused_when_the_file_is_garbage_that_the_runtime_takes(own, monkeypatch):
    npu = Npu()
    npu.install(monkeypatch)
    path = own / "rk3568" / "32x48.rknn"
    said = load_card(path)
    path.write_bytes(b"garbage")
    assert "its SHA-256 is" in refused(own)
    write_card(path, said)
    assert "init_runtime returned -1; is it a model for this board" in refused(own)
    assert npu.released == 1


def test_backend_is_refused_when_a_file_does_not_say_its_shape(own, monkeypatch):
    Npu().install(monkeypatch)
    folder = own / "rk3568"
    for name in ("32x48.rknn", "32x48.json"):
        shutil.copy(folder / name, folder / name.replace("32x48", "large"))
    assert "expected a name like 96x192.rknn" in refused(own)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input": Tensor("uint8", (1, 32, 48, 4))}, r"the input of its card is uint8 \(1, 32, 48, 4\)"),
        ({"input": Tensor("uint8", (1, 48, 32, 3))}, "the input of its card"),
        ({"input": Tensor("float16", (1, 16, 24, 12))}, r"is float16 .*, expected uint8 .* or uint8 \(1, 16, 24, 12\)"),
        ({"output": Tensor("float32", (1, 16, 24, 192))}, "the output of its card"),
        ({"phase_px": 3}, "grid of 3, which its tensors do not fit"),
        ({"halo_px": 16}, "more than its halo of 16"),
    ],
)
def test_backend_is_refused_when_the_card_does_not_fit(own, monkeypatch, changes, reason):
    Npu().install(monkeypatch)
    path = own / "rk3568" / "32x48.rknn"
    write_card(path, msgspec.structs.replace(load_card(path), **changes))
    with pytest.raises(UpscalerError, match=reason):
        RknnBackend(own, RK3568)


def test_backend_is_refused_when_its_networks_are_of_two_kinds(model, own, monkeypatch):
    Npu().install(monkeypatch)
    convert(model, own / "rk3568", [(24, 24)])
    path = own / "rk3568" / "24x24.rknn"
    write_card(path, msgspec.structs.replace(load_card(path), halo_px=2))
    assert "not of one kind" in refused(own)


def test_backend_is_refused_when_the_output_is_not_what_the_card_says(own, monkeypatch):
    npu = Npu(output="int8")
    npu.install(monkeypatch)
    assert "gave [('int8', (1, 192, 16, 24))]; its card says float32" in refused(own)
    assert npu.released == 1


@pytest.mark.parametrize(
    ("npu", "reason"),
    [
        (Npu(dies_after=0), "the NPU failed on"),
        (Npu(raises=True), "the driver has gone"),
        (Npu(stale_after=1), "gives the same for every picture"),
    ],
)
def test_backend_is_refused_when_the_npu_does_not_work(own, monkeypatch, npu, reason):
    npu.install(monkeypatch)
    assert reason in refused(own)
    assert npu.released == 1


def test_backend_is_refused_when_the_npu_hangs_as_it_is_opened(own, monkeypatch):
    monkeypatch.setattr(rknn, "OPEN_S", 0.2)
    Npu(hangs_after=0).install(monkeypatch)
    assert "has not answered for" in refused(own)


OPENING = 2 * len(SIZES)
"""Inferences that one core makes before it is used."""


@pytest.mark.parametrize(
    ("npu", "reason"),
    [
        (Npu(dies_after=OPENING + 3), "the NPU failed on"),
        (Npu(hangs_after=OPENING + 3), "has not answered for"),
        (Npu(stale_after=OPENING + 3), "its answer is that of an earlier picture"),
        (Npu(stale_after=OPENING), "its answer is that of an earlier picture"),
    ],
    ids=["dies", "hangs", "stale", "stale-from-the-first"],
)
def test_npu_that_fails_in_use_is_replaced_without_a_lost_frame(models, lr, monkeypatch, caplog, npu, reason):
    monkeypatch.setattr(rknn, "CALL_S", 0.1)
    npu.install(monkeypatch)
    upscaler = Upscaler(RknnBackend(models, RK3568), successors=[ClassicalBackend()])
    expected = Upscaler(ClassicalBackend())
    assert np.array_equal(upscaler.upscale(lr), expected.upscale(lr))
    assert upscaler.backend.name == "classical"
    (failure,) = upscaler.failures
    assert failure.backend == "rknn"
    assert reason in failure.reason
    assert reason in caplog.text
    assert "classical takes over from rknn" in caplog.text
    rect = Rect(3, 5, 20, 10)
    assert np.array_equal(upscaler.restore(lr, rect), expected.restore(lr, rect))


def test_answers_that_are_alike_are_no_failure_when_the_pictures_are(models, monkeypatch):
    npu = Npu()
    npu.install(monkeypatch)
    upscaler = Upscaler(RknnBackend(models, RK3568))
    flat = [np.full((40, 40), colour, dtype=np.uint32) for colour in (0xFFFFFF, 0xFFFFFF, 0x202020, 0xFFFFFF)]
    for picture in flat:
        upscaler.upscale(picture)
    assert upscaler.failures == ()


def test_memory_is_given_back_when_it_is_closed(models, monkeypatch):
    npu = Npu()
    npu.install(monkeypatch)
    backend = RknnBackend(models, RK3588)
    assert npu.released == 0
    backend.close()
    while npu.released < 3 * len(SIZES):
        time.sleep(0.01)


def test_process_ends_when_a_call_hangs_in_the_driver(models, tmp_path):
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        import numpy as np
        from tests.restore.npu import Npu
        sys.modules.update(Npu(hangs_after={OPENING}).modules())
        from edge.restore.backends import rknn
        from edge.restore.backends.classical import ClassicalBackend
        from edge.restore.backends.soc import Soc
        from edge.restore.upscaler import Upscaler
        rknn.CALL_S = 0.2
        backend = rknn.RknnBackend(Path({str(models)!r}), Soc("rk3568", 1))
        upscaler = Upscaler(backend, successors=[ClassicalBackend()])
        upscaler.upscale(np.zeros((20, 20), dtype=np.uint32))
        upscaler.close()
        print(upscaler.backend.name)
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "classical\n"), ended.stderr
