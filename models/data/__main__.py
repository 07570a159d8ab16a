"""Command line of the data generator."""

import time
from pathlib import Path

import click

from models.data.browser import BrowserError
from models.data.fonts import FontMissing
from models.data.generate import LIMIT_BYTES, FolderMismatch, generate
from models.data.plan import Counts


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("models/out/data"), show_default=True)
@click.option("--train-text", default=Counts().train_text, show_default=True)
@click.option("--train-pictures", default=Counts().train_pictures, show_default=True)
@click.option("--held-out-text", default=Counts().held_out_text, show_default=True)
@click.option("--held-out-pictures", default=Counts().held_out_pictures, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--jobs", default=2, show_default=True, help="Browsers at a time.")
@click.option("--limit-gib", default=LIMIT_BYTES >> 30, show_default=True, help="The most that it all may take.")
@click.option("--pack/--no-pack", "packed", default=True, show_default=True, help="Put each half into one file, too.")
def main(out: Path, seed: int, jobs: int, limit_gib: int, packed: bool, **counts: int) -> None:
    """Render the pages of the data set that OUT lacks."""
    started = time.monotonic()
    try:
        made = generate(out, Counts(**counts), seed, jobs=jobs, packed=packed, limit_bytes=limit_gib << 30)
    except (FontMissing, BrowserError, FolderMismatch, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"made {made} pictures in {out}, {made / (time.monotonic() - started):.1f} a second")


if __name__ == "__main__":
    main()
