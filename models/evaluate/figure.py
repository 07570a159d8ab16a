"""The figure of README.md: quality against what it costs."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.evaluate.methods import Precision
from models.evaluate.pages import TEXT
from models.evaluate.table import Row, Table

_MARKS = {Precision.FLOAT: "o", Precision.INT8: "x"}
_BASELINE = "bicubic"
_OURS = ("S", "M", "L", "XL")
_TARGET = "rk3568"


def draw(table: Table, path: Path) -> None:
    """Draw PSNR-Y of text pages against operations and against cycles, and write it to `path` as PNG."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    by_operations, by_cycles = figure.subplots(1, 2, sharey=True)
    _scatter(by_operations, table, lambda row: row.gmac_per_frame)
    by_operations.set_xlabel("GMAC for a frame of 480x270")
    by_operations.set_ylabel("PSNR-Y on text pages, dB")
    _scatter(by_cycles, table, _megacycles)
    by_cycles.set_xlabel(f"millions of cycles on {_TARGET.upper()} (compiler)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _scatter(axes: Axes, table: Table, cost: Callable[[Row], float | None]) -> None:
    axes.set_xscale("log")
    axes.grid(visible=True, which="both", alpha=0.2)
    named: set[str] = set()
    for row in table.rows:
        if TEXT not in row.kinds:
            continue
        psnr = row.kinds[TEXT].psnr_y_db
        x = cost(row)
        if row.precision and x:
            colour = "C0" if row.name in _OURS else "C1"
            axes.scatter(x, psnr, marker=_MARKS[row.precision], color=colour, alpha=0.7, label=row.precision)
            if row.name not in named:
                axes.annotate(row.name, (x, psnr), xytext=(6, 4), textcoords="offset points", fontsize=8)
            named.add(row.name)
        elif row.name == _BASELINE:
            axes.axhline(psnr, color="grey", linewidth=0.8, linestyle=":")
            axes.annotate(row.name, (0.01, psnr), xycoords=("axes fraction", "data"), fontsize=8, color="grey")
    handles, labels = axes.get_legend_handles_labels()
    marks = dict(zip(labels, handles, strict=True))
    if marks:
        axes.legend(list(marks.values()), list(marks), loc="lower right", fontsize=8)


def _megacycles(row: Row) -> float | None:
    return next((cycles.cycles / 1e6 for cycles in row.cycles if cycles.target == _TARGET), None)
