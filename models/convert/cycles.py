"""What a network costs on NPUs, by the compiler's count."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from models.convert.estimate import RK3399PRO, frames_per_second, rk3399pro_cycles
from models.convert.job import Precision, Target
from models.convert.layers import Layer, on_the_cpu
from models.convert.pictures import FRAME
from models.convert.plain import read_plain
from models.convert.toolkit import Toolkit


class LayerCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator of a network; it writes `output`."""

    name: str
    operator: str
    output: str
    cycles: int


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one inference costs on one core of `target`.

    `width` and `height` are the low-resolution pixels of that inference. `frames_per_second` is an estimate for
    whole frames, by area; null where there is none or where operators fall to the CPU (`cpu`), which nobody has timed.
    """

    model: str
    sha256: str
    target: str
    precision: Precision
    cycles: int
    width: int
    height: int
    frames_per_second: float | None
    note: str
    cpu: tuple[str, ...]
    layers: tuple[LayerCost, ...]


def costs(
    toolkit: Toolkit, model: Path, targets: Sequence[Target], precision: Precision, shape: tuple[int, int]
) -> list[Cost]:
    """Compile `model` for `targets`, in order, and the RK3399Pro after the RK3568. Raises `ConversionError`."""
    network = read_plain(model)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    found = []
    for target in targets:
        layers = toolkit.compile(network, target, precision, shape).layers
        counts: list[tuple[str, int, str]] = [(target, sum(layer.cycles for layer in layers), "")]
        if target is Target.RK3568 and precision is Precision.INT8:
            counts.append(
                (RK3399PRO, rk3399pro_cycles(layers), "estimated from the arithmetic that RK3568's compiler counts")
            )
        for name, cycles, note in counts:
            fallen = tuple(f"{layer.operator} {layer.output}" for layer in on_the_cpu(layers))
            whole = cycles * FRAME[0] * FRAME[1] / (shape[0] * shape[1])
            rate = None if fallen else frames_per_second(name, whole)
            found.append(
                Cost(
                    model=model.stem,
                    sha256=digest,
                    target=name,
                    precision=precision,
                    cycles=cycles,
                    width=shape[1],
                    height=shape[0],
                    frames_per_second=None if rate is None else round(rate, 1),
                    note=note,
                    cpu=fallen,
                    layers=tuple(_cost(layer) for layer in layers) if name == target else (),
                )
            )
    return found


def table(found: Sequence[Cost]) -> str:
    """Write `found` as a table in Markdown."""
    lines = ["| network | target | | cycles | frames/s, estimated | on the CPU |", "|---|---|---|---|---|---|"]
    for cost in found:
        rate = "" if cost.frames_per_second is None else f"{cost.frames_per_second:.1f}"
        lines.append(
            f"| {cost.model} | {cost.target} | {cost.precision} | {cost.cycles / 1e6:.2f} M | {rate}"
            f" | {', '.join(cost.cpu)} |"
        )
    return "\n".join(lines)


def _cost(layer: Layer) -> LayerCost:
    return LayerCost(layer.name, layer.operator, layer.output, layer.cycles)
