"""Judging a network while it is trained: always the same patches of held-out pictures."""

from pathlib import Path

import numpy as np
import torch

from models.networks.base import Network
from models.train.loss import inner, psnr_db
from models.train.objective import restored
from models.train.patches import Patches

_BATCHES, _BATCH, _PATCH_PX = 16, 16, 48
_SEED = 9


class Validation:
    """Fixed patches of the pictures in `folder`; `precise` is what a network of whole numbers needs."""

    def __init__(self, folder: Path, device: torch.device, *, precise: bool = False, batches: int = _BATCHES) -> None:
        self._precise = precise
        patches = Patches(folder, _PATCH_PX)
        self._batches = [patches.draw(_BATCH, np.random.default_rng([_SEED, at])).to(device) for at in range(batches)]

    @torch.no_grad()
    def psnr_db(self, network: Network) -> float:
        """Give the PSNR over all colours of what the client would show, of all patches together."""
        network.eval()
        squared = 0.0
        for batch in self._batches:
            result = restored(network, batch, precise=self._precise)
            squared += float(inner(result.shown - result.native).square().mean())
        return psnr_db(squared / len(self._batches))
