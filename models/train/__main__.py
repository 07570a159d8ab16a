"""Command line of the training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from models.train.ablation import ablate
from models.train.mean import keep_mean
from models.train.plan import carry_out
from models.train.run import spare_processors
from models.train.settings import Settings, Stage
from models.train.stage import start
from models.train.validate import Validation

_DATA = Path("models/out/data")
_OUT = Path("models/out")


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@click.group()
def main() -> None:
    """Train networks."""


@main.command()
@click.argument("stage", type=click.Choice([stage.value for stage in Stage]))
@click.option("--network", required=True, help="S, M, L, XL, SRGAN, SRVGG, SPAN, or channels x depth such as 48x4.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the run; taken up if it has one."
)
@click.option("--from", "source", default="", help="Run whose averaged network is the beginning.")
@click.option("--teacher", default="", help="Run whose network distillation follows.")
@click.option("--data", type=click.Path(path_type=Path), default=_DATA, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option("--threads", default=0, help="Threads on the processor; 0 leaves it to PyTorch.")
@click.option("--steps", default=0, help="End after so many steps,")
@click.option("--minutes", default=0.0, help="or after so much time, in which the rate falls to nothing.")
@click.option("--batch", default=16, show_default=True)
@click.option("--patch-px", default=48, show_default=True, help="Side of a patch in low-resolution pixels.")
@click.option("--muon/--adam", default=True, show_default=True)
@click.option("--rate", default=1.0, show_default=True, help="Factor of the optimisers' own rates.")
@click.option("--average", default=0.999, show_default=True)
@click.option("--epsilon", default=0.0, show_default=True, help="Charbonnier's, in grey levels; 0 squares the error.")
@click.option("--edge-weight", default=0.0, show_default=True)
@click.option("--weight", default=1.0, show_default=True, help="Of what the stage adds to the error of pixels.")
@click.option("--seed", default=1, show_default=True)
@click.option("--every-s", default=60.0, show_default=True, help="How often the run is judged and kept.")
def run(
    stage: str,
    out: Path,
    data: Path,
    device: str,
    threads: int,
    every_s: float,
    **settings: Any,  # noqa: ANN401 (the options that are fields of `Settings`)
) -> None:
    """Run STAGE, or go on where it was stopped."""
    if threads:
        torch.set_num_threads(threads)
    where = _device(device)
    chosen = Settings(Stage(stage), **settings)
    begun = start(out, chosen, data / "train", where, every_s)
    validation = Validation(data / "held-out", where, precise=chosen.stage is Stage.QUANTISED)
    psnr = begun.train(validation, spare_processors())
    click.echo(f"{out}: {begun.step} steps, held-out patches {psnr:.3f} dB")


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the checkpoint.")
def mean(run: Path, out: Path) -> None:
    """Keep the mean of the weights of RUN and of the run that it started from."""
    keep_mean(run, out)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=_OUT, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=_DATA, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option("--threads", default=0, help="Threads on the processor; 0 leaves it to PyTorch.")
@click.option("--larger", default=1, show_default=True, help="Factor of every batch; 16 keeps a GPU busy.")
@click.option("--steps", default=1500, show_default=True, help="Of each trial.")
def ablation(out: Path, data: Path, device: str, threads: int, larger: int, steps: int) -> None:
    """Train the smallest network in many ways; what was stopped goes on, what is done stays."""
    if threads:
        torch.set_num_threads(threads)
    plain = Settings(Stage.PIXELS, "S", steps=steps, average=0.99)
    plain = replace(plain, batch=larger * plain.batch)
    for variant in ablate(out / "ablation", data, _device(device), plain, out / "L-pixels", spare_processors()):
        click.echo(f"{variant.stages}: {variant.steps} steps")


@main.command("all")
@click.option("--out", type=click.Path(path_type=Path), default=_OUT, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=_DATA, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option("--threads", default=0, help="Threads on the processor; 0 leaves it to PyTorch.")
@click.option("--larger", default=1, show_default=True, help="Factor of every batch; 16 keeps a GPU busy.")
@click.option("--minutes", default=120.0, show_default=True, help="For all networks together.")
@click.option("--steps", default=1500, show_default=True, help="Of each trial of the ablation.")
@click.pass_context
def everything(
    context: click.Context,
    out: Path,
    data: Path,
    device: str,
    threads: int,
    larger: int,
    minutes: float,
    steps: int,
) -> None:
    """Train all networks, then one of them in many ways; what was stopped goes on, what is done stays."""
    if threads:
        torch.set_num_threads(threads)
    for begun in carry_out(out, data, _device(device), minutes, larger, spare_processors()):
        click.echo(f"{begun.folder}: {begun.step} steps")
    context.invoke(ablation, out=out, data=data, device=device, threads=threads, larger=larger, steps=steps)


if __name__ == "__main__":
    main()
