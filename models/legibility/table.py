"""Error rates by method, script and size, beside those of the native pictures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.evaluate.scores import SizeBand
from models.legibility.judge import NATIVE, LineScore


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Edits for each character by either reader, and glyphs that are wrong but sharp among those that could be."""

    lines: int
    characters: int
    recogniser: float
    tesseract: float
    wrong_but_sharp: float


def error_rates(scores: Sequence[LineScore]) -> ErrorRates:
    """Pool `scores`: every character counts the same."""
    characters = sum(score.characters for score in scores)
    each = max(1, characters)
    return ErrorRates(
        len(scores),
        characters,
        sum(score.recogniser_edits for score in scores) / each,
        sum(score.tesseract_edits for score in scores) / each,
        sum(score.wrong_but_sharp for score in scores) / max(1, sum(score.glyphs for score in scores)),
    )


def table(scores: Mapping[str, Sequence[LineScore]]) -> str:
    """Write scores by method as Markdown; every error rate is less that of the native picture, whose own it is."""
    rows = [
        "| text | method | recogniser | Tesseract | wrong but sharp |",
        "|---|---|---|---|---|",
    ]
    for name, wanted in _groups(scores[NATIVE]):
        native = error_rates([score for score in scores[NATIVE] if wanted(score)])
        for method, its in scores.items():
            rates = error_rates([score for score in its if wanted(score)])
            if method == NATIVE:
                cells = f"{native.recogniser:.1%} | {native.tesseract:.1%} | "
            else:
                less = (rates.recogniser - native.recogniser, rates.tesseract - native.tesseract)
                cells = f"{less[0]:+.1%} | {less[1]:+.1%} | {rates.wrong_but_sharp:.2%}"
            rows.append(f"| {name}, {native.characters} characters | {method} | {cells} |")
    return "\n".join(rows)


def _groups(scores: Iterable[LineScore]) -> list[tuple[str, Callable[[LineScore], bool]]]:
    """Name the scripts and sizes that there are, and all from 16 px, with what tells whether a line belongs."""
    there = {(score.script, SizeBand.of(score.size_px)) for score in scores}
    small_first = list(SizeBand)
    ordered = sorted(there, key=lambda group: (small_first.index(group[1]), group[0]))
    return [
        ("16 px and above", lambda score: score.size_px >= 16),
        *((f"{script}, {size} px", _belongs(script, size)) for script, size in ordered),
    ]


def _belongs(script: str, size: SizeBand) -> Callable[[LineScore], bool]:
    return lambda score: score.script == script and SizeBand.of(score.size_px) is size
