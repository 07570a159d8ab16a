"""From a run of training to the files of a zoo: exported, quantised, compared, judged, described."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.restore.backends.card import Card, Quality, card_path
from models.networks.base import Network
from models.networks.restorer import ResidualNetwork
from models.train.checkpoint import CHECKPOINT, load, load_average
from models.train.settings import Stage
from models.zoo import history
from models.zoo.calibration import CALIBRATION, calibration, planes
from models.zoo.card import describe, sha256, write_card
from models.zoo.compare import largest_difference
from models.zoo.export import export
from models.zoo.integer import export_integer
from models.zoo.markdown import rendered
from models.zoo.quality import judged
from models.zoo.quantised import QuantisedNetwork

FLOAT, INT8 = "float", "int8"
LOSS_MAX_DB = 0.2
"""What whole numbers may cost on any kind of page."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """The cards of the files that were written, and what whole numbers cost, by kind of page."""

    cards: list[Card]
    loss_db: dict[str, float]


class _Source(NamedTuple):
    network: Network
    training: str
    calibration: str = ""


def ship(run: Path, target: Path, data: Path, keep: Path) -> Shipped:
    """Write the network of the run in folder `run` to the folder `target`, in float and, of the family, in int8.

    A run in whole numbers gives the integer file, and the run that it started from the other one; any other run is
    quantised with the calibration set. A file that is not what its network computes is refused with ValueError, and one
    in whole numbers that costs more than `LOSS_MAX_DB` is left out.
    """
    title, sources = _sources(run)
    name, pages = title.lower(), history.data(data)
    with TemporaryDirectory() as folder:
        cards, models = {}, {}
        for precision, source in sources.items():
            model = models[precision] = Path(folder) / f"{name}-{precision}.onnx"
            _write(source.network, model)
            card = cards[precision] = describe(source.network, model, pages, source.training, source.calibration)
            write_card(model, card)
        # Rivals take seconds for each page, and no client runs them: `models.evaluate` alone judges them.
        quality = judged(models, data, keep) if INT8 in models else {}
        loss = _loss(quality)
        if max(loss.values(), default=0) > LOSS_MAX_DB:
            del cards[INT8]
        _clear(target, name)
        for precision, card in cards.items():
            copied = shutil.copyfile(models[precision], target / models[precision].name)
            cards[precision] = msgspec.structs.replace(card, quality=quality)
            write_card(copied, cards[precision])
        (target / f"{name}.md").write_text(rendered(title, list(cards.values())), encoding="utf-8")
    return Shipped(list(cards.values()), loss)


def compared() -> NDArray[np.uint8]:
    """Give what files are compared with their networks by, BGR bytes (1, h, w, 3): more than the halo of any."""
    pieces = calibration()[:4]
    side = 2 * pieces.shape[1]
    return pieces.reshape(2, 2, side // 2, side // 2, 3).transpose(0, 2, 1, 3, 4).reshape(1, side, side, 3)


def install(model: Path, target: Path) -> None:
    """Copy `model` and its card to `target`, under the name that it has there."""
    card = msgspec.json.decode(card_path(model).read_bytes(), type=Card)
    shutil.copyfile(model, target)
    write_card(target, msgspec.structs.replace(card, name=target.stem))


def _sources(run: Path) -> tuple[str, dict[str, _Source]]:
    """Give the name of a run's network, and by precision what there is of it."""
    network, settings, _ = load_average(run / CHECKPOINT)
    training = history.training(run)
    if settings.stage is Stage.QUANTISED:
        _, sources = _sources(Path(settings.source))
        sources[INT8] = _Source(_trained_in_whole_numbers(run, network), training, sha256(CALIBRATION))
        return settings.network, sources
    sources = {FLOAT: _Source(network, training)}
    if isinstance(network, ResidualNetwork):
        quantised = QuantisedNetwork(network)
        quantised.calibrate(planes(calibration()))
        sources[INT8] = _Source(quantised, f"{training}; then quantised by the calibration set", sha256(CALIBRATION))
    return settings.network, sources


def _trained_in_whole_numbers(run: Path, network: Network) -> QuantisedNetwork:
    assert isinstance(network, ResidualNetwork)
    quantised = QuantisedNetwork(network)
    quantised.load_state_dict(load(run / CHECKPOINT)["average"])
    return quantised


def _write(network: Network, model: Path) -> None:
    if isinstance(network, QuantisedNetwork):
        export_integer(network, model)
    else:
        export(network, model)
    difference = largest_difference(network, model, compared())
    if difference > 1:
        raise ValueError(f"{model.name} differs from its network by {difference} units, 1 is what rounding makes")


def _clear(target: Path, name: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob(f"{name}-*"):
        old.unlink()


def _loss(quality: dict[str, dict[str, Quality]]) -> dict[str, float]:
    return {kind: scores[FLOAT].psnr_y_db - scores[INT8].psnr_y_db for kind, scores in quality.items()}
