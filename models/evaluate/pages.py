"""The held-out pages that methods are judged by."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

import cv2
import numpy as np

from edge.pixels import Bgr
from models.data.manifest import Page, read_manifest

PICTURES = "pictures"
TEXT = "text"
KINDS = (TEXT, PICTURES)
TEXT_PAGES, PICTURE_PAGES = 24, 8
"""How many pages everything is judged by, if nothing else is said."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A native picture, its file and what the manifest says of it."""

    path: Path
    page: Page

    @property
    def kind(self) -> str:
        """`PICTURES`, or `TEXT` for any other kind of page."""
        return PICTURES if self.page.kind == PICTURES else TEXT

    def native(self) -> Bgr:
        """Read the picture: BGR bytes (height, width, 3). Raises ValueError where that fails."""
        picture = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"{self.path} is no picture; remove it and run: python -m models.data")
        return np.asarray(picture, dtype=np.uint8)


def held_out(data: Path, text: int, pictures: int) -> list[HeldOut]:
    """Choose that many pages of each kind of the held-out half of `data`, every layout as often as the next.

    The choice depends on the pictures alone: within a layout it goes by their hashes.
    """
    folder = data / "held-out"
    pages = [HeldOut(folder / page.file, page) for page in read_manifest(folder).pages]
    counts = {TEXT: text, PICTURES: pictures}
    return [page for kind in KINDS for page in _spread((page for page in pages if page.kind == kind), counts[kind])]


def _spread(pages: Iterable[HeldOut], count: int) -> list[HeldOut]:
    layouts: dict[str, list[HeldOut]] = {}
    for page in sorted(pages, key=lambda held: held.page.sha256):
        layouts.setdefault(page.page.layout, []).append(page)
    turns = zip_longest(*(layouts[layout] for layout in sorted(layouts)))
    return list(islice((page for page in chain.from_iterable(turns) if page is not None), count))
