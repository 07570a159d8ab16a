"""How well a restored page can be read, line by line: by the recogniser and by Tesseract, beside the native page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from random import Random
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from edge.pixels import Bgr
from edge.restore.shuffle import box_mean
from models.data.manifest import Line, Page
from models.evaluate.scores import SizeBand
from models.legibility.alphabet import canonical, is_readable
from models.legibility.error_rate import edits
from models.legibility.framing import luma, standardised, window
from models.legibility.recogniser import Glyph, Recogniser, glyphs
from models.legibility.sharp import wrong_but_sharp
from models.legibility.tesseract import tesseract_picture, tesseract_read

# Full-size pixels: what is smaller is not meant to be read, what is larger is a headline that nothing spoils.
LEAST_SIZE_PX, MOST_SIZE_PX = 10.0, 29.0
LINES_PER_PAGE = 12
# A line of one or two glyphs says little for what reading it costs, and beyond this length one costs like four.
_LEAST_GLYPHS, _MOST_EMS = 3, 44.0
NATIVE = "native"


@dataclass(frozen=True, slots=True)
class LineScore:
    """How one line of a page was read: `characters` is how many it has, the edits count against its true text.

    `glyphs` are those that the recogniser reads rightly in the native picture; `wrong_but_sharp` of them became others.
    """

    script: str
    size_px: float
    characters: int
    recogniser_edits: int
    tesseract_edits: int
    glyphs: int
    wrong_but_sharp: int


def may_be_read(line: Line) -> bool:
    """Tell whether `line` has a size, a length and glyphs that can be judged."""
    return (
        LEAST_SIZE_PX <= line.size_px < MOST_SIZE_PX
        and line.rect[2] <= _MOST_EMS * line.size_px
        and len(canonical(line.text)) >= _LEAST_GLYPHS
        and is_readable(line.text)
    )


def lines_to_read(page: Page, most: int = LINES_PER_PAGE) -> list[Line]:
    """Choose at most `most` lines of `page`, every script and band of sizes in turn; always the same ones."""
    lines = [line for line in page.lines if may_be_read(line)]
    Random(crc32(page.file.encode())).shuffle(lines)
    strata: dict[tuple[str, SizeBand], list[Line]] = {}
    for line in lines:
        strata.setdefault((line.script, SizeBand.of(line.size_px)), []).append(line)
    in_turn = (line for turn in zip_longest(*strata.values()) for line in turn if line is not None)
    return list(islice(in_turn, most))


class PageJudge:
    """Reads `lines` of one page, first as they are in its `native` picture, then as methods show them."""

    def __init__(self, recogniser: Recogniser, native: Bgr, lines: Sequence[Line]) -> None:
        self._recogniser = recogniser
        self._lines = lines
        self._truths = [canonical(line.text) for line in lines]
        self._native = self._cuts(_grey(native))
        self._read = self._glyphs(self._native)

    def scores(self, shown: Bgr) -> list[LineScore]:
        """Read the lines in `shown`, BGR bytes of the native picture's shape. Raises `TesseractError`."""
        grey = _grey(shown)
        cuts = self._cuts(grey)
        texts = tesseract_read(
            [
                tesseract_picture(grey.numpy(), line.rect, line.size_px, inverted=bool(native.mean() > native.median()))
                for line, native in zip(self._lines, self._native, strict=True)
            ]
        )
        return [
            self._score(at, cut, read, text)
            for at, (cut, read, text) in enumerate(zip(cuts, self._glyphs(cuts), texts, strict=True))
        ]

    def _score(self, at: int, cut: Tensor, read: list[Glyph], tesseract: str) -> LineScore:
        line, truth, native = self._lines[at], self._truths[at], self._native[at]
        wrong, glyphs_read = wrong_but_sharp(
            truth, self._read[at], read, standardised(native), standardised(cut, native)
        )
        return LineScore(
            line.script,
            line.size_px,
            len(truth),
            edits(truth, "".join(glyph.text for glyph in read)),
            edits(truth, tesseract),
            glyphs_read,
            wrong,
        )

    def _cuts(self, grey: Tensor) -> list[Tensor]:
        return [window(grey, line.rect, line.size_px) for line in self._lines]

    def _glyphs(self, cuts: list[Tensor]) -> list[list[Glyph]]:
        """Read cuts, one at a time: they differ in width, and what is beside a line changes its reading."""
        with torch.inference_mode():
            return [glyphs(self._recogniser(standardised(cut)[None])[0], cut.shape[1]) for cut in cuts]


def judge_legibility(
    recogniser: Recogniser,
    pages: Iterable[tuple[Page, Bgr]],
    methods: Mapping[str, Callable[[Bgr], Bgr]],
    lines: int = LINES_PER_PAGE,
) -> dict[str, list[LineScore]]:
    """Let `methods` restore `pages`, each with its native picture, and read them: scores by method, `NATIVE` first.

    A method takes low resolution and gives four times its size, both BGR bytes (height, width, 3). At most `lines` of
    each page are read. Raises `TesseractError`.
    """
    scores: dict[str, list[LineScore]] = {name: [] for name in (NATIVE, *methods)}
    for page, native in pages:
        judge = PageJudge(recogniser, native, lines_to_read(page, lines))
        lr = box_mean(native)
        scores[NATIVE] += judge.scores(native)
        for name, method in methods.items():
            scores[name] += judge.scores(method(lr))
    return scores


def _grey(picture: Bgr) -> Tensor:
    return luma(torch.from_numpy(np.ascontiguousarray(picture)))
