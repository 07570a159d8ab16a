"""Command line of the data generator."""

import time
from pathlib import Path

import click

from models.data.fonts import FontMissing
from models.data.generate import FolderMismatch, generate
from models.data.pack import pack
from models.data.plan import Counts
from models.data.split import Split


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("models/out/data"), show_default=True)
@click.option("--train-text", default=Counts().train_text, show_default=True)
@click.option("--train-pictures", default=Counts().train_pictures, show_default=True)
@click.option("--held-out-text", default=Counts().held_out_text, show_default=True)
@click.option("--held-out-pictures", default=Counts().held_out_pictures, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--jobs", default=2, show_default=True, help="Browsers at a time.")
@click.option("--limit-gib", default=20, show_default=True, help="The most that the pictures may take.")
@click.option("--pack/--no-pack", "packed", default=True, show_default=True, help="Put each split into one file, too.")
def main(out: Path, seed: int, jobs: int, limit_gib: int, packed: bool, **counts: int) -> None:
    """Render the pages of the data set that OUT lacks."""
    started = time.monotonic()
    try:
        made = generate(out, Counts(**counts), seed, jobs=jobs, limit_bytes=limit_gib << 30)
        seconds = time.monotonic() - started
        click.echo(f"made {made} pictures in {out}, {made / seconds:.1f} a second")
        for split in Split:
            if packed and (out / split / "manifest.json").exists():
                click.echo(f"packed {pack(out / split)}")
    except (FontMissing, FolderMismatch, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
