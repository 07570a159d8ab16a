"""Command line of the evaluation."""

from pathlib import Path

import click

import edge.restore
from models.evaluate.cycles import read_cycles
from models.evaluate.evaluation import Evaluation
from models.evaluate.judge import Judge
from models.evaluate.methods import without_network
from models.evaluate.networks import found
from models.evaluate.pages import PICTURE_PAGES, TEXT_PAGES, held_out
from models.evaluate.reading import Reader
from models.evaluate.report import TABLE, write_report
from models.evaluate.table import read_table
from models.evaluate.timing import Timing, processor

_MODELS = Path(__file__).parents[1]
_SHIPPED = Path(edge.restore.__path__[0]) / "zoo"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=_MODELS / "out" / "data", help="Folder of the pages.")
@click.option("--text", default=TEXT_PAGES, show_default=True, help="How many held-out pages of text.")
@click.option("--pictures", default=PICTURE_PAGES, show_default=True, help="How many held-out pages of pictures.")
@click.option("--lines", default=8, show_default=True, help="How many lines of each page are read; 0 reads none.")
@click.option("--method", "chosen", multiple=True, help="Judge this one and write nothing; may be given several times.")
@click.option("--zoo", type=click.Path(path_type=Path), default=_MODELS / "zoo", help="Folder of networks.")
@click.option("--out", type=click.Path(path_type=Path), default=_MODELS, help="Folder of README.md.")
@click.option("--keep", type=click.Path(path_type=Path), default=_MODELS / "out" / "evaluate", help="Folder of scores.")
@click.option("--time-anew", is_flag=True, help="Time also what the table has times of.")
def main(
    data: Path,
    text: int,
    pictures: int,
    lines: int,
    chosen: tuple[str, ...],
    zoo: Path,
    out: Path,
    keep: Path,
    *,
    time_anew: bool,
) -> None:
    """Judge the networks of the zoo on held-out pages, beside enlargement without a network.

    Writes the table (evaluate/table.json in OUT), the tables in README.md that are made from it, and the pictures.
    What was judged once is kept in KEEP, by the hashes of network and page.
    """
    pages = held_out(data, text, pictures)
    methods = [*without_network(), *found([zoo, _SHIPPED])]
    evaluation = Evaluation(
        Judge(keep, Reader(lines) if lines else None),
        pages,
        read_cycles(_MODELS / "convert" / "cycles"),
        {} if time_anew else _timings(out / TABLE),
        click.echo,
    )
    if unknown := set(chosen) - {method.name for method in methods}:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(m.name for m in methods)}")
    if chosen:
        for method in methods:
            if method.name in chosen:
                evaluation.row(method)
    else:
        write_report(out, evaluation.table(methods, data.parent / "ablation"), methods, pages)


def _timings(path: Path) -> dict[str, Timing]:
    """Take over the times that were taken on this machine, from a table that is there and of this version."""
    try:
        table = read_table(path)
    except (FileNotFoundError, ValueError):
        return {}
    return {row.identity: row.timing for row in table.rows if row.timing and table.machine == processor()}


if __name__ == "__main__":
    main()
