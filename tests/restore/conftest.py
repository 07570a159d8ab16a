from pathlib import Path

import pytest
import torch

from models.networks.restorer import ResidualNetwork
from models.zoo.card import describe, write_card
from models.zoo.export import export


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that knows nothing, but whose output depends on all that it sees."""
    torch.manual_seed(5)
    network = ResidualNetwork(channels=8, depth=2)
    torch.nn.init.normal_(network.tail.weight, std=0.2)
    path = tmp_path_factory.mktemp("zoo") / "random.onnx"
    export(network, path)
    write_card(path, describe(network, path, data="none", training="none"))
    return path
