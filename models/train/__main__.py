"""Command line of the training."""

from pathlib import Path

import click
import torch

from models.train.run import Run, Settings
from models.zoo.export import export


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("models/out/data/train"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("models/out/run"), show_default=True)
@click.option("--device", default="cuda" if torch.cuda.is_available() else "cpu", show_default=True)
@click.option("--threads", default=0, help="Threads on the processor; 0 leaves it to PyTorch.")
@click.option("--channels", default=Settings().channels, show_default=True)
@click.option("--depth", default=Settings().depth, show_default=True)
@click.option("--steps", default=Settings().steps, show_default=True)
@click.option("--batch", default=Settings().batch, show_default=True)
@click.option("--patch-px", default=Settings().patch_px, show_default=True)
@click.option("--rate", default=Settings().rate, show_default=True)
@click.option("--average", default=Settings().average, show_default=True)
@click.option("--edge-weight", default=Settings().edge_weight, show_default=True)
@click.option("--seed", default=Settings().seed, show_default=True)
def main(data: Path, out: Path, device: str, threads: int, **settings: float) -> None:
    """Train on DATA, or go on where a run in OUT was stopped, and write OUT/network.onnx."""
    if threads:
        torch.set_num_threads(threads)
    run = Run(out, Settings(**settings), device)  # type: ignore[arg-type]
    run.train(data)
    export(run.average, out / "network.onnx")
    click.echo(f"trained {run.step} steps; the network is in {out / 'network.onnx'}")


if __name__ == "__main__":
    main()
