"""The pages that the benchmark reads: Korean and Latin text in the layouts of ordinary work, written for this."""

import html
import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

KOREAN = """
오전 회의에서는 다음 분기의 예산과 인력 계획을 함께 살펴보기로 했습니다.
새로 들어온 장비는 창고에서 점검을 마친 뒤 각 지점으로 보낼 예정입니다.
비가 그치자 골목의 작은 가게들이 하나둘 문을 열고 손님을 맞았습니다.
보고서의 세 번째 표에 적힌 합계가 원본 자료와 맞지 않아 다시 계산했습니다.
도서관 이 층의 열람실은 시험 기간 동안 밤 열한 시까지 열려 있습니다.
담당자가 자리를 비운 사이에 걸려 온 전화는 모두 기록해 두어야 합니다.
강을 따라 난 길에는 자전거를 타는 사람과 걷는 사람이 나란히 지나갑니다.
계약서의 조항은 짧지만 해석에 따라 책임의 범위가 크게 달라질 수 있습니다.
할머니는 마당에 심은 고추가 올해 유난히 붉게 익었다고 말씀하셨습니다.
서버를 옮기는 작업은 사용자가 가장 적은 일요일 새벽에 진행하겠습니다.
설문에 답한 사람의 절반 이상이 글자가 더 또렷하면 좋겠다고 적었습니다.
기차는 예정보다 칠 분 늦게 도착했지만 갈아타는 데에는 문제가 없었습니다.
""".strip().splitlines()
ENGLISH = """
The committee asked for a shorter summary and for the figures of the two smaller branches.
Rain moved in from the coast before noon, and the market closed an hour earlier than planned.
Each form has to be signed twice, once by the applicant and once by the person who received it.
Her notebook listed the plants along the canal, with the week in which each of them had flowered.
A second reading of the contract showed that the delivery date depended on the customs office.
We measured the hall again, since the first drawing left out the columns near the entrance.
The old printer still works, though nobody remembers how its paper tray was meant to open.
Support will call back before Friday; please keep the serial number of the device at hand.
They walked up through the orchard and counted the trees that the storm had thrown over.
The column on the right shows what was ordered, the one beside it what has actually arrived.
""".strip().splitlines()
NAMES = [
    "김하나",
    "이두리",
    "박세찬",
    "최가온",
    "정나래",
    "한바다",
    "Ana Lindqvist",
    "Tomas Brandt",
    "Mira Okafor",
    "Elif Aydin",
]
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
.two { columns: 2; column-gap: 44px } small { color: #55606e }
"""
# Pages are turned by a key, because the address bar's caret and suggestions would be measured otherwise.
SCRIPT = "addEventListener('keydown', e => { const p = PAGES[e.key]; if (p) location.replace(p) })"
KEYS = {"0": "start.html", "1": "article.html", "2": "table.html", "3": "mail.html", "4": "picture.html"}


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
    }
    script = SCRIPT.replace("PAGES", str(KEYS))
    for name, body in bodies.items():
        menu = "".join(f"<span>{word}</span>" for word in ("문서", "메일", "일정", "Reports", "Settings"))
        (folder / name).write_text(
            f"<!doctype html><html lang=ko><meta charset=utf-8><title>{name}</title><style>{STYLE}</style>"
            f"<script>{script}</script><header><nav>{menu}</nav></header><main>{body}</main>"
        )
    return {key: folder / name for key, name in KEYS.items()}


def paragraphs(rng: random.Random, count: int) -> str:
    """Write paragraphs of either language, mixed."""
    texts = [" ".join(rng.choices(rng.choice((KOREAN, ENGLISH)), k=rng.randint(4, 8))) for _ in range(count)]
    return "".join(f"<p>{text}</p>" for text in texts)


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


def landscape(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Paint something with a photograph's statistics: BGR (height, width, 3), noise of all sizes, a lit sky, grain."""
    rng = np.random.default_rng(seed)
    relief = np.zeros((height, width), np.float32)
    for octave in range(2, 9):
        coarse = rng.normal(size=(2**octave, 2**octave)).astype(np.float32)
        relief += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    relief = (relief - relief.min()) / np.ptp(relief)
    row = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = np.stack([0.75 - 0.3 * row + 0 * relief, 0.5 + 0.2 * row + 0 * relief, 0.35 + 0.5 * row + 0 * relief], axis=2)
    land = np.stack([0.12 + 0.25 * relief, 0.2 + 0.5 * relief, 0.15 + 0.35 * relief], axis=2)
    skyline = (row > 0.45 + 0.25 * relief[height // 2][None, :])[:, :, None]
    picture = np.where(skyline, land, sky + 0.12 * relief[:, :, None]) + rng.normal(0, 0.012, (height, width, 3))
    return np.clip(picture * 255, 0, 255).astype(np.uint8)
