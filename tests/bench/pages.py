"""The pages of the main trace: Korean and Latin text in the layouts of ordinary work."""

import html
import random
from collections.abc import Mapping
from pathlib import Path

import cv2

from tests.bench.film import landscape, write_film
from tests.bench.texts import ENGLISH, KOREAN, NAMES, paragraphs

STYLE = """
body { margin: 0; font: 16px/1.7 "Noto Sans CJK KR", "DejaVu Sans", sans-serif; color: #1d2430; background: #fff }
header { padding: 14px 40px; background: #23405e; color: #fff; font-size: 18px } nav span { margin-right: 28px }
main { max-width: 1180px; margin: 0 auto; padding: 24px 40px } h1 { font-size: 30px } h2 { font-size: 21px }
table { border-collapse: collapse; width: 100%; font-size: 15px }
td, th { border: 1px solid #c5ccd6; padding: 6px 10px }
th { background: #e8edf3; text-align: left } tr:nth-child(even) td { background: #f6f8fa } .n { text-align: right }
label { display: inline-block; width: 150px } .f { display: inline-block; width: 320px; border: 1px solid #8a96a6;
padding: 4px 8px; margin: 5px 0 } .mail { display: grid; grid-template-columns: 200px 1fr 110px; gap: 4px 18px;
border-bottom: 1px solid #dde2e8; padding: 9px 4px; font-size: 15px } .mail b, .mail span { white-space: nowrap;
overflow: hidden; text-overflow: ellipsis } .new { background: #eef4fb } img { display: block; margin: 18px 0 }
.two { columns: 2; column-gap: 44px } small { color: #55606e } .nanum { font-family: NanumGothic }
.barun { font: 15px/1.6 NanumBarunGothic } canvas { display: block; margin: 18px 0 }
textarea { width: 1160px; height: 620px; padding: 12px; font: 17px/1.65 "Noto Sans CJK KR"; caret-animation: manual }
input { font: inherit } .sheet { table-layout: fixed; font: 13px/1.3 "Noto Sans CJK KR"; white-space: nowrap }
.sheet td, .sheet th { padding: 3px 6px; overflow: hidden; height: 18px } .sheet th { text-align: center }
.sheet .at { outline: 2px solid #1a73e8; outline-offset: -2px } .sheet input { width: 90%; border: 0; padding: 0;
outline: 0; caret-animation: manual } .wide main { max-width: none; padding: 8px 12px }
"""
# Pages are turned by a key, because the address bar's caret and suggestions would be measured otherwise. In a field,
# Escape comes first.
SCRIPT = """
addEventListener('keydown', e => {
  const page = PAGES[e.key]
  if (e.target.matches('input, textarea')) { if (e.key == 'Escape') e.target.blur() }
  else if (page) location.replace(page)
})
"""
# The first field's caret stands still, so that a desktop can be told to rest; the second's blinks for a while.
EDITOR = """
<p><input id=subject value="회의 기록 minutes" size=60></p>
<script>
const text = document.querySelector('textarea'), subject = document.getElementById('subject')
text.focus()
text.setSelectionRange(CARET, CARET)
subject.addEventListener('focus', () => setTimeout(() => subject.blur(), 3000))
text.addEventListener('keydown', e => { if (e.key == 'Tab') { e.preventDefault(); subject.focus() } })
</script>
"""
# Arrows move, F2 edits, Enter takes over and moves down: as in any spreadsheet.
SHEET = """
<p>셀 <b id=address></b> &nbsp; <span id=content></span></p>TABLE
<script>
const cells = [...document.querySelectorAll('.sheet tr')].slice(1).map(row => [...row.querySelectorAll('td')])
let x = 2, y = 4
function at(to_x, to_y) {
  cells[y][x].classList.remove('at'); x = to_x; y = to_y; cells[y][x].classList.add('at')
  document.getElementById('address').textContent = String.fromCharCode(65 + x) + (y + 1)
  document.getElementById('content').textContent = cells[y][x].textContent
}
addEventListener('keydown', e => {
  const cell = cells[y][x], field = cell.querySelector('input')
  if (field && e.key == 'Enter') { cell.textContent = field.value; at(x, y + 1) }
  else if (!field && e.key == 'F2') { cell.innerHTML = '<input>'; cell.firstChild.focus() }
  else if (!field) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key]
    if (move) { e.preventDefault(); at(x + move[0], y + move[1]) }
  }
})
at(x, y)
</script>
"""
KEYS = {
    "0": "start.html",
    "1": "article.html",
    "2": "table.html",
    "3": "mail.html",
    "4": "picture.html",
    "5": "korean.html",
    "6": "editor.html",
    "7": "sheet.html",
    "8": "film.html",
}


