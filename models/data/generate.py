"""The data set: native pictures of desktops, from which low resolution is computed as the server does.

`FOLDER/<split>/<kind>-<number>.png`. The same counts and seed give the same pages; their pixels depend on the
installed fonts and browser.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2

from models.data.browser import Browser, page_folder
from models.data.pages import Kind, PageMaker
from models.data.text import Split

# How desktops draw their text: most in grey with slight hinting, as Debian does.
_RENDERINGS = ((False, "slight"), (False, "full"), (False, "none"), (True, "slight"))
_HELD_OUT_SEEDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pages to make."""

    train_text: int = 144
    train_pictures: int = 20
    held_out_text: int = 18
    held_out_pictures: int = 6


def generate(folder: Path, counts: Counts, seed: int = 1) -> int:
    """Make what `folder` lacks of the data set and return how many pictures were made."""
    wanted = [
        (split, kind, number)
        for split, kind, count in (
            (Split.TRAIN, Kind.TEXT, counts.train_text),
            (Split.TRAIN, Kind.PICTURES, counts.train_pictures),
            (Split.HELD_OUT, Kind.TEXT, counts.held_out_text),
            (Split.HELD_OUT, Kind.PICTURES, counts.held_out_pictures),
        )
        for number in range(count)
    ]
    made = 0
    for turn, (subpixel, hinting) in enumerate(_RENDERINGS):
        # The number of renderings divides no number of layouts that is used: every layout gets every rendering.
        due = [
            (path, split, kind, number)
            for split, kind, number in wanted
            if (number // 7 + number) % len(_RENDERINGS) == turn
            and not (path := folder / split / f"{kind}-{number:04}.png").exists()
        ]
        if due:
            with Browser(subpixel=subpixel, hinting=hinting) as browser:
                for path, split, kind, number in due:
                    page_seed = seed * 10_000_000 + number + (_HELD_OUT_SEEDS if split is Split.HELD_OUT else 0)
                    _make(browser, path, PageArgs(split, kind, page_seed))
                    made += 1
    return made


@dataclass(frozen=True, slots=True)
class PageArgs:
    """What determines a page."""

    split: Split
    kind: Kind
    seed: int


def _make(browser: Browser, path: Path, args: PageArgs) -> None:
    with page_folder() as folder:
        page = folder / "page.html"
        page.write_text(PageMaker(args.split, args.kind, args.seed, folder).html(), encoding="utf-8")
        native = browser.picture(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.png")
    cv2.imwrite(str(unfinished), native)
    unfinished.rename(path)
