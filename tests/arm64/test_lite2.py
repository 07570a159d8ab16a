import json
import struct
import subprocess

import pytest

from edge.restore.backends.card import Card, Tensor
from tests.arm64.conftest import HERE
from tests.restore.npu import write_card

SIZES = [(48, 96), (64, 64)]
CORES = 3
PATIENCE_S = 900


@pytest.fixture
def models(tmp_path):
    """Networks as `librknnrt.c` reads them."""
    for height, width in SIZES:
        path = tmp_path / "rk3588" / f"{height}x{width}.rknn"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"RKNN" + struct.pack("<II", height, width))
        write_card(path, card(height, width))
    return tmp_path


def card(height: int, width: int) -> Card:
    return Card(
        name="sums",
        sha256="",
        input=Tensor("uint8", (1, height // 2, width // 2, 12)),
        output=Tensor("float32", (1, 192, height // 2, width // 2)),
        halo_px=12,
        phase_px=2,
        parameters=0,
        gmac_per_frame=0,
        data="none",
        training="none",
    )


def on_board(python, models, what):
    """Run `on_board.py` on the emulated board; what it said, in JSON and beside it."""
    command = [*python, str(HERE / "on_board.py"), str(models), what]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return json.loads(ended.stdout.splitlines()[-1]), ended.stderr


pytestmark = pytest.mark.timeout(2 * PATIENCE_S)


def test_tiles_on_three_cores_are_exact_through_the_real_wheel(python, models):
    said, _ = on_board(python, models, "works")
    assert said["soc"] == ["rk3588", CORES]
    assert said["exact"]
    assert said["masks"] == sorted([1, 2, 4] * len(SIZES))
    assert said["contexts"] == [CORES * len(SIZES), 0]


def test_garbage_is_taken_by_load_rknn_and_refused_by_us(python, models):
    for path in models.glob("rk3588/*.rknn"):
        path.write_bytes(b"garbage")
        write_card(path, card(*map(int, path.stem.split("x"))))
    said, _ = on_board(python, models, "garbage")
    assert said["load_rknn"] == 0
    assert "init_runtime returned -1" in said["refused"]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("fails", "the NPU failed on"),
        ("stale", "its answer is that of an earlier picture"),
        ("hangs", "has not answered for"),
    ],
)
def test_npu_that_fails_is_replaced_without_a_lost_frame_and_the_process_ends(python, models, what, reason):
    said, log = on_board(python, models, what)
    assert said["exact"]
    assert said["whole"]
    (failure,) = said["failures"]
    assert failure.startswith("rknn: ")
    assert reason in failure
    assert "classical takes over from rknn" in log
