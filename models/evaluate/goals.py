"""What the networks are meant to reach, and whether they do."""

from collections.abc import Callable
from dataclasses import dataclass

from models.evaluate.methods import Precision
from models.evaluate.pages import TEXT
from models.evaluate.scores import SizeBand, Sums, total
from models.evaluate.table import Row, Table

_LARGE = (SizeBand.LARGE, SizeBand.LARGEST)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, what was measured, and whether that is enough; None where it is not known yet."""

    wanted: str
    measured: str
    reached: bool | None


def goals(table: Table) -> list[Goal]:
    """Compare `table` with what is wanted; networks of ours count after int8, the rival as it is best."""
    large, srgan, bicubic = table.row("L", Precision.INT8), table.row("SRGAN", Precision.FLOAT), table.row("bicubic")
    medium = [row for precision in Precision if (row := table.row("M", precision))]
    return [
        _compared("L int8: PSNR-Y on text pages above the SRGAN generator's", _psnr, large, srgan, lambda a, b: a > b),
        _compared("L: at most a twentieth of its operations", _gmac, large, srgan, lambda a, b: 20 * a <= b),
        _compared("L int8: PSNR-Y on text pages 2 dB above bicubic's", _psnr, large, bicubic, lambda a, b: a >= b + 2),
        *(
            _compared(
                f"L int8: character error rate from 16 px at most half of bicubic's, as {reader} reads",
                figure,
                large,
                bicubic,
                lambda a, b: 2 * a <= b,
            )
            for reader, figure in (("Tesseract", _tesseract_errors), ("the recogniser", _recogniser_errors))
        ),
        _frame_time(medium),
        *(_frame_rate(medium, target, share) for target, share in (("rk3399pro", "10 %"), ("rk3568", "30 %"))),
    ]


def _psnr(row: Row) -> tuple[float | None, str]:
    psnr = row.kinds[TEXT].psnr_y_db if TEXT in row.kinds else None
    return psnr, "not judged" if psnr is None else f"{psnr:.2f} dB"


def _gmac(row: Row) -> tuple[float | None, str]:
    return row.gmac_per_frame, f"{row.gmac_per_frame:.4g} GMAC"


def _tesseract_errors(row: Row) -> tuple[float | None, str]:
    return _rate(_large_text(row).error_rate)


def _recogniser_errors(row: Row) -> tuple[float | None, str]:
    return _rate(_large_text(row).recogniser_error_rate)


def _large_text(row: Row) -> Sums:
    return total(text.sums for text in row.text if text.size in _LARGE)


def _rate(rate: float | None) -> tuple[float | None, str]:
    return rate, "not read" if rate is None else f"{rate:.1%}"


def _compared(
    wanted: str,
    figure: Callable[[Row], tuple[float | None, str]],
    ours: Row | None,
    other: Row | None,
    enough: Callable[[float, float], bool],
) -> Goal:
    if ours is None or other is None:
        return Goal(wanted, "not there", None)
    (ours_value, ours_shown), (other_value, other_shown) = figure(ours), figure(other)
    reached = None if ours_value is None or other_value is None else enough(ours_value, other_value)
    return Goal(wanted, f"{ours_shown}; {other.name} {other_shown}", reached)


def _frame_time(medium: list[Row]) -> Goal:
    wanted = "M: a frame in at most 60 ms on two cores, float or int8"
    times = [(row.timing.frame_ms, row.label) for row in medium if row.timing]
    if not times:
        return Goal(wanted, "not there", None)
    fastest_ms, label = min(times)
    return Goal(wanted, f"{fastest_ms:.0f} ms ({label})", fastest_ms <= 60)


def _frame_rate(medium: list[Row], target: str, share: str) -> Goal:
    board = target.upper().replace("PRO", "Pro")
    wanted = f"M: at least 15 frames a second on {board} at {share} of its peak, by the compiler's cycles"
    rates = [
        cycles.frames_per_second
        for row in medium
        for cycles in row.cycles
        if cycles.target == target and cycles.precision == Precision.INT8 and cycles.frames_per_second
    ]
    if not rates:
        return Goal(wanted, "not there", None)
    return Goal(wanted, f"{max(rates):.0f} a second (an estimate)", max(rates) >= 15)
