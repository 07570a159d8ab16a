"""Frames a second, estimated from the compiler's cycles; no board has confirmed them.

An NPU is credited with a share of the peak that its clock and the cycles promise. No compiler tells cycles for the
RK3399Pro, so there the arithmetic that was compiled for an RK3568 is done by its greater number of multipliers.

Source: clocks are the highest of Rockchip's device trees (`npu-opp-table` of rk3568.dtsi: 1 GHz; of rk1808.dtsi, whose
NPU an RK3399Pro has: 792 MHz); RK3588's 1 GHz follows from 6 TOPS of three cores with 1024 multipliers; 1920 of an
RK3399Pro stand in its datasheet, 512 of an RK3568 follow from the compiler's own cycles and 1 TOPS.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.convert.layers import Layer

RK3399PRO = "rk3399pro"
_RK3399PRO_MULTIPLIERS = 1920
_RK3568_MULTIPLIERS = 512


@dataclass(frozen=True, slots=True)
class _Npu:
    hertz: float
    share: float


_NPUS = {"rk3568": _Npu(1e9, 0.30), "rk3588": _Npu(1e9, 0.30), RK3399PRO: _Npu(792e6, 0.10)}


def frames_per_second(target: str, cycles: float) -> float | None:
    """Estimate how often a second one core of `target` does `cycles`; None for a target of unknown clock."""
    npu = _NPUS.get(target)
    return None if npu is None else npu.share * npu.hertz / cycles


def rk3399pro_cycles(layers: Sequence[Layer]) -> int:
    """Estimate the cycles of an RK3399Pro from `layers` that were compiled for an RK3568."""
    return round(sum(layer.arithmetic_cycles for layer in layers) * _RK3568_MULTIPLIERS / _RK3399PRO_MULTIPLIERS)
