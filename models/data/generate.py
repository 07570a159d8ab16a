"""The data set: native pictures of desktops, from which low resolution is computed as the server does.

`FOLDER/<split>/<kind>-<number>.png` and `FOLDER/<split>/manifest.json`. The same seed gives a page of a number the
same contents, whatever the counts; its pixels depend on the installed fonts and browser.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import cv2

from models.data.browser import Browser, page_folder
from models.data.fonts import check_drawn, check_fonts
from models.data.korean import SYLLABLES
from models.data.layouts import Kind
from models.data.lines import lines_of, outward
from models.data.manifest import Manifest, Page, read_manifest, write_manifest
from models.data.pack import PACKED_BYTES, open_pack
from models.data.page import Page as Draft
from models.data.plan import RENDERINGS, Counts, Plan, plans
from models.data.split import Split

# Measured means are 0.7 MB a page of text and 1.7 MB a picture-like one.
_PNG_BYTES = {Kind.TEXT: 800_000, Kind.PICTURES: 2_500_000}
# Long enough that starting a browser does not count, short enough that little is lost by a stop.
_PAGES_PER_BROWSER = 12
# Enough for three thousand pages with their packs, and less than a disk of the usual size has.
LIMIT_BYTES = 24 << 30
_ASCII = "".join(map(chr, range(0x20, 0x7F)))


class FolderMismatch(Exception):
    """The folder has pages of another seed, or what does not belong into it."""


def generate(
    folder: Path,
    counts: Counts,
    seed: int = 1,
    *,
    jobs: int = 1,
    packed: bool = False,
    limit_bytes: int = LIMIT_BYTES,
) -> int:
    """Make what `folder` lacks of the data set, with `jobs` browsers at a time; return how many pictures were made.

    Raises `FontMissing`, `BrowserError`, `FolderMismatch`, ValueError for arguments without meaning, and OSError where
    the new pictures, and the packs of both halves where `packed` is set, would take more than `limit_bytes` or than
    the disk has.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}: expected 1 or more browsers")
    if seed < 0:
        raise ValueError(f"seed is {seed}: expected 0 or more")
    pages = {split: _present(folder / split, seed) for split in Split}
    due = [plan for plan in plans(counts) if plan.file not in pages[plan.split]]
    in_packs = len(due) + sum(map(len, pages.values())) if packed else 0
    _check_space(folder, sum(_PNG_BYTES[plan.kind] for plan in due) + in_packs * PACKED_BYTES, limit_bytes)
    for split in {plan.split for plan in due}:
        check_fonts(split, SYLLABLES + _ASCII)
        (folder / split).mkdir(parents=True, exist_ok=True)
        _keep(folder / split, seed, pages[split])
    with ThreadPoolExecutor(jobs) as browsers:
        running = [browsers.submit(_make, folder, part, seed) for part in _parts(due)]
        try:
            for done in as_completed(running):
                for split, page in done.result():
                    _check_new(folder, page, pages)
                    pages[split][page.file] = page
                for split in {split for split, _ in done.result()}:
                    _keep(folder / split, seed, pages[split])
        finally:
            browsers.shutdown(wait=False, cancel_futures=True)
    for split in Split if packed else ():
        if pages[split]:
            open_pack(folder / split)
    return len(due)


def _present(folder: Path, seed: int) -> dict[str, Page]:
    """Read which pages there are; those whose file is gone are made again."""
    if not (folder / "manifest.json").exists():
        if any(folder.glob("*.png")):
            raise FolderMismatch(f"{folder} has pictures but no manifest.json: remove it, or name another folder")
        return {}
    manifest = read_manifest(folder)
    if manifest.seed != seed:
        raise FolderMismatch(f"{folder} has pages of seed {manifest.seed}, not {seed}: remove it, or name another")
    return {page.file: page for page in manifest.pages if (folder / page.file).exists()}


def _keep(folder: Path, seed: int, pages: dict[str, Page]) -> None:
    write_manifest(folder, Manifest(seed, [pages[file] for file in sorted(pages)]))


def _check_space(folder: Path, needed_bytes: int, limit_bytes: int) -> None:
    if needed_bytes > limit_bytes:
        raise OSError(
            f"the pages take about {needed_bytes >> 20} MiB, over the limit of {limit_bytes >> 20} MiB: "
            "make fewer, do not pack them, or raise the limit"
        )
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed_bytes > free:
        raise OSError(f"the pages take about {needed_bytes >> 20} MiB, and {folder} has {free >> 20} MiB free")


def _check_new(folder: Path, made: Page, pages: dict[Split, dict[str, Page]]) -> None:
    """Refuse a picture that is there already, in either half: judging by what was trained on says nothing."""
    for split, there in pages.items():
        for page in there.values():
            if page.sha256 == made.sha256:
                raise FolderMismatch(
                    f"{made.file} is byte for byte {split}/{page.file} in {folder}: remove that, or take another seed"
                )


def _parts(due: Sequence[Plan]) -> Iterator[list[Plan]]:
    """Cut the work into pieces for one browser each, which has one rendering."""
    for rendering in dict.fromkeys(RENDERINGS):
        alike = [plan for plan in due if plan.rendering == rendering]
        for start in range(0, len(alike), _PAGES_PER_BROWSER):
            yield alike[start : start + _PAGES_PER_BROWSER]


def _make(folder: Path, part: Sequence[Plan], seed: int) -> list[tuple[Split, Page]]:
    rendering = part[0].rendering
    with Browser(subpixel=rendering.subpixel, hinting=rendering.hinting) as browser:
        return [(plan.split, _page(browser, folder / plan.split, plan, seed)) for plan in part]


def _page(browser: Browser, folder: Path, plan: Plan, seed: int) -> Page:
    with page_folder() as scratch:
        draft = Draft(plan.split, plan.seed(seed), scratch)
        path = scratch / "page.html"
        path.write_text(draft.html(plan.layout(draft)), encoding="utf-8")
        native = browser.picture(path)
        laid_out = browser.layout()
        fonts = sorted(browser.fonts())
    check_drawn(plan.split, fonts)
    encoded = cv2.imencode(".png", native)[1].tobytes()
    unfinished = folder / f"{plan.file}.part"
    unfinished.write_bytes(encoded)
    unfinished.replace(folder / plan.file)
    return Page(
        file=plan.file,
        sha256=hashlib.sha256(encoded).hexdigest(),
        kind=plan.kind,
        layout=plan.layout.__name__,
        rendering=str(plan.rendering),
        zoom=draft.zoom,
        dark=draft.colours.dark,
        fonts=fonts,
        lines=lines_of(laid_out.words),
        clipped=[outward(*rect) for rect in laid_out.clipped],
    )
