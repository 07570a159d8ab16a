"""What runs on the emulated board: tries the backend out in a folder of models, and says in JSON what came of it.

on_board.py FOLDER (works | fails | stale | hangs | garbage)
"""

import ctypes
import json
import logging
import sys
import threading
from pathlib import Path

import numpy as np
from rknnlite.api import RKNNLite

from edge.errors import UpscalerError
from edge.restore.backends import rknn
from edge.restore.backends.classical import ClassicalBackend
from edge.restore.backends.rknn import RknnBackend
from edge.restore.backends.soc import this_soc
from edge.restore.upscaler import Upscaler

HALO = 12
FAILURES = {"stale": 1, "fails": 2, "hangs": 3}


def expected(lr: np.ndarray) -> np.ndarray:
    """The network of `librknnrt.c` over a whole picture, int8 (height, width, 48)."""
    height, width, _ = lr.shape
    cells = lr.reshape(height // 2, 2, width // 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(height // 2, width // 2, 12)
    around = np.pad(cells.astype(int), ((1, 1), (1, 1), (0, 0)))
    total = sum(around[y : y + height // 2, x : x + width // 2] for y in range(3) for x in range(3))
    k = np.arange(192)
    out = (total[:, :, k % 12] + k) % 255 - 127
    out = out.reshape(height // 2, width // 2, 2, 2, 48).transpose(0, 2, 1, 3, 4)
    return out.reshape(height, width, 48).astype(np.int8)


def main() -> dict[str, object]:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    # Nothing is quick on an emulated processor.
    rknn.OPEN_S = rknn.CALL_S = 600.0
    driver = ctypes.CDLL("/usr/lib/librknnrt.so")
    soc = this_soc()
    said: dict[str, object] = {"soc": [soc.target, soc.cores]}
    if what == "garbage":
        lite = RKNNLite()
        said["load_rknn"] = lite.load_rknn(str(next((folder / soc.target).glob("*.rknn"))))
        try:
            RknnBackend(folder, soc)
        except UpscalerError as error:
            said["refused"] = str(error)
        return said
    rng = np.random.default_rng(5)
    lr = rng.integers(0, 256, (90, 170, 3), dtype=np.uint8)
    backend = RknnBackend(folder, soc)
    counted = (slice(HALO, -HALO), slice(HALO, -HALO))
    said["exact"] = bool(np.array_equal(backend.residual(lr)[counted], expected(lr)[counted]))
    masks = (ctypes.c_int * 64)()
    said["masks"] = sorted(masks[: driver.edge_masks(masks)])
    said["root_handlers"] = len(logging.getLogger().handlers)
    if what in FAILURES:
        if what == "hangs":
            rknn.CALL_S = 3.0
        driver.edge_fail(FAILURES[what])
        upscaler = Upscaler(backend, successors=[ClassicalBackend()])
        picture = rng.integers(0, 1 << 24, (40, 60), dtype=np.uint32)
        said["whole"] = bool(np.array_equal(upscaler.upscale(picture), Upscaler(ClassicalBackend()).upscale(picture)))
        said["failures"] = list(map(str, upscaler.failures))
    else:
        before = driver.edge_open_count()
        backend.close()
        for thread in threading.enumerate():
            if thread.name.startswith("npu"):
                thread.join()
        said["contexts"] = [before, driver.edge_open_count()]
    return said


if __name__ == "__main__":
    print("\n" + json.dumps(main()), flush=True)
