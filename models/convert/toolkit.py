"""rknn-toolkit2 as a program: a network goes in, what it compiled, simulated and printed comes out."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray

from models.convert.analysis import LayerLoss, read_analysis
from models.convert.errors import ConversionError
from models.convert.job import Job, Outcome, Precision, Target
from models.convert.layers import Layer, read_layers
from models.convert.pictures import Planes, mosaics, planes
from models.convert.plain import PlainNetwork

ENVIRONMENT = Path("build/rknn-venv")
_ROOT = Path(__file__).parent.parent.parent
# Seconds are usual, a minute where whole frames are simulated; nothing needs this much.
_LIMIT_S = 1800
_TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Compilation:
    """What became of a network: the compiler's `layers` and all that it printed, and what was asked for beside them.

    `outputs` are what the simulator made of each picture, `losses` what each layer loses.
    """

    toolkit: str
    layers: tuple[Layer, ...]
    log: str
    outputs: tuple[NDArray[np.float32], ...] = ()
    losses: tuple[LayerLoss, ...] = ()


@dataclass(frozen=True, slots=True)
class Toolkit:
    """rknn-toolkit2 in its virtual environment.

    Ranges of int8 that a network does not bring along are taken from `calibration`, low-resolution BGR bytes
    (n, side, side, 3).
    """

    calibration: NDArray[np.uint8]
    environment: Path = ENVIRONMENT

    def compile(
        self,
        network: PlainNetwork,
        target: Target,
        precision: Precision,
        shape: tuple[int, int],
        *,
        compiled: Path | None = None,
        pictures: Sequence[Planes] = (),
        analysed: bool = False,
    ) -> Compilation:
        """Compile `network` for pictures of `shape`, rows and columns of low-resolution pixels.

        The .rknn goes to `compiled`. Each of `pictures`, laid out as `network` takes them, is run in the simulator.
        Where `analysed`, a picture of the calibration is followed through all layers. Raises `ConversionError` where
        the toolkit is not installed or refuses the network.
        """
        if network.ranged and precision is not Precision.INT8:
            raise ConversionError(f"a network in whole numbers cannot become {precision}; convert the float network")
        with tempfile.TemporaryDirectory(prefix="rknn-") as name:
            folder = Path(name)
            for part in ("calibration", "pictures", "outputs"):
                (folder / part).mkdir()
            onnx.save(network.at(*shape), str(folder / "plain.onnx"))
            calibration = [planes(picture, network.step) for picture in mosaics(self.calibration, *shape)]
            job = Job(
                model=str(folder / "plain.onnx"),
                channels=network.channels,
                target=target,
                precision=precision,
                ranged=network.ranged,
                calibration=_saved(calibration, folder / "calibration"),
                compiled=None if compiled is None else str(compiled.absolute()),
                pictures=_saved(pictures, folder / "pictures"),
                outputs=str(folder / "outputs"),
                analysis=str(folder / "analysis") if analysed else None,
            )
            outcome, log = self._run(job, folder)
            if outcome.failed:
                raise ConversionError(f"rknn-toolkit2 {outcome.toolkit}: {outcome.failed}\n{_tail(log)}")
            return Compilation(
                outcome.toolkit,
                read_layers(log),
                log,
                tuple(np.load(file) for file in sorted((folder / "outputs").iterdir())),
                read_analysis(folder / "analysis") if analysed else (),
            )

    def _run(self, job: Job, folder: Path) -> tuple[Outcome, str]:
        # Not resolved: an environment's interpreter is a link, and knows by its own path where it belongs.
        python = self.environment.absolute() / "bin" / "python"
        if not python.exists():
            raise ConversionError(f"rknn-toolkit2 is not installed in {self.environment}; run: make rknn-venv")
        job_file, outcome_file = folder / "job.json", folder / "outcome.json"
        job_file.write_bytes(msgspec.json.encode(job))
        try:
            # It leaves files where it is started.
            done = subprocess.run(
                [python, "-m", "models.convert.worker", job_file, outcome_file],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ConversionError(f"rknn-toolkit2 did not end within {_LIMIT_S} s") from error
        log = done.stdout.decode(errors="replace")
        if not outcome_file.exists():
            raise ConversionError(f"rknn-toolkit2 ended with {done.returncode}:\n{_tail(log)}")
        return msgspec.json.decode(outcome_file.read_bytes(), type=Outcome), log


def _saved(pictures: Sequence[Planes], folder: Path) -> tuple[str, ...]:
    files = [folder / f"{index:04}.npy" for index in range(len(pictures))]
    for file, picture in zip(files, pictures, strict=True):
        np.save(file, picture)
    return tuple(map(str, files))


def _tail(log: str) -> str:
    return "\n".join(log.splitlines()[-_TAIL_LINES:])
