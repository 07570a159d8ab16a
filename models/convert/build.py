"""Networks as an NPU's client takes them: a file per tile shape, and its card beside it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.restore.backends.card import Card, Tensor, card_path, load_card
from models.convert.errors import ConversionError
from models.convert.job import Precision, Target
from models.convert.layers import refuse_cpu
from models.convert.plain import PlainNetwork, read_plain
from models.convert.toolkit import Toolkit

SHAPES = ((48, 96), (96, 192), (168, 192), (168, 512))
"""Rows and columns: a typed word; a paragraph; a third and the half of a frame of 270x480, each with its halo."""


def build(
    toolkit: Toolkit,
    model: Path,
    targets: Sequence[Target],
    precision: Precision,
    shapes: Sequence[tuple[int, int]],
    out: Path,
) -> list[Path]:
    """Write `out`/<target>/<rows>x<columns>.rknn and .json for each of `targets` and `shapes`.

    One file per shape and not one for all: that a file knows several shapes the toolkit calls experimental, and its
    size is the same. Raises `ConversionError` where an operator would run on the CPU, `UpscalerError` where `model` is
    not what its card says.
    """
    card, network = load_card(model), read_plain(model)
    if card.phase_px % network.step:
        raise ConversionError(f"the grid of {model} is {card.phase_px} pixels, not a multiple of {network.step}")
    written = []
    for target in targets:
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for rows, columns in shapes:
            path = folder / f"{rows}x{columns}.rknn"
            # Not under its name before it is known to be good, for a client takes whatever lies there.
            unproven = path.with_suffix(".unproven")
            done = toolkit.compile(network, target, precision, (rows, columns), compiled=unproven)
            try:
                refuse_cpu(done.layers, target)
            except ConversionError:
                unproven.unlink()
                raise
            described = _described(card, network, rows, columns, unproven.read_bytes())
            card_path(path).write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n")
            written.append(unproven.rename(path))
    return written


def _described(card: Card, network: PlainNetwork, rows: int, columns: int, compiled: bytes) -> Card:
    (output,) = network.at(rows, columns).graph.output
    return msgspec.structs.replace(
        card,
        sha256=hashlib.sha256(compiled).hexdigest(),
        input=Tensor("uint8", (1, rows // network.step, columns // network.step, network.channels)),
        output=Tensor("float32", tuple(side.dim_value for side in output.type.tensor_type.shape.dim)),
        quality={},
    )
