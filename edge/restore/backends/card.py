"""The card of a network: a JSON file beside the model that says what the model is, and what it was judged by."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec

from edge.errors import UpscalerError

_MODEL_BYTES_MAX = 256 << 20  # networks of this family have a few hundred kilobytes
_HALO_MAX_PX = 64  # every picture is enlarged by it on each side; those of this family see 12 pixels
_PHASE_MAX_PX = 16


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output of a network; a dimension that may have any length is a name."""

    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.dtype} ({', '.join(map(str, self.shape))})"


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How like the native pictures the restored ones are: means over `pages` held-out pictures of one kind."""

    psnr_y_db: float
    ssim_y: float
    pages: int = 0


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a network.

    `halo_px` and `phase_px` are what `edge.restore.upscaler.Backend` means by them. `quality` is keyed by set of
    held-out pictures, then by method. `limits` says what the network is not good for, `calibration` is the SHA-256 of
    the pictures that gave the steps of a network in whole numbers.
    """

    name: str
    sha256: str
    input: Tensor
    output: Tensor
    halo_px: Annotated[int, msgspec.Meta(ge=0, le=_HALO_MAX_PX)]
    phase_px: Annotated[int, msgspec.Meta(ge=1, le=_PHASE_MAX_PX)]
    parameters: int
    gmac_per_frame: float
    data: str
    training: str
    quality: dict[str, dict[str, Quality]] = {}
    limits: str = ""
    licence: str = ""
    calibration: str = ""


def card_path(model: Path) -> Path:
    """Where the card of `model` lies."""
    return model.with_suffix(".json")


def load_card(model: Path) -> Card:
    """Read the card of `model` and check that the model is the one it describes. Raises `UpscalerError`."""
    path = card_path(model)
    try:
        if model.stat().st_size > _MODEL_BYTES_MAX:
            raise UpscalerError(f"{model} has {model.stat().st_size} bytes; a network has at most {_MODEL_BYTES_MAX}")
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise UpscalerError(
            f"cannot read the model {model}: {error.strerror}; give --model a network, or use the backend 'classical'"
        ) from error
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise UpscalerError(f"cannot read {path}, the card of {model}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpscalerError(f"{path} is not the card of a network: {error}") from error
    if digest != card.sha256:
        raise UpscalerError(
            f"{model} is not the network that {path} describes: its SHA-256 is {digest}, expected {card.sha256};"
            " install both files again"
        )
    return card
