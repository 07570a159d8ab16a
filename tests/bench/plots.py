"""Plots as SVG, drawn for a page whose style sheet colours them: series n has the class `sn`."""

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Points = Sequence[tuple[float, float]]

LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 46, 8, 6, 18
BAR_PX, BAR_GAP_PX, LABEL_PX, VALUE_PX = 14, 3, 88, 54


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its colour's number, its name, and points in the axes' units."""

    number: int
    name: str
    points: Points


def over_time(
    series: Sequence[Series], top: float, write: Callable[[float], str], *, width_px: int = 330, height_px: int = 118
) -> str:
    """Draw lines over seconds, from 0 to `top`; each holds its value until its next point, as what is counted does."""
    end = max((line.points[-1][0] for line in series if line.points), default=1.0) or 1.0
    inner = (width_px - LEFT_PX - RIGHT_PX, height_px - TOP_PX - BOTTOM_PX)

    def x_px(value: float) -> float:
        return LEFT_PX + value / end * inner[0]

    def y_px(value: float) -> float:
        return TOP_PX + (1 - value / top) * inner[1]

    parts = []
    for value in ticks(top, 3):
        parts.append(f'<line class="grid" x1="{LEFT_PX}" x2="{width_px - RIGHT_PX}" y1="{y_px(value):.1f}" '
                     f'y2="{y_px(value):.1f}"/>')  # fmt: skip
        parts.append(_text(LEFT_PX - 5, y_px(value) + 3.5, write(value), "end"))
    parts.extend(
        _text(x_px(value), height_px - 4, f"{value:g} s" if value else "0", "middle") for value in ticks(end, 5)
    )
    for line in series:
        path = "".join(
            f"{'H' if number else 'M'}{x_px(x):.1f}{'V' if number else ' '}{y_px(min(y, top)):.1f}"
            for number, (x, y) in enumerate(line.points)
        )
        parts.append(f'<path class="line s{line.number}" d="{path}"><title>{html.escape(line.name)}</title></path>')
    return _svg(width_px, height_px, parts)


def bars(
    groups: Sequence[tuple[str, Sequence[tuple[int, str, float | None]]]],
    write: Callable[[float | None], str],
    *,
    width_px: int = 350,
) -> str:
    """Draw groups of bars, each (colour's number, name, value); None, for never, is drawn as long as the axis."""
    longest = max((value for _, rows in groups for _, _, value in rows if value is not None), default=1.0) or 1.0
    inner = width_px - LABEL_PX - VALUE_PX
    parts, y = [], 0
    for heading, rows in groups:
        y += 20
        parts.append(_text(0, y - 7, heading, "start", "heading"))
        for number, name, value in rows:
            length = inner if value is None else max(1.0, value / longest * inner)
            kind = "bar never" if value is None else "bar"
            parts.append(_text(LABEL_PX - 8, y + BAR_PX - 4, name, "end"))
            parts.append(f'<rect class="{kind} s{number}" x="{LABEL_PX}" y="{y}" width="{length:.1f}" '
                         f'height="{BAR_PX}" rx="2"/>')  # fmt: skip
            parts.append(_text(LABEL_PX + length + 6, y + BAR_PX - 4, write(value), "start"))
            y += BAR_PX + BAR_GAP_PX
        y += 8
    return _svg(width_px, y, parts)


def ticks(top: float, about: int) -> list[float]:
    """Choose `about` round values from 0 to `top`."""
    rough = top / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    return [number * step for number in range(int(top / step + 1e-9) + 1)]


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _svg(width_px: int, height_px: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width_px} {height_px}" width="{width_px}" height="{height_px}" role="img">'
        f"{''.join(parts)}</svg>"
    )
