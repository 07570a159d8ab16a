"""The main trace: an afternoon in an office, in a browser, a terminal and between them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.desktop import PARKED, Desktop
from tests.bench.pages import write_pages
from tests.bench.programs import chromium, terminal
from tests.bench.texts import ENGLISH, KOREAN, NAMES
from tests.bench.trace import Step, Trace, dragged, keys, raised, typed, wheel

TERMINAL = "listing - terminal"
TERMINAL_AT = (420, 130)
# The title bar of openbox is as high as its font and a little more.
TITLE_BAR = (TERMINAL_AT[0] + 260, TERMINAL_AT[1] + 10)
SENTENCE = "The delivery has been moved to Tuesday morning."


def listing(seed: int = 7, lines: int = 90) -> list[str]:
    """Write lines such as a listing of files has."""
    rng = random.Random(seed)
    days = (f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {rng.randint(0, 23):02}:40" for _ in range(lines))
    words = [word.strip(",.") for sentence in ENGLISH for word in sentence.split()]
    return [
        f"-rw-r--r-- 1 hana staff {rng.randint(300, 9_999_999):>9,} {day} {rng.choice(words)}-{rng.randint(100, 999)} "
        f"{rng.choice(KOREAN)[:10]} ({rng.choice(NAMES)}).{rng.choice(('pdf', 'csv', 'hwp', 'png', 'log'))}"
        for day in days
    ]


@contextmanager
def programs(desktop: Desktop) -> Iterator[None]:
    """Run a terminal, and over it the browser."""
    place = "128x40+{}+{}".format(*TERMINAL_AT)
    with (
        terminal(desktop, TERMINAL, ("Liberation Mono", "Noto Sans Mono CJK KR"), place, listing()),
        chromium(desktop, write_pages(desktop.folder)["0"]),
    ):
        yield


BROWSER = "Chromium"
OFFICE = Trace(
    "office",
    programs,
    reset=(
        *raised(TERMINAL), "sleep", "0.5", "windowmove", *map(str, TERMINAL_AT), *typed("clear\n", 20),
        *raised(BROWSER), "sleep", "0.5", *keys("Escape", "0"),
    ),
    steps=(
        Step("open article", keys("1")),
        Step("Page Down", keys("Next")),
        Step("Page Down again", keys("Next")),
        Step("six wheel clicks", wheel(6, down=True)),
        Step("wheel back", wheel(3, down=False), returns=True),
        Step("Home", keys("Home")),
        Step("table", keys("2")),
        Step("mail", keys("3")),
        Step("picture", keys("4")),
        Step("Korean text", keys("5")),
        Step("open editor", keys("6")),
        Step("typing", typed(SENTENCE)),
        Step("blinking caret", keys("Tab", pause_s=3.3)),
        Step("open sheet", keys("Escape", "7")),
        Step("sheet", (*keys(*["Down"] * 4, "Right", "Right", "F2"), *typed("20260"), *keys("Return", "Down"))),
        Step("film", keys("8")),
        Step("terminal", raised(TERMINAL)),
        Step("listing scrolls", keys("Return")),
        Step("drag window", dragged(TITLE_BAR, (-10, 7), PARKED)),
        Step("back to page", raised(BROWSER), returns=True),
        Step("terminal again", raised(TERMINAL), returns=True),
    ),
)  # fmt: skip
