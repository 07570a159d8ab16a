"""Judging a method by held-out pages; what was judged once is kept."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Protocol

import msgspec

import edge.restore.shuffle
import models.evaluate.likeness
import models.evaluate.scores
from edge.pixels import Bgr
from edge.restore.shuffle import box_mean
from models.data.manifest import Line
from models.evaluate.likeness import Luma, gmsd_y, luma, psnr_y_db, squared_error, ssim_y
from models.evaluate.methods import Method, Opened, digest
from models.evaluate.pages import HeldOut
from models.evaluate.scores import PageScores, SizeBand, Sums, Text, pooled

_SOURCES = (models.evaluate.likeness, models.evaluate.scores, edge.restore.shuffle)
_THREADS = 2


class Reads(Protocol):
    """Says what of a page's text can be read."""

    @property
    def identity(self) -> str:
        """A hash of what decides that."""

    def text(self, page: HeldOut, native: Bgr, shown: Bgr) -> tuple[Text, ...]:
        """Read the page's text in `shown`; called from several threads at once."""


class Judge:
    """Judges methods, and keeps in `folder` what it found: a file per method, by the hashes of method and pages."""

    def __init__(self, folder: Path, reader: Reads | None = None) -> None:
        self._folder = folder
        self._reader = reader
        own = digest(*(Path(str(part.__file__)) for part in _SOURCES), Path(__file__))
        self._identity = digest(own.encode(), reader.identity.encode() if reader else b"")

    def scores(self, method: Method | None, pages: Sequence[HeldOut]) -> list[PageScores]:
        """Judge `method` by each of `pages`; None stands for the native pictures, for not all of their text is read."""
        identity = method.identity if method else ""
        path = self._folder / f"{digest(self._identity.encode(), identity.encode())}.json"
        known = msgspec.json.decode(path.read_bytes(), type=dict[str, PageScores]) if path.exists() else {}
        due = [page for page in pages if page.page.sha256 not in known]
        if due:
            with method.opened() if method else nullcontext() as opened, ThreadPoolExecutor(_THREADS) as pool:
                # A method serves one page at a time; another page is judged meanwhile.
                for page, scores in zip(due, pool.map(partial(self._restored, opened, Lock()), due), strict=True):
                    known[page.page.sha256] = scores
                    _keep(path, msgspec.json.encode(known))
        return [known[page.page.sha256] for page in pages]

    def judge(self, page: HeldOut, native: Bgr, shown: Bgr) -> PageScores:
        """Compare `shown` with `native`, both BGR bytes (height, width, 3), as a whole and in the lines of `page`."""
        wanted, came = luma(native), luma(shown)
        text = _lines(squared_error(wanted, came), page.page.lines)
        if self._reader:
            text = pooled([*text, *self._reader.text(page, native, shown)])
        return PageScores(psnr_y_db(wanted, came), ssim_y(wanted, came), gmsd_y(wanted, came), text)

    def _restored(self, opened: Opened | None, turn: Lock, page: HeldOut) -> PageScores:
        native = page.native()
        if opened is None:
            return self.judge(page, native, native)
        lr = box_mean(native)
        with turn:
            shown = opened.picture(lr)
        return self.judge(page, native, shown)


def _lines(error: Luma, lines: Iterable[Line]) -> tuple[Text, ...]:
    parts = []
    for line in lines:
        x, y, width, height = line.rect
        part = error[max(0, y) : y + height, max(0, x) : x + width]
        sums = Sums(pixels=part.size, squared_error=float(part.sum(dtype="float64")))
        parts.append(Text(line.script, SizeBand.of(line.size_px), sums))
    return pooled(parts)


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
