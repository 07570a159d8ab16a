"""The simulator's output beside ONNX Runtime's, over whole frames of held-out pictures."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from edge.pixels import Bgr
from edge.restore.consistency import RESIDUAL_STEP, consistent_bands
from edge.restore.shuffle import shuffle
from models.convert.analysis import LayerLoss
from models.convert.job import Precision, Target
from models.convert.pictures import FRAME, desktop_pictures, framed, laid_out, planes
from models.convert.plain import read_plain
from models.convert.toolkit import Toolkit
from models.evaluate.likeness import luma, psnr_db, psnr_y_db

LEAST_LIKENESS_DB = {Precision.INT8: 40.0, Precision.FP16: 60.0}
MOST_LOSS_DB = 0.2
# Each layer is written out as text: of a whole frame that takes a minute and half a gigabyte.
_ANALYSED = (48, 96)


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One held-out picture: how alike both residuals are, and how like the native picture what each restores."""

    file: str
    likeness_db: float
    onnx_psnr_y_db: float
    npu_psnr_y_db: float


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the NPU's arithmetic, as it is simulated, differs from that of ONNX Runtime on the same network.

    `likeness_db` is the PSNR between both residuals in grey levels, before they are rounded, over all pages; `loss_db`
    what the mean PSNR-Y against the native pictures loses; `layers` what each layer loses on one
    tile, where that can be told.
    """

    model: str
    sha256: str
    target: Target
    precision: Precision
    toolkit: str
    likeness_db: float
    loss_db: float
    pages: tuple[Page, ...]
    layers: tuple[LayerLoss, ...]

    @property
    def shortcomings(self) -> list[str]:
        """What it does not reach, in words; empty if it is good."""
        wanted, found = LEAST_LIKENESS_DB[self.precision], []
        if self.likeness_db < wanted:
            found.append(f"the residual is within {self.likeness_db:.1f} dB of ONNX Runtime's, expected {wanted:g} dB")
        if self.loss_db > MOST_LOSS_DB:
            found.append(f"PSNR-Y against native falls by {self.loss_db:.2f} dB, expected at most {MOST_LOSS_DB:g} dB")
        return found


def compare(
    toolkit: Toolkit, model: Path, target: Target, precision: Precision, held_out: Path, pages: int
) -> Comparison:
    """Simulate the network in `model` on up to `pages` native pictures of `held_out`. Raises `ConversionError`."""
    network = read_plain(model)
    seen = list(desktop_pictures(held_out, pages))
    frames = [planes(framed(lr, *FRAME), network.step) for _, _, lr in seen]
    done = toolkit.compile(network, target, precision, FRAME, pictures=frames)
    session = ort.InferenceSession(network.at(*FRAME).SerializeToString(), providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    judged, squared = [], []
    for (path, native, lr), frame, simulated in zip(seen, frames, done.outputs, strict=True):
        (wanted,) = session.run(None, {source.name: frame.astype(np.float32)})
        squared.append(float(np.mean((RESIDUAL_STEP * (wanted - simulated)) ** 2, dtype=np.float64)))
        against_native = [psnr_y_db(luma(native), luma(_restored(lr, residual))) for residual in (wanted, simulated)]
        judged.append(Page(path.name, psnr_db(squared[-1]), *against_native))
    # Of networks that bring their ranges along the toolkit analyses the accuracy on a board only.
    losses = () if network.ranged else toolkit.compile(network, target, precision, _ANALYSED, analysed=True).losses
    return Comparison(
        model=model.stem,
        sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        target=target,
        precision=precision,
        toolkit=done.toolkit,
        likeness_db=psnr_db(float(np.mean(squared))),
        loss_db=float(np.mean([page.onnx_psnr_y_db - page.npu_psnr_y_db for page in judged])),
        pages=tuple(judged),
        layers=losses,
    )


def table(comparisons: Sequence[Comparison]) -> str:
    """Write `comparisons` as a table in Markdown."""
    lines = ["| network | target | | residual | PSNR-Y, ONNX Runtime | NPU | loss |", "|---|---|---|---|---|---|---|"]
    for found in comparisons:
        onnx, npu = (
            float(np.mean(values))
            for values in zip(*((page.onnx_psnr_y_db, page.npu_psnr_y_db) for page in found.pages), strict=True)
        )
        lines.append(
            f"| {found.model} | {found.target} | {found.precision} | {found.likeness_db:.1f} dB | {onnx:.2f} dB"
            f" | {npu:.2f} dB | {found.loss_db:.3f} dB |"
        )
    return "\n".join(lines)


def _restored(lr: Bgr, residual: NDArray[np.float32]) -> Bgr:
    height, width, _ = lr.shape
    rows = [blocks for _, blocks in consistent_bands(lr, laid_out(residual)[:height, :width])]
    return shuffle(np.concatenate(rows))
