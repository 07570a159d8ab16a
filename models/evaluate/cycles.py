"""What Rockchip's compiler says a network costs, as `models.convert` wrote it down."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from models.evaluate.timing import FRAME


class Cycles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Compiler cycles of a whole frame, and the frames a second that are estimated from them."""

    target: str
    precision: str
    cycles: int
    frames_per_second: float | None = None


class _Report(msgspec.Struct, frozen=True):
    """One conversion; the report holds more than is read here."""

    sha256: str
    target: str
    precision: str
    cycles: int
    width: int
    height: int
    frames_per_second: float | None = None


def read_cycles(folder: Path) -> dict[str, tuple[Cycles, ...]]:
    """Read the reports in `folder`, by the SHA-256 of the network's file; raises ValueError where one is broken."""
    found: dict[str, list[Cycles]] = {}
    for path in sorted(folder.glob("*.json")):
        for report in _reports(path):
            frames = FRAME[0] * FRAME[1] / (report.width * report.height)
            rate = report.frames_per_second and round(report.frames_per_second / frames, 1)
            found.setdefault(report.sha256, []).append(
                Cycles(report.target, report.precision, round(report.cycles * frames), rate)
            )
    return {sha256: tuple(cycles) for sha256, cycles in found.items()}


def _reports(path: Path) -> Iterable[_Report]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[_Report] | _Report)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"{path} is no report of the compiler: {error}; make it with: python -m models.convert"
        ) from error
