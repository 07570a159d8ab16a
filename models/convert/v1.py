"""What rknn-toolkit 1.7 needs to convert a network for an RK3399Pro: it cannot be installed where this runs."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray

from edge.restore.backends.card import Tensor, load_card
from models.convert.errors import ConversionError
from models.convert.pictures import mosaics
from models.convert.plain import COLOURS, read_plain

# What its guide lists for ONNX and this family uses; others it may know as well, but nobody looked here.
_OPERATORS = frozenset({"Conv", "Relu", "Clip", "Add"})
_OPSETS = range(8, 13)
_IR_MAX = 6


def prepare(model: Path, shapes: Sequence[tuple[int, int]], pieces: NDArray[np.uint8], out: Path) -> None:
    """Write what `rknn_v1.py` reads: per shape a network and the card to be, and pictures of `pieces` to calibrate by.

    The network is the float one: that toolkit has a range per tensor and takes it from the pictures. It reads pictures
    as they are, for how it takes files of other than three colours nobody tried. Raises `ConversionError`.
    """
    card, network = load_card(model), read_plain(model, unshuffled=False)
    if network.ranged:
        raise ConversionError(
            f"{model} is in whole numbers with a step per channel, which the RK3399Pro has not; give the float network"
        )
    for rows, columns in shapes:
        folder = out / f"{rows}x{columns}"
        pictures = folder / "calibration"
        pictures.mkdir(parents=True, exist_ok=True)
        plain = network.at(rows, columns)
        _check(model, plain)
        onnx.save(plain, str(folder / "plain.onnx"))
        (output,) = plain.graph.output
        wanted = msgspec.structs.replace(
            card,
            sha256="",
            input=Tensor("uint8", (1, rows, columns, COLOURS)),
            output=Tensor("float32", tuple(side.dim_value for side in output.type.tensor_type.shape.dim)),
            quality={},
        )
        (folder / "card.json").write_bytes(msgspec.json.encode(wanted))
        for index, picture in enumerate(mosaics(pieces, rows, columns)):
            # Read as red, green, blue, which the network must see as blue, green, red.
            cv2.imwrite(str(pictures / f"{index:04}.png"), picture[:, :, ::-1])


def _check(model: Path, plain: onnx.ModelProto) -> None:
    opset = max(entry.version for entry in plain.opset_import)
    if plain.ir_version > _IR_MAX or opset not in _OPSETS:
        raise ConversionError(
            f"{model} is opset {opset}, IR {plain.ir_version}; rknn-toolkit 1.7 reads opset {_OPSETS[0]} to"
            f" {_OPSETS[-1]}, IR {_IR_MAX} and older"
        )
    if unknown := {node.op_type for node in plain.graph.node} - _OPERATORS:
        raise ConversionError(
            f"{model} has operators that were not looked up for rknn-toolkit 1.7: {', '.join(sorted(unknown))}"
        )
