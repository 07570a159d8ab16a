"""The tables of README.md, written between markers: `<!-- evaluate: NAME -->` and `<!-- /evaluate -->`."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from models.evaluate.goals import goals
from models.evaluate.methods import Precision
from models.evaluate.pages import KINDS
from models.evaluate.scores import SizeBand, Sums, Text, total
from models.evaluate.table import NATIVE, Row, Table

_NONE = "—"
_SCRIPTS = ("korean", "latin", "digits", "mixed")
_TARGETS = ("rk3568", "rk3588")
_READ = (
    ("bicubic", None),
    ("SRGAN", Precision.FLOAT),
    ("S", Precision.INT8),
    ("M", Precision.INT8),
    ("L", Precision.INT8),
    ("XL", Precision.FLOAT),
)
_SECTION = re.compile(r"(<!-- evaluate: (\w+) -->\n).*?(<!-- /evaluate -->)", re.DOTALL)


def written(readme: str, table: Table) -> str:
    """Give `readme` with every marked section made anew from `table`; raises ValueError for a name of no section."""

    def section(found: re.Match[str]) -> str:
        if found[2] not in SECTIONS:
            raise ValueError(f"README.md marks a table {found[2]!r}; there are {', '.join(SECTIONS)}")
        return f"{found[1]}{SECTIONS[found[2]](table)}\n{found[3]}"

    return _SECTION.sub(section, readme)


def quality(table: Table) -> str:
    """Tell how like the native pictures each method is, and how legible."""
    header = ["method"]
    for kind in KINDS:
        header += [f"{kind} ({table.pages.get(kind, 0)} pages): PSNR-Y", "SSIM", "GMSD"]
    header += ["text lines: PSNR-Y", "CER", "above native", "CER, recogniser", "wrong but sharp"]
    native = table.row(NATIVE)
    floor = native.all_text.error_rate if native else None
    return _markdown(header, [_quality_of(row, floor) for row in table.rows])


def cost(table: Table) -> str:
    """Tell what a frame of 480x270 costs."""
    header = ["network", "parameters", "file", "GMAC", "network alone", "frame"]
    for target in _TARGETS:
        header += [f"{target.upper()}: cycles", "frames/s"]
    timed = [row for row in table.rows if row.timing]
    return f"{_markdown(header, [_cost_of(row) for row in timed])}\n\nTimes: {table.machine}."


def text_psnr(table: Table) -> str:
    """Give PSNR-Y of lines of text, by script and by size in pixels."""
    return _by_band(table, lambda sums: _decibels(sums.psnr_db))


def errors(table: Table) -> str:
    """Give character error rates by script and size: the native picture's, and how much more there are in others."""
    native = table.row(NATIVE)
    if native is None or not native.all_text.characters:
        return "Nothing was read."
    rows = [row for name, precision in _READ if (row := table.row(name, precision))]
    lines = []
    for text in native.text:
        if text.sums.characters:
            others = [next(part for part in row.text if _key(part) == _key(text)) for row in rows]
            more = [_both(other.sums, less=text.sums) for other in others]
            lines.append([f"{text.script}, {text.size} px", str(text.sums.characters), _both(text.sums), *more])
    return _markdown(["text", "characters", "native", *(row.label for row in rows)], lines)


def ablation(table: Table) -> str:
    """Tell what each stage of training is worth."""
    if not table.ablation:
        return "No trial has been judged."
    header = ["network", "stages", "steps", "minutes", "text: PSNR-Y", "SSIM", "pictures: PSNR-Y", "SSIM"]
    header += ["text lines: PSNR-Y", "CER", "note"]
    rows = []
    for trial in table.ablation:
        how = trial.variant
        cells = [how.network, how.stages, f"{how.steps:,}", f"{how.minutes:.0f}"]
        for kind in KINDS:
            means = trial.row.kinds.get(kind)
            cells += [f"{means.psnr_y_db:.2f} dB", f"{means.ssim_y:.4f}"] if means else [_NONE] * 2
        text = trial.row.all_text
        rows.append([*cells, _decibels(text.psnr_db), _percent(text.error_rate), how.note])
    return _markdown(header, rows)


def wanted(table: Table) -> str:
    """Tell what was to be reached, and what was."""
    said = {True: "yes", False: "**no**", None: "not known"}
    rows = [[goal.wanted, goal.measured, said[goal.reached]] for goal in goals(table)]
    return _markdown(["goal", "measured", "reached"], rows)


SECTIONS: Mapping[str, Callable[[Table], str]] = MappingProxyType(
    {part.__name__: part for part in (quality, cost, text_psnr, errors, ablation, wanted)}
)


def _quality_of(row: Row, floor: float | None) -> list[str]:
    cells = [row.label]
    for kind in KINDS:
        means = row.kinds.get(kind)
        cells += [f"{means.psnr_y_db:.2f} dB", f"{means.ssim_y:.4f}", f"{means.gmsd_y:.4f}"] if means else [_NONE] * 3
    text = row.all_text
    more = None if text.error_rate is None or floor is None else text.error_rate - floor
    rates = (text.error_rate, more, text.recogniser_error_rate, text.wrong_but_sharp_rate)
    return [*cells, _decibels(text.psnr_db), *map(_percent, rates)]


def _cost_of(row: Row) -> list[str]:
    cells = [
        row.label,
        f"{row.parameters:,}" if row.parameters else _NONE,
        f"{row.bytes / 1024:,.0f} KiB" if row.bytes else _NONE,
        f"{row.gmac_per_frame:.4g}" if row.gmac_per_frame else _NONE,
        _milliseconds(row.timing.network_ms if row.timing else None),
        _milliseconds(row.timing.frame_ms if row.timing else None),
    ]
    for target in _TARGETS:
        int8 = next((one for one in row.cycles if (one.target, one.precision) == (target, Precision.INT8)), None)
        cells.append(f"{int8.cycles / 1e6:.1f} M" if int8 else _NONE)
        cells.append(f"{int8.frames_per_second:.0f}" if int8 and int8.frames_per_second else _NONE)
    return cells


def _key(text: Text) -> tuple[str, SizeBand]:
    return text.script, text.size


def _both(sums: Sums, less: Sums | None = None) -> str:
    """Show what Tesseract and the recogniser read wrongly, in percent; above `less` with a sign."""
    rates = [
        (sums.error_rate or 0, less and less.error_rate),
        (sums.recogniser_error_rate or 0, less and less.recogniser_error_rate),
    ]
    return " / ".join(f"{100 * (rate - (base or 0)):{'' if less is None else '+'}.0f}" for rate, base in rates)


def _by_band(table: Table, shown: Callable[[Sums], str]) -> str:
    rows = []
    for row in table.rows:
        scripts = [[text.sums for text in row.text if text.script == script] for script in _SCRIPTS]
        sizes = [[text.sums for text in row.text if text.size == size] for size in SizeBand]
        cells = [shown(total(sums)) if sums else _NONE for sums in (*scripts, *sizes)]
        if set(cells) != {_NONE}:
            rows.append([row.label, *cells])
    return _markdown(["method", *_SCRIPTS, *(f"{size} px" for size in SizeBand)], rows)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows))


def _decibels(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f} dB"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.1f} %"


def _milliseconds(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"
