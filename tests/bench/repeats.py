"""Pages full of what repeats itself: the ones on which a wrong hypothesis is most likely, written for this."""

import html
import random
from pathlib import Path

from tests.bench.texts import ENGLISH, KOREAN, NAMES

STYLE = """
body { margin: 0; font: 15px/1.6 "Noto Sans CJK KR", "DejaVu Sans", sans-serif; color: #202124; background: #fff }
main { margin: 0 auto; padding: 16px 30px; max-width: 1500px } pre { font: 13px/1.35 "DejaVu Sans Mono" }
table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #c0c6ce; padding: 3px 8px }
tr:nth-child(even) td { background: #f6f8fa } tr:hover td { background: #fff7d6 }
.dots div { display: flex } .dots div::before { order: 1; flex: 1; overflow: hidden; white-space: nowrap;
content: "................................................................................................";
} .dots b { order: 2 } .grid { height: 400px; background: repeating-linear-gradient(#dde 0 1px, #fff 1px 9px) }
.hatch { height: 300px; background: repeating-linear-gradient(90deg, #99a 0 1px, #fff 1px 5px) }
.panes { display: flex; height: 100vh } .panes > div { flex: 1; overflow: auto; padding: 0 20px }
.panes > div + div { border-left: 1px solid #888 } .field { border: 1px solid #777; height: 30px; margin: 9px }
"""
# Pages are turned by a key, as on the other pages of the benchmark.
SCRIPT = "addEventListener('keydown', e => { const p = PAGES[e.key]; if (p) location.href = p })"


def write_repeats(folder: Path, seed: int = 3) -> tuple[Path, ...]:
    """Write the pages to `folder`; the same seed gives the same ones. A key, 1 and so on, opens each in turn."""
    rng = random.Random(seed)
    bodies = {
        "article": article(rng),
        "orders": orders(rng),
        "contents": contents(rng),
        "listing": listing(rng),
        "patterns": patterns(),
        "panes": panes(rng),
        "empty": "<h1>표</h1><table>" + "<tr>" * 1 + ("<tr>" + "<td>&nbsp;" * 9) * 90 + "</table>",
        "orders-again": orders(random.Random(seed + 1)),
    }
    paths = tuple(folder / f"{name}.html" for name in bodies)
    script = SCRIPT.replace("PAGES", str({str(1 + n): path.name for n, path in enumerate(paths)}))
    for path, body in zip(paths, bodies.values(), strict=True):
        path.write_text(
            f"<!doctype html><html lang=ko><meta charset=utf-8><title>{path.name}</title><style>{STYLE}</style>"
            f"<script>{script}</script><main>{body}</main>"
        )
    return paths


def article(rng: random.Random) -> str:
    """Write running text in both languages, with a menu to open and a field to type into."""
    texts = (" ".join(rng.choices(rng.choice((KOREAN, ENGLISH)), k=rng.randint(3, 8))) for _ in range(60))
    choice = "<select>" + "".join(f"<option>{name}" for name in NAMES) + "</select> <input size=40>"
    return f"<h1>기록</h1>{choice}" + "".join(f"<p>{text}</p>" for text in texts)


def orders(rng: random.Random) -> str:
    """Write a table in which whole rows come again and columns hold the same over and over."""
    rows = [
        f"<td>{rng.choice(('-', '0', '완료', 'done'))}<td>{rng.choice(NAMES[:3])}<td>{rng.choice(ENGLISH)[:20]}"
        f"<td>{rng.choice((0, 10, 100))}<td>&nbsp;"
        for _ in range(6)
    ]
    return "<table>" + "".join(f"<tr><td>{n // 4}{rng.choice(rows)}" for n in range(160)) + "</table>"


def contents(rng: random.Random) -> str:
    """Write a table of contents with leaders of dots."""
    lines = (f"<div>{rng.choice(ENGLISH)[: rng.randint(6, 40)]}<b>{n}</b></div>" for n in range(1, 120))
    return f"<div class=dots>{''.join(lines)}</div>"


def listing(rng: random.Random) -> str:
    """Write a program whose lines come again."""
    words = ("value", "total", "index", "name", "left", "right")
    lines: list[str] = []
    while len(lines) < 300:
        lines += [
            f"def {rng.choice(words)}({rng.choice(words)}):",
            f"    if {rng.choice(words)} > {rng.randint(0, 3)}:",
            "        return None",
            "    }",
            "",
            f"    return {rng.choice(words)} + {rng.choice(words)}",
            "",
            "# " + "-" * 70,
        ]
    return "<pre>" + html.escape("\n".join(f"{n:4} {line}" for n, line in enumerate(lines))) + "</pre>"


def patterns() -> str:
    """Write rows of one letter, rulers, grids and hatching."""
    letters = "".join(f"<div>{letter * 150}</div>" * 4 for letter in "a|-.ㅣ=_ilㅡ")
    return f"{letters}<div class=grid></div><div class=hatch></div>{letters}" + "<div class=field></div>" * 40


def panes(rng: random.Random) -> str:
    """Write two columns that scroll on their own."""
    return f"<div class=panes><div>{article(rng)}</div><div>{orders(rng)}</div></div>"
