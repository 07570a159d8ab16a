"""Command line of the recogniser: train it, and read restored pages with it and with Tesseract."""

from contextlib import ExitStack
from pathlib import Path

import click
import torch

import edge.restore
from models.evaluate.methods import without_network
from models.evaluate.networks import found
from models.evaluate.pages import held_out
from models.legibility.checkpoint import RECOGNISER, load_recogniser, save_recogniser
from models.legibility.crops import crops
from models.legibility.judge import LINES_PER_PAGE, judge_legibility
from models.legibility.table import table
from models.legibility.training import Settings, Training

_MODELS = Path(__file__).parents[1]
_SHIPPED = Path(edge.restore.__path__[0]) / "zoo"


@click.group()
@click.option("--threads", default=0, help="Threads of PyTorch; 0 leaves it to it.")
def main(threads: int) -> None:
    """Train the recogniser of lines, or read restored pages with it and with Tesseract."""
    if threads:
        torch.set_num_threads(threads)


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=_MODELS / "out" / "data" / "train", help="Pages.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=_MODELS / "out" / "recogniser", help="Folder of the run."
)
@click.option("--weights", type=click.Path(path_type=Path), default=RECOGNISER, help="Where the result goes.")
@click.option("--from", "source", type=click.Path(path_type=Path), help="Weights to begin with.")
@click.option("--device", default="cuda" if torch.cuda.is_available() else "cpu", show_default=True)
@click.option("--steps", default=Settings().steps, show_default=True)
@click.option("--columns", default=Settings().columns, show_default=True, help="Pixels of lines in a batch.")
@click.option("--channels", default=Settings().channels, show_default=True)
@click.option("--seed", default=Settings().seed, show_default=True)
def train(data: Path, out: Path, weights: Path, source: Path | None, device: str, **settings: int) -> None:
    """Train on the lines of DATA, or go on where a run in OUT was stopped."""
    run = Training(out, Settings(**settings), crops(data), device, source)
    run.train()
    save_recogniser(run.network, weights)
    click.echo(f"trained {run.step} steps; the recogniser is in {weights}")


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=_MODELS / "out" / "data", help="Folder of the pages.")
@click.option("--weights", type=click.Path(path_type=Path), default=RECOGNISER, help="The recogniser.")
@click.option("--pages", default=24, show_default=True, help="How many held-out pages of text.")
@click.option("--lines", default=LINES_PER_PAGE, show_default=True, help="How many lines of each are read at most.")
@click.option("--zoo", type=click.Path(path_type=Path), default=_MODELS / "zoo", help="Folder of networks.")
@click.option("--methods", default="", help="Labels as in the table, separated by commas; all without.")
def judge(data: Path, weights: Path, pages: int, lines: int, zoo: Path, methods: str) -> None:
    """Read held-out lines of DATA as methods restore them, and print the error rates as a table."""
    known = {method.label: method for method in (*without_network(), *found([zoo, _SHIPPED]))}
    names = [name.strip() for name in methods.split(",") if name.strip()] or list(known)
    if unknown := set(names) - set(known):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(known)}")
    held = held_out(data, pages, 0)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(known[name].opened()).picture for name in names}
        scores = judge_legibility(
            load_recogniser(weights), ((page.page, page.native()) for page in held), opened, lines
        )
    click.echo(table(scores))


if __name__ == "__main__":
    main()
