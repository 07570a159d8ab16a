"""A run of training: Adam, a cosine to zero, an average of the weights; can be stopped and taken up at any time."""

import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.networks.base import STRIDE
from models.networks.restorer import ResidualNetwork
from models.train.loss import box_mean, loss
from models.train.patches import Patches

_BORDER = 2  # cells; next to a patch's edge the network sees zeros that no picture has


@dataclass(frozen=True, slots=True)
class Settings:
    """What determines a run."""

    channels: int = 48
    depth: int = 4
    steps: int = 26_000
    batch: int = 16
    patch_px: int = 48
    rate: float = 2e-3
    average: float = 0.999
    edge_weight: float = 0.0
    seed: int = 1


class Run:
    """Training in `folder`: `checkpoint.pt` to go on from, `curve.csv` with a line for every `log_every` steps."""

    def __init__(self, folder: Path, settings: Settings, device: str = "cpu", log_every: int = 100) -> None:
        self.folder, self.settings, self.device, self.log_every = folder, settings, device, log_every
        torch.manual_seed(settings.seed)
        self.network = ResidualNetwork(settings.channels, settings.depth).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = ResidualNetwork(settings.channels, settings.depth).to(device)
        self.average.load_state_dict(self.network.state_dict())
        self.adam = torch.optim.Adam(self.network.parameters(), lr=settings.rate, betas=(0.9, 0.99))
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self._load()

    @property
    def checkpoint(self) -> Path:
        """Where the state of the run is kept."""
        return self.folder / "checkpoint.pt"

    def train(self, data: Path, until_step: int | None = None) -> None:
        """Train on the pictures in `data` up to `until_step`, by default to the end, and keep the state."""
        end = self.settings.steps if until_step is None else min(until_step, self.settings.steps)
        # A seed of its own for every start: a run that is taken up does not see the same patches again.
        rng = np.random.default_rng([self.settings.seed, self.step])
        batches = Patches(data, self.settings.patch_px).batches(self.settings.batch, rng)
        squared, count, started = 0.0, 0, time.monotonic()
        while self.step < end:
            squared += self._train_step(next(batches))
            count += 1
            if self.step % self.log_every == 0 or self.step == end:
                self._log(squared / count, (time.monotonic() - started) / count)
                self._save()
                squared, count, started = 0.0, 0, time.monotonic()

    def _train_step(self, drawn: Tensor) -> float:
        for group in self.adam.param_groups:
            group["lr"] = self._rate()
        native = drawn.to(self.device).float()
        anchor = box_mean(native)
        n, rows, columns = anchor.shape[:3]
        lr = anchor.view(n, rows, columns, STRIDE, STRIDE, 3).permute(0, 5, 1, 3, 2, 4)
        lr = lr.reshape(n, 3, STRIDE * rows, STRIDE * columns).contiguous(memory_format=torch.channels_last) / 255
        # Eight bits of precision are what the convolutions will have on an NPU; the last layer and the loss keep all.
        with torch.autocast(torch.device(self.device).type, torch.bfloat16):
            features = self.network.features(lr)
        residual = self.network.cells(features.float())
        total, squared = loss(anchor, residual, native, _BORDER, self.settings.edge_weight)
        self.adam.zero_grad(set_to_none=True)
        (total / 255**2).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 0.05)
        self.adam.step()
        self.step += 1
        keep = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(new, 1 - keep)
        return float(squared.detach())

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 200)
        return warm * self.settings.rate * 0.5 * (1 + math.cos(math.pi * self.step / self.settings.steps))

    def _log(self, squared: float, seconds: float) -> None:
        path = self.folder / "curve.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "rate", "psnr_db", "seconds_per_step"])
            psnr = 10 * math.log10(255**2 / squared)
            writer.writerow([self.step, f"{self._rate():.3g}", f"{psnr:.3f}", f"{seconds:.4f}"])

    def _save(self) -> None:
        state = {
            "settings": {name: getattr(self.settings, name) for name in Settings.__slots__},
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "adam": self.adam.state_dict(),
            "step": self.step,
        }
        unfinished = self.checkpoint.with_suffix(".part")
        torch.save(state, unfinished)
        unfinished.replace(self.checkpoint)

    def _load(self) -> None:
        state: dict[str, Any] = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        kept = Settings(**state["settings"])
        if kept != self.settings:
            raise ValueError(f"{self.checkpoint} belongs to another run: it has {kept}, this one {self.settings}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.adam.load_state_dict(state["adam"])
        self.step = state["step"]


def load_average(checkpoint: Path) -> tuple[ResidualNetwork, Settings, int]:
    """Load the averaged network of a run, its settings and the steps that it was trained for."""
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    settings = Settings(**state["settings"])
    network = ResidualNetwork(settings.channels, settings.depth)
    network.load_state_dict(state["average"])
    return network.eval(), settings, state["step"]
