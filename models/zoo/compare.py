"""A file beside the network that it was made from."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from models.networks.base import BLOCK_CHANNELS, STRIDE, Network
from models.zoo.calibration import planes
from models.zoo.graph import INPUT
from models.zoo.quantised import SIGNED_MAX, SIGNED_MIN


def largest_difference(network: Network, model: Path, lr: NDArray[np.uint8]) -> int:
    """Run `network` and the file `model` on BGR bytes (n, h, w, 3): the largest difference of residuals, in units of 2.

    Only what the halo does not reach counts: beyond the edge files see black, networks grey. Raises ValueError where
    nothing is left.
    """
    halo = network.halo_px
    if min(lr.shape[1:3]) <= 2 * halo:
        raise ValueError(f"pictures of {lr.shape[2]}x{lr.shape[1]} are all halo, which is {halo} on each side")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session: Any = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    (came,) = session.run(None, {INPUT: lr})
    with torch.inference_mode():
        cells = network.cells(network.features(planes(lr)))
    n, rows, columns = cells.shape[:3]
    apart = cells.view(n, rows, columns, STRIDE, STRIDE, BLOCK_CHANNELS).permute(0, 1, 3, 2, 4, 5)
    wanted = apart.reshape(n, STRIDE * rows, STRIDE * columns, BLOCK_CHANNELS).round().clamp(SIGNED_MIN, SIGNED_MAX)
    offset = SIGNED_MIN if came.dtype == np.uint8 else 0
    difference = np.abs(came.astype(np.int32) + offset - wanted.numpy().astype(np.int32))
    return int(difference[:, halo:-halo, halo:-halo].max())
