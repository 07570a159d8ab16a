"""Command line of the evaluation."""

from collections.abc import Sequence
from pathlib import Path

import click

import edge.restore
from edge.restore.shuffle import box_mean
from models.evaluate.cycles import read_cycles
from models.evaluate.evaluation import Evaluation
from models.evaluate.figure import draw
from models.evaluate.judge import Judge
from models.evaluate.methods import Method, Precision, without_network
from models.evaluate.networks import found
from models.evaluate.pages import HeldOut, held_out
from models.evaluate.reading import Reader
from models.evaluate.readme import written
from models.evaluate.side_by_side import pieces, save, side_by_side
from models.evaluate.table import read_table, write_table
from models.evaluate.timing import Timing, processor

_MODELS = Path(__file__).parents[1]
_SHIPPED = Path(edge.restore.__path__[0]) / "zoo"
# What is shown beside the native picture: the plain way, the rival, ours; of each the first that there is.
_SHOWN: Sequence[Sequence[tuple[str, Precision | None]]] = (
    (("bicubic", None),),
    (("SRGAN", Precision.FLOAT),),
    (("L", Precision.INT8), ("L", Precision.FLOAT), ("desktop-x4", Precision.FLOAT)),
)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=_MODELS / "out" / "data", help="Folder of the pages.")
@click.option("--text", default=24, show_default=True, help="How many held-out pages of text.")
@click.option("--pictures", default=8, show_default=True, help="How many held-out pages of pictures.")
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
    table_path = out / "evaluate" / "table.json"
    evaluation = Evaluation(
        Judge(keep, Reader(lines) if lines else None),
        pages,
        read_cycles(_MODELS / "convert" / "cycles"),
        {} if time_anew else _timings(table_path),
        click.echo,
    )
    if chosen:
        for method in methods:
            if method.name in chosen:
                evaluation.row(method)
        return
    table = evaluation.table(methods, data.parent / "ablation")
    table_path.parent.mkdir(exist_ok=True)
    write_table(table_path, table)
    readme = out / "README.md"
    readme.write_text(written(readme.read_text(encoding="utf-8"), table), encoding="utf-8")
    draw(table, out / "pictures" / "quality.png")
    _show(methods, pages, out / "pictures")


def _timings(path: Path) -> dict[str, Timing]:
    """Take over the times that were taken on this machine."""
    if not path.exists() or (table := read_table(path)).machine != processor():
        return {}
    return {row.identity: row.timing for row in table.rows if row.timing}


def _show(methods: Sequence[Method], pages: Sequence[HeldOut], folder: Path) -> None:
    """Write the pictures for the eye."""
    known = {(method.name, method.precision): method for method in methods}
    shown = [known[names[0]] for group in _SHOWN if (names := [name for name in group if name in known])]
    for name, (page, piece) in pieces(pages).items():
        native = page.native()
        lr = box_mean(native)
        restored = {}
        for method in shown:
            with method.opened() as opened:
                restored[method.label] = opened.picture(lr)
        save(folder / f"{name}.png", side_by_side(native, piece, restored))


if __name__ == "__main__":
    main()
