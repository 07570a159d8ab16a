"""What is written of a table: the table itself, README.md's part of it, the figure and the pictures."""

from collections.abc import Sequence
from pathlib import Path

from edge.restore.shuffle import box_mean
from models.evaluate.figure import draw
from models.evaluate.methods import Method, Precision
from models.evaluate.pages import HeldOut
from models.evaluate.readme import written
from models.evaluate.side_by_side import pieces, save, side_by_side
from models.evaluate.table import Table, write_table

TABLE = Path("evaluate") / "table.json"

# What is shown beside the native picture: the plain way, the rival, ours; of each the first that there is.
_SHOWN: Sequence[Sequence[tuple[str, Precision | None]]] = (
    (("bicubic", None),),
    (("SRGAN", Precision.FLOAT),),
    (("L", Precision.INT8), ("L", Precision.FLOAT), ("desktop-x4", Precision.FLOAT)),
)


def write_report(folder: Path, table: Table, methods: Sequence[Method], pages: Sequence[HeldOut]) -> None:
    """Write `TABLE`, the marked tables of README.md and pictures/*.png in `folder`."""
    (folder / TABLE).parent.mkdir(parents=True, exist_ok=True)
    write_table(folder / TABLE, table)
    readme = folder / "README.md"
    readme.write_text(written(readme.read_text(encoding="utf-8"), table), encoding="utf-8")
    draw(table, folder / "pictures" / "quality.png")
    known = {(method.name, method.precision): method for method in methods}
    shown = [next(known[name] for name in group if name in known) for group in _SHOWN if known.keys() & set(group)]
    for name, (page, piece) in pieces(pages).items():
        native = page.native()
        restored = {}
        for method in shown:
            with method.opened() as opened:
                restored[method.label] = opened.picture(box_mean(native))
        save(folder / "pictures" / f"{name}.png", side_by_side(native, piece, restored))
