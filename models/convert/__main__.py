"""Command line of the conversion."""

import re
import sys
from pathlib import Path

import click
import msgspec

from edge.errors import UpscalerError
from models.convert import compare as comparing
from models.convert import cycles as counting
from models.convert.build import SHAPES, build
from models.convert.errors import ConversionError
from models.convert.job import Precision, Target
from models.convert.pictures import FRAME
from models.convert.toolkit import ENVIRONMENT, Toolkit
from models.convert.v1 import prepare
from models.zoo.calibration import CALIBRATION
from models.zoo.calibration import calibration as read_calibration

_PATH = click.Path(path_type=Path)


class _Shape(click.ParamType[tuple[int, int]]):
    name = "HxW"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        if not (sides := re.fullmatch(r"(\d+)x(\d+)", value)):
            self.fail(f"{value!r} is not rows x columns, such as 48x96", param, ctx)
        return int(sides[1]), int(sides[2])


def _as_targets(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[Target, ...]:
    return tuple(map(Target, names or Target))


def _as_precision(_: click.Context, __: click.Parameter, name: str) -> Precision:
    return Precision(name)


_target = click.option(
    "--target",
    "targets",
    type=click.Choice([target.value for target in Target]),
    multiple=True,
    callback=_as_targets,
    help="All, if none is given.",
)
_precision = click.option(
    "--type",
    "precision",
    type=click.Choice([precision.value for precision in Precision]),
    default=Precision.INT8.value,
    show_default=True,
    callback=_as_precision,
)
_environment = click.option("--environment", type=_PATH, default=ENVIRONMENT, show_default=True)
_calibration = click.option(
    "--calibration", type=_PATH, default=CALIBRATION, show_default=True, help="What ranges are taken from."
)


@click.group()
def main() -> None:
    """Convert networks for Rockchip's NPUs with rknn-toolkit2; `make rknn-venv` installs it.

    An int8 network (QLinearConv) keeps its ranges; those of a float one come from the calibration set.
    """


@main.command("build")
@click.argument("model", type=_PATH)
@_target
@_precision
@click.option("--shape", "shapes", type=_Shape(), multiple=True, default=SHAPES, help="Tiles, in rows and columns.")
@_calibration
@_environment
@click.option("--out", type=_PATH, required=True, help="Gets a folder per target, a .rknn and its card per shape.")
def build_command(
    model: Path,
    targets: tuple[Target, ...],
    precision: Precision,
    shapes: tuple[tuple[int, int], ...],
    calibration: Path,
    environment: Path,
    out: Path,
) -> None:
    """Write what the client runs. Refused if an operator would run on the CPU."""
    for path in build(_toolkit(calibration, environment), model, targets, precision, shapes, out):
        click.echo(f"{path}: {path.stat().st_size} bytes")


@main.command("compare")
@click.argument("model", type=_PATH)
@_target
@_precision
@click.option("--held-out", type=_PATH, default=Path("models/out/data/held-out"), show_default=True)
@click.option("--pages", default=24, show_default=True, help="At most so many, evenly spread.")
@_calibration
@_environment
@click.option("--report", type=_PATH, help="Write all figures here, as JSON.")
def compare_command(
    model: Path,
    targets: tuple[Target, ...],
    precision: Precision,
    held_out: Path,
    pages: int,
    calibration: Path,
    environment: Path,
    report: Path | None,
) -> None:
    """Simulate the NPU on held-out pictures beside ONNX Runtime. Fails where they differ too much."""
    toolkit = _toolkit(calibration, environment)
    found = [comparing.compare(toolkit, model, target, precision, held_out, pages) for target in targets]
    click.echo(comparing.table(found))
    if report:
        _write(report, found)
    if short := [f"{one.target}: {what}" for one in found for what in one.shortcomings]:
        raise ConversionError(f"{model} is not good enough: {'; '.join(short)}")


@main.command("cycles")
@click.argument("models", type=_PATH, nargs=-1, required=True)
@_target
@_precision
@click.option("--shape", type=_Shape(), default=FRAME, help="Of one inference; a whole frame by default.")
@_calibration
@_environment
@click.option("--out", type=_PATH, help="Write a JSON file per network into this folder.")
def cycles_command(
    models: tuple[Path, ...],
    targets: tuple[Target, ...],
    precision: Precision,
    shape: tuple[int, int],
    calibration: Path,
    environment: Path,
    out: Path | None,
) -> None:
    """Count what networks cost by the compiler's table; any ONNX file will do."""
    toolkit = _toolkit(calibration, environment)
    rows = []
    for model in models:
        found = counting.costs(toolkit, model, targets, precision, shape)
        rows += found
        if out:
            _write(out / f"{model.stem}.{precision}.json", found)
    click.echo(counting.table(rows))


@main.command("v1")
@click.argument("model", type=_PATH)
@click.option("--shape", "shapes", type=_Shape(), multiple=True, default=SHAPES, help="Tiles, in rows and columns.")
@_calibration
@click.option("--out", type=_PATH, required=True, help="What rknn_v1.py reads goes here.")
def v1_command(model: Path, shapes: tuple[tuple[int, int], ...], calibration: Path, out: Path) -> None:
    """Prepare the conversion for an RK3399Pro, which models/convert/rknn_v1.py does where rknn-toolkit 1.7 is."""
    prepare(model, shapes, read_calibration(calibration), out)
    click.echo(f"{out}: go on with rknn_v1.py in an installation of rknn-toolkit 1.7, which PyPI does not have")


def _toolkit(pieces: Path, environment: Path) -> Toolkit:
    return Toolkit(read_calibration(pieces), environment)


def _write(path: Path, found: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


if __name__ == "__main__":
    try:
        main()
    except (ConversionError, UpscalerError) as error:
        sys.exit(str(error))
