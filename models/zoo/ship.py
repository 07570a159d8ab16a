"""From a run of training to the files of a zoo: exported, quantised, compared, judged, described."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

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
    """The cards of the files that were written, by precision, and what whole numbers cost, by kind of page."""

    cards: dict[str, Card]
    loss_db: dict[str, float]


def ship(run: Path, target: Path, data: Path, keep: Path) -> Shipped:
    """Write the network of the run in folder `run` to the folder `target`, in float and, of the family, in int8.

    A run in whole numbers gives the integer file, and the run that it started from the other one; any other run is
    quantised with the calibration set. A file that is not what the network computes is refused with ValueError, and
    one in whole numbers that costs more than `LOSS_MAX_DB` is left out.
    """
    state = load(run / CHECKPOINT)
    network, settings, _ = load_average(run / CHECKPOINT)
    quantised, float_run = None, run
    if isinstance(network, ResidualNetwork):
        quantised = QuantisedNetwork(network)
        if settings.stage is Stage.QUANTISED:
            quantised.load_state_dict(state["average"])
            float_run = Path(settings.source)
            network, settings, _ = load_average(float_run / CHECKPOINT)
        else:
            quantised.calibrate(planes(calibration()))
    name = settings.network.lower()
    with TemporaryDirectory() as made:
        folder = Path(made)
        models = {FLOAT: folder / f"{name}-{FLOAT}.onnx"}
        export(network, models[FLOAT])
        _compare(network, models[FLOAT])
        pages = history.data(data)
        cards = {FLOAT: describe(network, models[FLOAT], pages, history.training(float_run))}
        if quantised:
            models[INT8] = folder / f"{name}-{INT8}.onnx"
            export_integer(quantised, models[INT8])
            _compare(quantised, models[INT8])
            how = history.training(run)
            if run == float_run:
                how += "; then quantised with the calibration set"
            cards[INT8] = describe(network, models[INT8], pages, how, calibration=sha256(CALIBRATION))
        for precision, card in cards.items():
            write_card(models[precision], card)
        quality = judged(models, data, keep)
        loss = _loss(quality) if quantised else {}
        if max(loss.values(), default=0) > LOSS_MAX_DB:
            del models[INT8]
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob(f"{name}-*"):
            old.unlink()
        cards = {precision: msgspec.structs.replace(cards[precision], quality=quality) for precision in models}
        for precision, model in models.items():
            write_card(model, cards[precision])
            for path in (model, card_path(model)):
                shutil.copyfile(path, target / path.name)
        (target / f"{name}.md").write_text(rendered(settings.network, list(cards.values())), encoding="utf-8")
    return Shipped(cards, loss)


def install(model: Path, target: Path) -> None:
    """Copy `model` and its card to `target`, under the name that it has there."""
    card = msgspec.json.decode(card_path(model).read_bytes(), type=Card)
    shutil.copyfile(model, target)
    write_card(target, msgspec.structs.replace(card, name=target.stem))


def _compare(network: Network, model: Path) -> None:
    # Without a few of them the deepest rivals take minutes.
    difference = largest_difference(network, model, calibration()[:4])
    if difference > 1:
        raise ValueError(f"{model.name} differs from its network by {difference} units, 1 is what rounding makes")


def _loss(quality: dict[str, dict[str, Quality]]) -> dict[str, float]:
    return {kind: scores[FLOAT].psnr_y_db - scores[INT8].psnr_y_db for kind, scores in quality.items()}
