"""Command line of the zoo."""

import sys
from pathlib import Path

import click

import edge.restore
from models.zoo.calibration import make_calibration
from models.zoo.check import faults
from models.zoo.ship import install, ship

_ZOO = Path(__file__).parent
_SHIPPED = Path(edge.restore.__path__[0]) / "zoo"
_DATA = Path("models/out/data")


@click.group()
def main() -> None:
    """Networks as files, with their cards."""


@main.command("ship")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--data", type=click.Path(path_type=Path), default=_DATA, show_default=True)
@click.option("--zoo", type=click.Path(path_type=Path), default=_ZOO, help="Folder of the networks.")
@click.option("--keep", type=click.Path(path_type=Path), default=Path("models/out/evaluate"), help="Folder of scores.")
def ship_command(run: Path, data: Path, zoo: Path, keep: Path) -> None:
    """Export the network of RUN, quantise it if it is of the family, judge both and write the cards."""
    shipped = ship(run, zoo, data, keep)
    for card in shipped.cards:
        click.echo(f"{zoo / card.name}.onnx  {card.sha256}")
    for kind, loss_db in shipped.loss_db.items():
        click.echo(f"{kind}: int8 costs {loss_db:.3f} dB")


@main.command()
@click.argument("network")
def client(network: str) -> None:
    """Make NETWORK, such as l-int8, the one that the client restores with."""
    install(_ZOO / f"{network}.onnx", _SHIPPED / "desktop-x4.onnx")


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=_DATA, show_default=True)
def calibrate(data: Path) -> None:
    """Cut the calibration set out of the pages for training."""
    make_calibration(data)


@main.command()
def check() -> None:
    """Check hash, card, shapes, opset and IR of every file, here and in the client."""
    found = [*faults(_ZOO), *faults(_SHIPPED)]
    for fault in found:
        click.echo(fault, err=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
