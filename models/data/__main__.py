"""Command line of the data generator."""

from pathlib import Path

import click

from models.data.generate import Counts, generate


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("models/out/data"), show_default=True)
@click.option("--train-text", default=Counts().train_text, show_default=True)
@click.option("--train-pictures", default=Counts().train_pictures, show_default=True)
@click.option("--held-out-text", default=Counts().held_out_text, show_default=True)
@click.option("--held-out-pictures", default=Counts().held_out_pictures, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(out: Path, seed: int, **counts: int) -> None:
    """Render the pages of the data set that OUT lacks."""
    click.echo(f"made {generate(out, Counts(**counts), seed)} pictures in {out}")


if __name__ == "__main__":
    main()