def write_pages(folder: Path, seed: int = 20) -> dict[str, Path]:
    """Write all pages to `folder`; the same seed gives the same pages. Returns the path by the key that opens it."""
    rng = random.Random(seed)
    cv2.imwrite(str(folder / "picture.png"), landscape(seed, 640, 1100))
    bodies = {
        "start.html": "<h1>시작 · Start</h1><p>1 2 3 4</p>",
        "article.html": article(rng),
        "table.html": table(rng),
        "mail.html": mail(rng),
        "picture.html": f"<h1>강변의 저녁</h1>{paragraphs(rng, 2)}<img src=picture.png>{paragraphs(rng, 6)}",
        "korean.html": korean(rng),
        "editor.html": editor(rng),
        "sheet.html": sheet(rng),
        "film.html": f"<h1>강을 따라서</h1>{paragraphs(rng, 1)}{write_film(folder, seed)}{paragraphs(rng, 3)}",
    }
    return write_site(folder, bodies, KEYS, STYLE)


def write_site(folder: Path, bodies: Mapping[str, str], keys: Mapping[str, str], style: str) -> dict[str, Path]:
    """Write a page for each body by its name, with a menu and `keys` to turn pages by; returns paths by key."""
    script = SCRIPT.replace("PAGES", str(dict(keys)))
    menu = "".join(f"<span>{word}</span>" for word in ("문서", "메일", "일정", "Reports", "Settings"))
    for name, body in bodies.items():
        wide = " class=wide" if "class=sheet" in body else ""
        (folder / name).write_text(
            f"<!doctype html><html lang=ko{wide}><meta charset=utf-8><title>{name}</title><style>{style}</style>"
            f"<script>{script}</script><header><nav>{menu}</nav></header><main>{body}</main>"
        )
    return {key: folder / name for key, name in keys.items()}


def article(rng: random.Random) -> str:
    """Write a long article with headings, one part of it in two columns."""
    parts = [f"<h2>{i}. {rng.choice(KOREAN)[:18]}</h2>{paragraphs(rng, 3)}" for i in range(1, 9)]
    return f"<h1>현장 기록 — Field notes</h1>{''.join(parts[:4])}<div class=two>{''.join(parts[4:])}</div>"


def table(rng: random.Random) -> str:
    """Write a form above a table of orders."""
    fields = {
        "이름 Name": "김하나",
        "부서 Office": "3층 자료실",
        "번호 No.": str(rng.randint(10**7, 10**8)),
        "기간": "4.1 - 6.30",
    }
    form = "".join(f"<div><label>{label}</label><span class=f>{value}</span></div>" for label, value in fields.items())
    rows = "".join(
        f"<tr><td>{rng.randint(1000, 9999)}-{rng.randint(10, 99)}<td>{rng.choice(NAMES)}"
        f"<td>{html.escape(rng.choice(KOREAN + ENGLISH)[:34])}<td class=n>{rng.randint(1, 400)}"
        f"<td class=n>{rng.randint(10_000, 9_999_999):,}<td class=n>{rng.random() * 100:.2f} %"
        for _ in range(60)
    )
    head = "<tr><th>번호<th>담당<th>내용<th>수량<th>금액<th>비율"
    return f"<h1>주문 내역</h1>{form}<h2>Orders</h2><table>{head}{rows}</table>"


def mail(rng: random.Random) -> str:
    """Write a list of messages, some of them new."""
    rows = "".join(
        f"<div class='mail{' new' if rng.random() < 0.3 else ''}'><b>{rng.choice(NAMES)}</b>"
        f"<span>{rng.choice(KOREAN)} <small>{rng.choice(ENGLISH)}</small></span>"
        f"<span>{rng.randint(1, 12)}월 {rng.randint(1, 28)}일</span></div>"
        for _ in range(50)
    )
    return f"<h1>받은 편지함 (50)</h1>{rows}"


def korean(rng: random.Random) -> str:
    """Write pages of nothing but Korean, in three typefaces."""
    texts = [" ".join(rng.choices(KOREAN, k=7)) for _ in range(9)]
    blocks = (f"<p class={('noto', 'nanum', 'barun')[number % 3]}>{text}</p>" for number, text in enumerate(texts))
    return f"<h1>지난주 소식</h1>{''.join(blocks)}"


def editor(rng: random.Random) -> str:
    """Write a field with text to type into, its caret at the end of the second paragraph."""
    lines = [" ".join(rng.choices(rng.choice((KOREAN, ENGLISH)), k=3)) for _ in range(7)]
    caret = len(lines[0]) + 1 + len(lines[1])
    # The script needs both fields, so it comes last.
    field = f"<textarea spellcheck=false autocomplete=off>{html.escape(chr(10).join(lines))}</textarea>"
    return f"<h1>문서 편집</h1>{field}{EDITOR.replace('CARET', str(caret))}"


def sheet(rng: random.Random) -> str:
    """Write a table of cells with a cell cursor that the arrow keys move."""
    columns, rows = 16, 34
    head = "<tr><th style='width:36px'>" + "".join(f"<th>{chr(65 + column)}" for column in range(columns))
    body = "".join(
        f"<tr><th>{row}<td>{rng.choice(NAMES)}<td>{html.escape(rng.choice(KOREAN)[:9])}"
        + "".join(f"<td class=n>{rng.randint(0, 99_999):,}" for _ in range(columns - 2))
        for row in range(1, rows + 1)
    )
    return SHEET.replace("TABLE", f"<table class=sheet>{head}{body}</table>")
