"""A run of training: a budget, a rate that falls at its end, an average of the weights; taken up after any stop."""

import copy
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.networks.base import Network
from models.train import curves
from models.train.checkpoint import CHECKPOINT, load, save
from models.train.feed import feed
from models.train.muon import muon_and_adam
from models.train.objective import Objective
from models.train.settings import Settings
from models.train.validate import Validation

_WARM_UP_STEPS = 100
# The last part of the budget, in which the rate falls to nothing along a line.
_FALLING = 0.3


class Run:
    """Training of `network` in `folder`, where the averaged one is judged and all is kept every `every_s` seconds.

    Files: `checkpoint.pt` to go on from, `curve.csv` and `curve.png`, and at the end `result.json`. A folder that has a
    run of other settings is refused with ValueError.
    """

    def __init__(
        self, folder: Path, settings: Settings, network: Network, objective: Objective[Any], every_s: float = 60
    ) -> None:
        self.folder, self.settings, self.objective, self.every_s = folder, settings, objective, every_s
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network)
        self.optimisers = _optimisers(self.network, settings)
        self._rates = [[float(group["lr"]) for group in optimiser.param_groups] for optimiser in self.optimisers]
        self.step, self.seconds = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._take_up()

    @property
    def used(self) -> float:
        """How much of the budget is used up, 0..1."""
        return self.settings.used(self.step, self.seconds)

    def train(self, validation: Validation, workers: int = 0, until_step: int | None = None) -> float:
        """Train to the end, or up to `until_step`; gives the averaged network's PSNR in decibels."""
        batches = feed(self.objective.draw, self.settings.seed, self.step, workers)
        before, begun = self.seconds, time.monotonic()
        kept, losses, psnr = begun, list[Tensor](), math.nan
        while self.used < 1 and self.step != until_step:
            losses.append(self.advance(next(batches)))
            now = time.monotonic()
            self.seconds = before + now - begun
            if now - kept >= self.every_s or self.used >= 1 or self.step == until_step:
                kept, psnr = now, validation.psnr_db(self.average)
                self._log(float(torch.stack(losses).mean()), psnr)
                self._save()
                losses.clear()
        if math.isnan(psnr):
            psnr = validation.psnr_db(self.average)
        curves.draw(self.folder / "curve.csv", self.folder / "curve.png")
        if self.used >= 1:
            self._conclude(psnr)
        return psnr

    def advance(self, batch: Any) -> Tensor:  # noqa: ANN401 (what its objective draws)
        """Take one step on `batch`; gives its loss."""
        rate = self._rate()
        for optimiser, bases in zip(self.optimisers, self._rates, strict=True):
            for group, base in zip(optimiser.param_groups, bases, strict=True):
                group["lr"] = base * rate
        self.network.train()
        loss = self.objective.loss(self.network, batch)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        keep = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(new, 1 - keep)
            for mean, new in zip(self.average.buffers(), self.network.buffers(), strict=True):
                mean.copy_(new)
        return loss.detach()

    def _rate(self) -> float:
        return min(1.0, (self.step + 1) / _WARM_UP_STEPS) * min(1.0, (1 - self.used) / _FALLING)

    def _log(self, loss: float, psnr: float) -> None:
        point = curves.Point(self.step, self.seconds, self._rate(), loss, psnr)
        curves.append(self.folder / "curve.csv", point)
        print(
            f"{self.folder.name}: step {self.step}, {self.used:.1%}, loss {loss:.3g}, held-out {psnr:.3f} dB",
            flush=True,
        )

    def _conclude(self, psnr: float) -> None:
        result = {
            "settings": self.settings.to_dict(),
            "steps": self.step,
            "minutes": round(self.seconds / 60, 2),
            "parameters": self.average.parameters_in_use,
            "held_out_patches_psnr_db": round(psnr, 4),
        }
        (self.folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")

    def _save(self) -> None:
        save(
            self.folder / CHECKPOINT,
            {
                "settings": self.settings.to_dict(),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "objective": self.objective.state(),
                "step": self.step,
                "seconds": self.seconds,
            },
        )

    def _take_up(self) -> None:
        state = load(self.folder / CHECKPOINT)
        kept = Settings.from_dict(state["settings"])
        if kept != self.settings:
            raise ValueError(
                f"{self.folder / CHECKPOINT} belongs to another run: it has {kept}, this one {self.settings}; "
                "take another folder or remove it"
            )
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        for optimiser, its in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(its)
        self.objective.take_up(state["objective"])
        self.step, self.seconds = state["step"], state["seconds"]
        curves.cut(self.folder / "curve.csv", self.step)


def _optimisers(network: Network, settings: Settings) -> list[torch.optim.Optimizer]:
    if settings.muon:
        optimisers = muon_and_adam(network, network.tail)
    else:
        moving = [parameter for parameter in network.parameters() if parameter.requires_grad]
        optimisers = [torch.optim.Adam(moving, lr=2e-3, betas=(0.9, 0.99))]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] *= settings.rate
    return optimisers


def spare_processors() -> int:
    """Count the processors beyond the one that trains; they can draw batches ahead."""
    return len(os.sched_getaffinity(0)) - 1
