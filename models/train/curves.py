"""The curve of a run: a line in a CSV file whenever it is judged, and a picture of all of them."""

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a run: `loss` is the mean since the last one, `psnr_db` that of the validation."""

    step: int
    seconds: float
    rate: float
    loss: float
    psnr_db: float


def append(path: Path, point: Point) -> None:
    """Add a line to the file at `path`, and a heading to a new one."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(field.name for field in fields(Point))
        writer.writerow(f"{value:.6g}" for value in astuple(point))


def read(path: Path) -> list[Point]:
    """Read what `append` wrote."""
    with path.open(newline="") as file:
        return [
            Point(int(row["step"]), *(float(row[field.name]) for field in fields(Point)[1:]))
            for row in csv.DictReader(file)
        ]


def cut(path: Path, last: int) -> None:
    """Leave out what came after step `last`: a killed run logged it, and will do so again."""
    if path.exists():
        points = [point for point in read(path) if point.step <= last]
        path.unlink()
        for point in points:
            append(path, point)


def draw(path: Path, picture: Path) -> None:
    """Draw the curve at `path` as the PNG `picture`."""
    import matplotlib as mpl  # noqa: PLC0415 (costs a second, which only the end of a run should)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    points = read(path)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    steps = [point.step for point in points]
    left.semilogy(steps, [point.loss for point in points])
    left.set(xlabel="step", ylabel="loss")
    right.plot(steps, [point.psnr_db for point in points])
    right.set(xlabel="step", ylabel="PSNR of held-out patches, dB")
    figure.suptitle(path.parent.name)
    figure.savefig(picture, dpi=100)
    plt.close(figure)
