"""The networks of a zoo: every ONNX file with a card beside it, `<network>-<precision>.onnx`."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

import edge.restore.consistency
from edge.pixels import Bgr
from edge.restore.backends.card import Card, card_path, load_card
from edge.restore.backends.onnx import OnnxBackend
from edge.restore.shuffle import SCALE
from models.evaluate.methods import Method, Opened, Precision, digest, restored

THREADS = 2
_ORDER = ("SRGAN", "SRVGG", "SPAN", "S", "M", "L", "XL")


def found(folders: Iterable[Path]) -> list[Method]:
    """Give the networks in `folders`: those known by name in the table's order, others behind them.

    A network that lies in two places counts once, under the name of the first. Raises `UpscalerError` where a file is
    not what its card says.
    """
    networks: dict[str, Method] = {}
    for folder in folders:
        for model in sorted(folder.rglob("*.onnx")):
            if card_path(model).exists():
                network = network_of(model)
                networks.setdefault(network.identity, network)
    return sorted(networks.values(), key=_place)


def network_of(model: Path, name: str | None = None) -> Method:
    """Make a method of `model`, whose card lies beside it, by its own name or `name`."""
    card = load_card(model)
    stem, _, suffix = model.stem.rpartition("-")
    named = suffix in list(Precision)
    own = stem if named else model.stem
    # What has no precision in its name, such as the client's own, tells by whether it was calibrated.
    precision = Precision(suffix) if named else Precision.INT8 if card.calibration else Precision.FLOAT
    return Method(
        name or (own.upper() if own.upper() in _ORDER else own),
        precision,
        digest(model, Path(edge.restore.consistency.__file__)),
        _opener(model, card),
        card.sha256,
        card.parameters,
        card.gmac_per_frame,
        model.stat().st_size,
    )


def _place(method: Method) -> tuple[int, str, str]:
    known = _ORDER.index(method.name) if method.name in _ORDER else len(_ORDER)
    return known, method.name, method.precision or ""


def _opener(model: Path, card: Card) -> Callable[[], AbstractContextManager[Opened]]:
    gives_picture = card.output.shape[-1] == 3
    return partial(_pictures if gives_picture else _residuals, model)


@contextmanager
def _residuals(model: Path) -> Iterator[Opened]:
    with contextlib.closing(OnnxBackend(model)) as backend:
        yield restored(backend)


@contextmanager
def _pictures(model: Path) -> Iterator[Opened]:
    """Run a network whose output is the picture, uint8 (1, 4 h, 4 w, 3), and nothing belongs to it."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    # A frame of theirs takes gigabytes, which an arena would keep.
    options.enable_cpu_mem_arena = False
    session: Any = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def picture(lr: Bgr) -> Bgr:
        (out,) = session.run(None, {name: np.ascontiguousarray(lr)[None]})
        shown: Bgr = out[0]
        expected = (SCALE * lr.shape[0], SCALE * lr.shape[1], 3)
        if shown.shape != expected or shown.dtype != np.uint8:
            raise ValueError(f"{model} gave {shown.dtype} {shown.shape}, expected uint8 {expected}")
        return shown

    yield Opened(picture, picture, picture)
