"""The mean of the weights of a run and of the one that it started from."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.train.checkpoint import CHECKPOINT, load, save


def keep_mean(run: Path, folder: Path) -> None:
    """Write to `folder` a checkpoint of `run` whose averaged weights are the mean with those of its source.

    Two ends of one long run lie on either side of what both look for. Raises ValueError where `run` started from
    nothing.

    Source: M. Wortsman et al., Model Soups: Averaging Weights of Multiple Fine-tuned Models, 2022.
    """
    state = load(run / CHECKPOINT)
    source = state["settings"]["source"]
    if not source:
        raise ValueError(f"{run} started from no other run; there is nothing to take the mean with")
    before: dict[str, Tensor] = load(Path(source) / CHECKPOINT)["average"]
    mean: dict[str, Any] = {name: torch.lerp(before[name], value, 0.5) for name, value in state["average"].items()}
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / CHECKPOINT, {**state, "average": mean})
