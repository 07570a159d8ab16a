"""What is kept of a run, whole at any moment, and what others load of it."""

from pathlib import Path
from typing import Any

import torch

from models.networks.base import Network
from models.networks.registry import build
from models.train.settings import Settings, Stage

CHECKPOINT = "checkpoint.pt"


def save(path: Path, state: dict[str, Any]) -> None:
    """Replace the file at `path` at once."""
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Read what `save` wrote; FileNotFoundError says what makes it."""
    if not path.exists():
        raise FileNotFoundError(f"no checkpoint {path}; make it with: python -m models.train")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def load_average(path: Path) -> tuple[Network, Settings, int]:
    """Load the averaged network of a run, its settings and the steps that it was trained for.

    Of a quantised run it is the network without its quantisation.
    """
    state = load(path)
    settings = Settings.from_dict(state["settings"])
    weights: dict[str, Any] = state["average"]
    if settings.stage is Stage.QUANTISED:
        weights = {key.removeprefix("network."): value for key, value in weights.items() if key.startswith("network.")}
    network = build(settings.network)
    network.load_state_dict(weights)
    return network.eval(), settings, state["step"]
