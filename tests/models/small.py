"""Networks of the family with chance for weights, as files."""

from pathlib import Path

import torch
from torch import Tensor

from models.networks.restorer import ResidualNetwork
from models.zoo.card import describe, write_card
from models.zoo.export import export
from models.zoo.integer import export_integer
from models.zoo.quantised import QuantisedNetwork


def float_model(folder: Path) -> Path:
    """Write a float network and its card; its residuals are of some units, as those of trained ones."""
    torch.manual_seed(2)
    network = ResidualNetwork(16, 2)
    path = folder / "small-float.onnx"
    export(network, path)
    write_card(path, describe(network, path, "none", "none"))
    return path


def integer_model(folder: Path, lr: Tensor, *, skips: bool = False) -> Path:
    """Write a network in whole numbers whose ranges come from `lr` (n, 3, h, w), 0..1, and its card."""
    torch.manual_seed(1)
    network = QuantisedNetwork(ResidualNetwork(16, 2, skips=skips))
    network.calibrate(lr)
    path = folder / "small-int8.onnx"
    export_integer(network, path)
    write_card(path, describe(network.network, path, "none", "none", calibration="none"))
    return path
