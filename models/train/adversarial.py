"""The adversarial stage: the last layer alone, on pictures whose text is masked out."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.networks.base import Network, picture_of_cells
from models.train.discriminator import Discriminator, feature_distance, relativistic_loss
from models.train.loss import inner, pixel_loss
from models.train.objective import Objective, restored
from models.train.settings import Settings
from models.train.text import Masked, TextPatches

_RATE = 2e-4
_ADVERSARIAL_WEIGHT = 1e-4
_FEATURE_WEIGHT = 1e-3


class Adversarial(Objective[Masked]):
    """The error of the picture, and where no text is what a discriminator makes of it, which is trained beside it.

    Text is the native one in both of the pictures that the discriminator sees, so it learns nothing of text, and no
    gradient comes from there.
    """

    def __init__(self, settings: Settings, data: Path, device: torch.device) -> None:
        self._patches = TextPatches(data, settings.patch_px)
        self._settings, self._device = settings, device
        self.discriminator = Discriminator().to(device)
        self._adam = torch.optim.Adam(self.discriminator.parameters(), lr=_RATE, betas=(0.5, 0.99))

    def draw(self, rng: np.random.Generator) -> Masked:
        """Draw patches that are not mostly text."""
        return self._patches.draw_masked(self._settings.batch, rng)

    def loss(self, network: Network, batch: Masked) -> Tensor:
        """Train the discriminator by a step, and give the loss of the network beside it."""
        result = restored(network, batch.native.to(self._device))
        text = batch.text.to(self._device)[..., None, None, None]
        native = _seen(result.native)
        shown = _seen(torch.where(text, result.native, result.shown))
        self.discriminator.requires_grad_(requires_grad=True)
        its_loss = relativistic_loss(self.discriminator(native), self.discriminator(shown.detach()))
        self._adam.zero_grad(set_to_none=True)
        its_loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self.discriminator.requires_grad_(requires_grad=False)
        of_native, of_shown = self.discriminator(native), self.discriminator(shown)
        convincing = _ADVERSARIAL_WEIGHT * relativistic_loss(of_shown, of_native)
        convincing = convincing + _FEATURE_WEIGHT * feature_distance(of_native, of_shown)
        error = pixel_loss(inner(result.shown - result.native), self._settings.epsilon, self._settings.edge_weight)
        return error + self._settings.weight * convincing

    def state(self) -> dict[str, Any]:
        """Keep the discriminator."""
        return {"discriminator": self.discriminator.state_dict(), "adam": self._adam.state_dict()}

    def take_up(self, state: dict[str, Any]) -> None:
        """See `Objective`."""
        self.discriminator.load_state_dict(state["discriminator"])
        self._adam.load_state_dict(state["adam"])


def _seen(cells: Tensor) -> Tensor:
    return picture_of_cells(inner(cells)) / 127.5 - 1
