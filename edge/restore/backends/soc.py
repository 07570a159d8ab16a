"""Which Rockchip system on a chip this is, and what NPU it has."""

from dataclasses import dataclass
from pathlib import Path

COMPATIBLE = Path("/proc/device-tree/compatible")

_VENDOR = "rockchip,"
_CORES = {"rk3399pro": 1, "rk3566": 1, "rk3568": 1, "rk3576": 2, "rk3588": 3}
_SAME_AS = {"rk3588s": "rk3588"}


@dataclass(frozen=True, slots=True)
class Soc:
    """A system on a chip: `target` is the name that models are converted for, `cores` how many the NPU has."""

    target: str
    cores: int


def this_soc(compatible: Path = COMPATIBLE) -> Soc | None:
    """Return what the device tree says this is; None where there is no NPU that is known here.

    Source: Devicetree Specification 0.4, section 2.3.1: a list of strings, each with a NUL at its end, the most
    specific first.
    """
    try:
        names = compatible.read_bytes().decode("ascii", "replace").split("\0")
    except OSError:
        return None
    for name in names:
        target = name.removeprefix(_VENDOR)
        target = _SAME_AS.get(target, target)
        if name.startswith(_VENDOR) and target in _CORES:
            return Soc(target, _CORES[target])
    return None
