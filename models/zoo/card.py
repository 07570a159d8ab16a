"""Shipping a network: the ONNX file beside a card that says what it is and how good."""

import hashlib
import shutil
from pathlib import Path

import msgspec

from edge.restore.backends.card import Card, Quality, card_path
from edge.restore.backends.onnx import INPUT, OUTPUT
from models.networks.base import STRIDE
from models.networks.restorer import ResidualNetwork


def describe(
    network: ResidualNetwork, model: Path, data: str, training: str, quality: dict[str, dict[str, Quality]]
) -> Card:
    """Make the card of `network`, which was exported to `model`."""
    return Card(
        name=model.stem,
        sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        input=INPUT,
        output=OUTPUT,
        halo_px=network.halo_px,
        phase_px=STRIDE,
        parameters=network.parameters_in_use,
        gmac_per_frame=round(network.gmac(480, 270), 3),
        data=data,
        training=training,
        quality=quality,
    )


def write_card(model: Path, card: Card) -> None:
    """Write `card` beside `model`."""
    card_path(model).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def ship(model: Path, card: Card, target: Path) -> None:
    """Copy `model` to `target` and write its card there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, target)
    write_card(target, msgspec.structs.replace(card, name=target.stem))
