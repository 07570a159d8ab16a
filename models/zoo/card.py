"""Making cards: what the client checks a network against, and what is to be known of it."""

import hashlib
from pathlib import Path

import msgspec

from edge.restore.backends.card import Card, card_path
from edge.restore.backends.onnx import INPUT, OFFSET_OUTPUT, OUTPUT
from models.networks.base import STRIDE, Network

LICENCE = "Apache-2.0"
LIMITS = (
    "For desktops received as the truncating mean of 4x4 pixels, in blue, green and red; not for photographs that were"
    " reduced in another way. Text from a quarter of its size stays hard to read: a syllable or a digit may come out"
    " sharp and as another. Restored text is not evidence of what stands there."
)


def describe(network: Network, model: Path, data: str, training: str, calibration: str = "") -> Card:
    """Make the card of `network`, which was exported to `model`.

    In whole numbers where `calibration`, the SHA-256 of the pictures that its steps were chosen by, is given.
    """
    return Card(
        name=model.stem,
        sha256=sha256(model),
        input=INPUT,
        output=OFFSET_OUTPUT if calibration else OUTPUT,
        halo_px=network.halo_px,
        phase_px=STRIDE,
        parameters=network.parameters_in_use,
        gmac_per_frame=round(network.gmac(480, 270), 3),
        data=data,
        training=training,
        limits=LIMITS,
        licence=LICENCE,
        calibration=calibration,
    )


def write_card(model: Path, card: Card) -> None:
    """Write `card` beside `model`."""
    card_path(model).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def sha256(path: Path) -> str:
    """Hash the file at `path`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
