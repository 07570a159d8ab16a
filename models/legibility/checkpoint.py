"""The recogniser in a file: half of the precision for matrices, for they have more than they need."""

from pathlib import Path
from typing import Any

import torch

from models.legibility.recogniser import Recogniser
from models.train.checkpoint import save

RECOGNISER = Path(__file__).parents[1] / "zoo" / "recogniser.pt"


def save_recogniser(network: Recogniser, path: Path) -> None:
    """Write the weights of `network`: two bytes for each of a matrix's."""
    weights = {name: value.half() if value.ndim > 1 else value for name, value in network.cpu().state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, {"channels": network.channels, "weights": weights})


def load_recogniser(path: Path = RECOGNISER) -> Recogniser:
    """Read what `save_recogniser` wrote, ready to read; FileNotFoundError says what makes it."""
    if not path.exists():
        raise FileNotFoundError(f"no recogniser {path}; make it with: python -m models.legibility train")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    network = Recogniser(state["channels"])
    network.load_state_dict(state["weights"])
    return network.float().eval().requires_grad_(requires_grad=False)
