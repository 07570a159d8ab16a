"""The trace that nothing is tuned against: other pages, typefaces and programs than the main one."""

import html
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2

from tests.bench.desktop import PARKED, Desktop
from tests.bench.film import landscape, write_film
from tests.bench.office import listing
from tests.bench.pages import write_site
from tests.bench.programs import chromium, print_to_pdf, program, terminal
from tests.bench.texts import ENGLISH, KOREAN, NAMES
from tests.bench.trace import Step, Trace, dragged, keys, raised, typed, wheel

STYLE = """
body { margin: 0; font: 17px/1.8 NanumMyeongjo, "Liberation Serif", serif; color: #222; background: #fbf8f1 }
header { padding: 10px 28px; border-bottom: 3px double #8b7d6b; font: 15px NanumSquare } nav span { margin-right: 20px }
main { max-width: 860px; margin: 0 auto; padding: 18px } h1 { font-size: 34px } p { text-indent: 1em }
.news { columns: 3; font: 15px/1.5 "Liberation Serif", NanumMyeongjo; column-rule: 1px solid #bbb } .news h2 {
font-size: 19px; margin: 4px 0 } .code { background: #1e2127; color: #c8ccd4; padding: 20px; margin: -18px -240px;
font: 14px/1.45 "DejaVu Sans Mono", NanumGothicCoding; white-space: pre } .code i { color: #7ec699; font-style: normal }
.code b { color: #e6a86c; font-weight: normal } .chat div { margin: 9px 0; padding: 8px 14px; border-radius: 15px;
background: #fff; width: fit-content; max-width: 70%; font: 15px/1.5 NanumSquare, "DejaVu Sans" }
.chat .me { margin-left: auto; background: #ffe78a } .wall { display: grid; grid-template-columns: repeat(3, 1fr);
gap: 10px; margin: 0 -200px; font: 13px "Liberation Sans Narrow", NanumBarunGothic } .wall img { width: 100% }
canvas { display: block; margin: 12px auto }
"""
KEYS = {
    "0": "cover.html",
    "1": "novel.html",
    "2": "news.html",
    "3": "code.html",
    "4": "wall.html",
    "5": "chat.html",
    "6": "clip.html",
}
BROWSER, EDITOR, CALCULATOR, FILES, READER, TERMINAL = (
    "Chromium", "notes.txt", "galculator", "^papers$", "novel.pdf", "build - terminal",
)  # fmt: skip
EDITOR_AT = (240, 120)


def write_pages(folder: Path, seed: int = 77) -> dict[str, Path]:
    """Write all pages to `folder`; returns the path by the key that opens it."""
    rng = random.Random(seed)
    for number in range(6):
        cv2.imwrite(str(folder / f"photo-{number}.jpg"), landscape(seed + number, 300, 420))
    photos = "".join(f"<div><img src=photo-{n % 6}.jpg>{rng.choice(KOREAN)[:16]}</div>" for n in range(9))
    bodies = {
        "cover.html": "<h1>책상 위의 오후</h1>",
        "novel.html": "<h1>책상 위의 오후</h1>" + "".join(f"<p>{_prose(rng, rng.randint(5, 9))}" for _ in range(22)),
        "news.html": "<div class=news>" + "".join(f"<h2>{_prose(rng, 1)}</h2>{_prose(rng, 3)}" for _ in range(18)),
        "code.html": f"<div class=code>{_code(rng, 70)}</div>",
        "wall.html": f"<div class=wall>{photos}</div>",
        "chat.html": "<div class=chat>"
        + "".join(f"<div{rng.choice(('', ' class=me'))}>{_prose(rng, 1)}</div>" for _ in range(26)),
        "clip.html": f"<h1>산책</h1>{write_film(folder, seed)}<p>{_prose(rng, 8)}",
    }
    return write_site(folder, bodies, KEYS, STYLE)


def _prose(rng: random.Random, sentences: int) -> str:
    """Mix both languages within a paragraph, which the main trace does not."""
    return " ".join(rng.choice(rng.choice((KOREAN, KOREAN, ENGLISH))) for _ in range(sentences))


def _code(rng: random.Random, lines: int) -> str:
    """Write what looks like a program."""
    words = [word.strip(",.;").lower() for sentence in ENGLISH for word in sentence.split()]
    return "\n".join(
        f"{'    ' * rng.randint(0, 4)}<b>{rng.choice(('if', 'for', 'return', 'let'))}</b> {rng.choice(words)}"
        f"({rng.choice(words)}, {rng.randint(0, 4096)}) <i>// {html.escape(rng.choice(KOREAN)[:14])}</i>"
        for _ in range(lines)
    )


