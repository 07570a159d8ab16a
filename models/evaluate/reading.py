"""What of a page's text can still be read, by `models.legibility`, in sums."""

from pathlib import Path
from threading import Lock

import models.legibility
from edge.pixels import Bgr
from models.evaluate.methods import digest
from models.evaluate.pages import HeldOut
from models.evaluate.scores import SizeBand, Sums, Text, pooled
from models.legibility.checkpoint import RECOGNISER, load_recogniser
from models.legibility.judge import LineScore, PageJudge, lines_to_read

# The modules of `models.legibility` that decide what is read; the others train.
_DECIDING = ("alphabet", "error_rate", "framing", "judge", "recogniser", "sharp", "tesseract")


class Reader:
    """Reads at most `lines` lines of each page; keeps what it read in the native pages. For several threads at once."""

    def __init__(self, lines: int, weights: Path = RECOGNISER) -> None:
        self._lines = lines
        self._recogniser = load_recogniser(weights)
        self._judges: dict[str, PageJudge] = {}
        self._lock = Lock()
        folder = Path(models.legibility.__path__[0])
        self.identity = digest(weights, f"{lines} lines".encode(), *(folder / f"{name}.py" for name in _DECIDING))

    def text(self, page: HeldOut, native: Bgr, shown: Bgr) -> tuple[Text, ...]:
        """Read the lines of `page` in `shown`. Raises `TesseractError`."""
        with self._lock:
            judge = self._judges.get(page.page.sha256)
            if judge is None:
                judge = PageJudge(self._recogniser, native, lines_to_read(page.page, self._lines))
                self._judges[page.page.sha256] = judge
        return pooled(map(_text, judge.scores(shown)))


def _text(line: LineScore) -> Text:
    sums = Sums(
        characters=line.characters,
        edits=line.tesseract_edits,
        recogniser_edits=line.recogniser_edits,
        glyphs=line.glyphs,
        wrong_but_sharp=line.wrong_but_sharp,
    )
    return Text(line.script, SizeBand.of(line.size_px), sums)
