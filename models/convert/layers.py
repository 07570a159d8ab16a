"""The compiler's table of layers, as numbers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from models.convert.errors import ConversionError

# 1    ConvRelu  INT8  NPU  (1,3,270,480),(48,3,6,6),(48)  (1,48,135,240)  298003/3499200/3499200  393  Conv:head
_ROW = re.compile(
    r"D RKNN: \[[\d:.]+\] (?P<id>\d+) +(?P<operator>\w+) +(?P<dtype>\w+) +(?P<where>\w+)"
    r" +(?P<inputs>\S+) +(?P<output>\S+)"
    r" +(?P<memory>\d+)/(?P<arithmetic>\d+)/(?P<cycles>\d+) +(?P<traffic>\d+)(?: +(?P<name>\S+))?"
)
_TITLE = "Network Layer Information Table"
# Pictures come from the CPU and residuals go to it whatever the network is.
_ENDS = frozenset({"InputOperator", "OutputOperator"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator as it was compiled; without a name if the compiler put it in.

    `cycles` is the greater of what its memory traffic and its arithmetic take; `where` NPU, or CPU where the NPU cannot
    run it.
    """

    name: str
    operator: str
    dtype: str
    where: str
    inputs: str
    output: str
    memory_cycles: int
    arithmetic_cycles: int
    cycles: int
    traffic_kb: int


def read_layers(log: str) -> tuple[Layer, ...]:
    """Read the last table of layers in what the compiler printed.

    Raises `ConversionError` if there is none.
    """
    _, title, table = log.rpartition(_TITLE)
    # Other tables follow, none with such rows.
    rows = [row for row in map(_ROW.search, table.splitlines()) if row is not None]
    if not title or not rows:
        raise ConversionError("the compiler printed no table of layers; is this rknn-toolkit2 2.5, and is it verbose?")
    if [int(row["id"]) for row in rows] != list(range(len(rows))):
        raise ConversionError("some rows of the compiler's table of layers cannot be read; is this rknn-toolkit2 2.5?")
    return tuple(_layer(row) for row in rows)


def _layer(row: re.Match[str]) -> Layer:
    return Layer(
        name=row["name"] or "",
        operator=row["operator"],
        dtype=row["dtype"],
        where=row["where"],
        inputs=row["inputs"],
        output=row["output"],
        memory_cycles=int(row["memory"]),
        arithmetic_cycles=int(row["arithmetic"]),
        cycles=int(row["cycles"]),
        traffic_kb=int(row["traffic"]),
    )


def on_the_cpu(layers: Iterable[Layer]) -> list[Layer]:
    """Give those of `layers` that the NPU cannot run, without the two ends."""
    return [layer for layer in layers if layer.where != "NPU" and layer.operator not in _ENDS]


def refuse_cpu(layers: Iterable[Layer], target: str) -> None:
    """Raise `ConversionError` if one of `layers` would run on the CPU of `target`."""
    if fallen := on_the_cpu(layers):
        named = ", ".join(f"{layer.operator} {layer.output} ({layer.name})" for layer in fallen)
        raise ConversionError(
            f"the network does not run on the NPU of {target} alone: {named} would run on the CPU; take these operators"
            " out of the network, or do their work before or after it"
        )