def _files(folder: Path, seed: int = 5) -> Path:
    """Make a folder with many empty files of several kinds."""
    rng = random.Random(seed)
    papers = folder / "papers"
    papers.mkdir()
    for number in range(140):
        name = f"{number:03} {rng.choice(NAMES)} {rng.choice(KOREAN)[:8]}.{rng.choice(('txt', 'pdf', 'png', 'csv'))}"
        (papers / name).touch()
    return papers


@contextmanager
def programs(desktop: Desktop) -> Iterator[None]:
    """Run a file manager, a calculator, a PDF reader, an editor, a terminal, and over all of them the browser."""
    folder = desktop.folder
    settings = folder / ".config" / "gtk-3.0"
    settings.mkdir(parents=True)
    (settings / "settings.ini").write_text("[Settings]\ngtk-cursor-blink=false\ngtk-enable-animations=false\n")
    pages = write_pages(folder)
    notes, book = folder / "notes.txt", folder / "novel.pdf"
    rng = random.Random(3)
    notes.write_text("\n\n".join(_prose(rng, 2) for _ in range(12)))
    print_to_pdf(desktop, pages["1"], book)
    opened = (
        program(desktop, "papers", "pcmanfm", "pcmanfm", "--no-desktop", _files(folder)),
        program(desktop, CALCULATOR, "galculator", "galculator"),
        program(desktop, READER, "mupdf", "mupdf", book),
        program(desktop, EDITOR, "mousepad", "mousepad", "--disable-server", notes),
        terminal(desktop, TERMINAL, ("DejaVu Sans Mono", "NanumGothicCoding"), "110x34+620+180", listing(seed=31)),
        chromium(desktop, pages["0"]),
    )
    with ExitStack() as stack:
        for one in opened:
            stack.enter_context(one)
        yield


def _placed(title: str, x: int, y: int, *restore: str) -> tuple[str, ...]:
    """Put a window back to where it was, and what is in it too."""
    return (*raised(title), "sleep", "0.4", "windowmove", str(x), str(y), *restore)


HELD_OUT = Trace(
    "held-out",
    programs,
    reset=(
        *_placed(FILES, 300, 180, *keys("Home")),
        *_placed(CALCULATOR, 1400, 200, *keys("Escape")),
        *_placed(READER, 900, 30, *typed("1g")),
        *_placed(EDITOR, *EDITOR_AT, "key", "--repeat", "60", "ctrl+z", *keys("ctrl+Home")),
        *_placed(TERMINAL, 620, 180, *typed("clear\n", 20)),
        *raised(BROWSER), "sleep", "0.5", *keys("Escape", "0"),
    ),
    steps=(
        Step("open novel", keys("1")),
        Step("Page Down", keys("Next")),
        Step("space", keys("space")),
        Step("five wheel clicks", wheel(5, down=True)),
        Step("wheel back", wheel(2, down=False), returns=True),
        Step("Home", keys("Home")),
        Step("news", keys("2")),
        Step("program text", keys("3")),
        Step("photographs", keys("4")),
        Step("chat", keys("5")),
        Step("notes", raised(EDITOR)),
        Step("typing", (*keys("Down", "End", pause_s=0.1), *typed(" Please return the keys on Friday."))),
        Step("calculator", raised(CALCULATOR)),
        Step("reckoning", typed("1280*4.5=", 400)),
        Step("files", raised(FILES)),
        Step("files, further down", keys("Next", "Next", pause_s=0.4)),
        Step("book", raised(READER)),
        Step("leafing", keys("Next", "Next", pause_s=0.6)),
        Step("to the browser", raised(BROWSER)),
        Step("clip", keys("6")),
        Step("terminal", raised(TERMINAL)),
        Step("listing scrolls", keys("Return")),
        Step("notes again", raised(EDITOR), returns=True),
        Step("drag notes", dragged((EDITOR_AT[0] + 200, EDITOR_AT[1] + 10), (14, 9), PARKED)),
        Step("back to the browser", raised(BROWSER), returns=True),
        Step("terminal again", raised(TERMINAL), returns=True),
    ),
)  # fmt: skip
