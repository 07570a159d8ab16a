"""A run of the recogniser's training: lines of about one width at a time; can be stopped and taken up at any time."""

import csv
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.legibility.alphabet import BLANK, encode
from models.legibility.checkpoint import load_recogniser
from models.legibility.crops import Crop
from models.legibility.framing import EM_PX, stacked, standardised, window
from models.legibility.recogniser import STEP_PX, Recogniser
from models.train.checkpoint import load, save
from models.train.feed import feed
from models.train.muon import muon_and_adam

_WARM_STEPS = 50
_FALL = 0.4
# What a line is varied by, in sizes of its font and parts of its contrast.
_SHIFT_X, _SHIFT_Y, _SIZE = 0.1, 0.08, 0.07
_CONTRAST, _NOISE = 0.2, 0.12
_MOST_GRADIENT = 5.0
# A line is drawn together with some of this many others of about its width.
_NEIGHBOURS = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """What determines a run; `columns` is how many pixels the framed lines of a batch have side by side."""

    steps: int = 3000
    columns: int = 6400
    channels: int = 32
    seed: int = 1


class Training:
    """Training in `folder` on `lines`: `checkpoint.pt` to go on from, `curve.csv`; begins with `weights`, if any."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        lines: Sequence[Crop],
        device: str = "cpu",
        weights: Path | None = None,
        log_every: int = 100,
    ) -> None:
        if not lines:
            raise ValueError("no lines to train on; make pages with: python -m models.data")
        self._folder, self._settings, self._device, self._log_every = folder, settings, torch.device(device), log_every
        self._lines = sorted(lines, key=_columns)
        torch.manual_seed(settings.seed)
        network = load_recogniser(weights).requires_grad_() if weights else Recogniser(settings.channels)
        if network.channels != settings.channels:
            raise ValueError(f"{weights} has {network.channels} channels, {settings.channels} were asked for")
        self.network: Recogniser = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimisers = muon_and_adam(self.network, self.network.head)
        self._rates = [[group["lr"] for group in optimiser.param_groups] for optimiser in self._optimisers]
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._take_up()

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def train(self, until_step: int | None = None) -> list[float]:
        """Train up to `until_step`, by default to the end, and keep the state; gives the loss of every step."""
        end = self._settings.steps if until_step is None else min(until_step, self._settings.steps)
        batches = feed(self._draw, self._settings.seed, self.step, workers=0)
        losses: list[float] = []
        started = time.monotonic()
        while self.step < end:
            losses.append(self._train_step(*next(batches)))
            if self.step % self._log_every == 0 or self.step == end:
                recent = losses[-self._log_every :]
                self._log(sum(recent) / len(recent), (time.monotonic() - started) / len(losses))
                self._save()
        return losses

    def _draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, list[list[int]]]:
        """Draw lines (n, 24, w), their widths and classes."""
        at = int(rng.integers(len(self._lines)))
        count = max(1, round(self._settings.columns / _columns(self._lines[at])))
        first = max(0, min(at - _NEIGHBOURS // 2, len(self._lines) - _NEIGHBOURS))
        near = self._lines[first : first + max(_NEIGHBOURS, count)]
        drawn = [near[one] for one in rng.choice(len(near), min(count, len(near)), replace=False)]
        framed, widths = stacked([_varied(line, rng) for line in drawn])
        return framed, widths, [encode(line.text) for line in drawn]

    def _train_step(self, framed: Tensor, widths: Tensor, classes: list[list[int]]) -> float:
        part = self._rate()
        for optimiser, rates in zip(self._optimisers, self._rates, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = part * rate
        self.network.train()
        with torch.autocast(self._device.type, torch.bfloat16):
            logits = self.network(framed.to(self._device))
        loss = nn.functional.ctc_loss(
            torch.log_softmax(logits.float(), dim=-1).transpose(0, 1),
            torch.tensor([one for line in classes for one in line], device=self._device),
            widths // STEP_PX,
            torch.tensor([len(line) for line in classes]),
            blank=BLANK,
            zero_infinity=True,
        )
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _MOST_GRADIENT)
        for optimiser in self._optimisers:
            optimiser.step()
        self.step += 1
        return float(loss.detach())

    def _rate(self) -> float:
        """Give the part of the full rate: it rises, stays, and falls to nothing."""
        left = 1 - self.step / self._settings.steps
        return min(1.0, (self.step + 1) / _WARM_STEPS, left / _FALL)

    def _log(self, loss: float, seconds: float) -> None:
        path = self._folder / "curve.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "rate", "loss", "seconds_per_step"])
            writer.writerow([self.step, f"{self._rate():.3g}", f"{loss:.4f}", f"{seconds:.4f}"])

    def _save(self) -> None:
        state = {
            "settings": asdict(self._settings),
            "step": self.step,
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }
        save(self._checkpoint, state)

    def _take_up(self) -> None:
        state = load(self._checkpoint)
        kept = Settings(**state["settings"])
        if kept != self._settings:
            raise ValueError(f"{self._checkpoint} belongs to another run: it has {kept}, this one {self._settings}")
        self.network.load_state_dict(state["network"])
        for optimiser, its in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(its)
        self.step = state["step"]


def _columns(line: Crop) -> float:
    return line.rect[2] * EM_PX / line.size_px


def _varied(line: Crop, rng: np.random.Generator) -> Tensor:
    x, y, width, height = line.rect
    right, down = rng.uniform(-_SHIFT_X, _SHIFT_X), rng.uniform(-_SHIFT_Y, _SHIFT_Y)
    rect = (x + right * line.size_px, y + down * line.size_px, width, height)
    size = line.size_px * rng.uniform(1 - _SIZE, 1 + _SIZE)
    framed = standardised(window(torch.from_numpy(line.grey).float(), rect, size))
    noise = torch.from_numpy(rng.standard_normal(framed.shape, dtype=np.float32))
    return framed * rng.uniform(1 - _CONTRAST, 1 + _CONTRAST) + noise * rng.uniform(0, _NOISE)
