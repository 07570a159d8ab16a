"""What the demo's user reads: three pages in Korean and English, a form among them, and a painted picture."""

import html
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ARTICLE, FORM, PICTURE = "article.html", "form.html", "picture.html"
TITLES = {ARTICLE: "오래된 다리", FORM: "방문 기록", PICTURE: "강가의 저녁"}
MARK_RGB = 0x0F62D6
"""The line left of the quotation, in a colour that nothing else has: by it the pictures' details are cut out."""

STYLE = """
*{box-sizing:border-box} html{scroll-behavior:auto}
body{margin:0;font:16px/1.75 "Noto Sans CJK KR","Noto Sans","DejaVu Sans",sans-serif;color:#1b2430;background:#fff}
header{background:#173a4d;color:#fff;padding:15px 64px;font-size:17px;display:flex;gap:36px}
header b{margin-right:auto} main{max-width:1240px;margin:0 auto;padding:30px 40px 60px}
h1{font-size:32px;line-height:1.3;margin:6px 0 4px} h2{font-size:21px;margin:30px 0 6px} p{margin:9px 0}
.by{color:#586577;font-size:14px} .two{columns:2;column-gap:52px}
table{border-collapse:collapse;width:100%;font-size:15px;margin-top:8px}
th,td{border:1px solid #c9d1db;padding:5px 12px;text-align:left} th{background:#e9eff4} .n{text-align:right}
tr:nth-child(even) td{background:#f6f8fa} label{display:inline-block;width:170px}
input{font:inherit;width:420px;padding:6px 10px;border:1px solid #8795a6;border-radius:4px;margin:5px 0}
button{font:inherit;padding:7px 26px;border:0;border-radius:4px;background:#173a4d;color:#fff}
img{display:block;width:100%;margin:18px 0 8px;border-radius:6px}
blockquote{margin:16px 0;padding:2px 0 2px 18px;border-left:5px solid #0f62d6;font-size:16px;max-width:760px}
"""
SCRIPT = """
const next = document.documentElement.dataset.next, typed = new URLSearchParams(location.search)
addEventListener('keydown', e => {
  if (e.key === 'ArrowRight' && next && e.target.tagName !== 'INPUT') location = next
})
for (const place of document.querySelectorAll('[data-typed]'))
  place.textContent = typed.get(place.dataset.typed) ?? '—'
if (typed.size) document.title += ' · ' + [...typed.values()].join(' ')
"""
KOREAN = """
마을 사람들은 이 다리를 그저 돌다리라고 부른다. 누가 처음 돌을 놓았는지는 아무도 모르지만, 장날이면 소를 끌고
건너던 어른들의 이야기는 지금도 남아 있다. 물이 불어나면 아이들은 학교에 가지 않았고, 물이 빠지면 온 동네가 나와
돌을 제자리에 옮겨 놓았다.

올해 봄에는 측량부터 다시 했다. 예전 도면에는 기둥이 일곱 개로 적혀 있었지만 실제로는 여덟 개였고, 가장 안쪽
기둥은 모래에 반쯤 묻혀 있었다. 사진을 찍고, 치수를 적고, 틈마다 번호를 붙이는 데에만 꼬박 열이틀이 걸렸다.

가장 어려운 일은 돌을 깎는 일이 아니라 기다리는 일이었다. 석회는 천천히 굳고, 강물은 정해진 시간에만 낮아진다.
그래서 우리는 새벽 네 시에 모여 손전등을 켜고 일을 시작했고, 해가 뜨면 아침을 먹었다.

기록은 모두 공책에 남겼다. 날짜와 날씨, 수위와 기온, 그날 쓴 석회의 양, 그리고 누가 무엇을 했는지. 작은 숫자
하나가 틀리면 다음 날의 계획이 모두 어긋났기 때문에 저녁마다 두 사람이 소리 내어 읽으며 맞추어 보았다.

다시 문을 연 날에는 비가 조금 내렸다. 제일 먼저 건넌 사람은 여든아홉 살의 할머니였다. 할머니는 가운데에서 잠시
멈추어 물소리를 듣더니, 옛날보다 다리가 조금 높아진 것 같다고 말했다. 실제로 이 센티미터가 높아졌다.
""".strip().split("\n\n")
ENGLISH = """
The bridge has eight piers and no mortar above the waterline; it has stood because every stone leans on two
others. When one of them settles, the weight moves on, and the whole row becomes a little lower and a little
wider.

We kept to a simple rule: nothing is replaced that can be turned. A worn stone has five other faces, and most of
them have never seen the river. Out of 412 stones only nineteen had to be cut anew, from the same quarry as
before.

Lime needs patience. It takes up carbon from the air, about a millimetre in a week, and a night of frost undoes
the work of a month. So the joints were filled in May, covered with wet cloth, and opened to the sun in June.

Everything was written down: level and temperature at six in the morning, who worked where, and how much was
used. The notebooks fill a shelf in the reading room now, and whoever repairs the bridge next will not have to
guess.

On the first evening people crossed it in both directions without a reason to be on the other side. Someone had
brought a lamp, somebody else a pot of soup, and the children counted the piers until all agreed that there are
eight.
""".strip().split("\n\n")
BRIDGES = (
    ("돌다리", "Stone bridge", 1684, 31.5, 8, "2024-05-18"),
    ("솔밭다리", "Pinewood bridge", 1902, 18.2, 3, "2023-10-02"),
    ("물레방아다리", "Mill bridge", 1877, 9.6, 2, "2024-03-29"),
    ("새다리", "New bridge", 1968, 64.0, 5, "2022-08-11"),
    ("학교다리", "School bridge", 1931, 12.4, 2, "2024-01-15"),
    ("나루터다리", "Ferry bridge", 1955, 88.7, 9, "2021-11-23"),
    ("은행나무다리", "Ginkgo bridge", 1890, 7.8, 1, "2024-04-06"),
    ("바람골다리", "Windy vale bridge", 1974, 41.3, 4, "2023-06-30"),
    ("갈대다리", "Reed bridge", 1949, 22.9, 3, "2022-12-19"),
    ("윗마을다리", "Upper village bridge", 1913, 15.1, 2, "2023-09-08"),
)


def write_pages(folder: Path) -> None:
    """Write the pages and their picture to `folder`."""
    cv2.imwrite(str(folder / "evening.jpg"), evening(1160, 400), [cv2.IMWRITE_JPEG_QUALITY, 92])
    for name, following, body in (
        (ARTICLE, FORM, _article()),
        (FORM, "", _form()),
        (PICTURE, "", _picture()),
    ):
        menu = "".join(f"<span>{word}</span>" for word in ("소식 News", "기록 Records", "지도 Map", "도움말 Help"))
        (folder / name).write_text(
            f"<!doctype html><html lang=ko data-next='{following}'><meta charset=utf-8>"
            f"<meta name=google content=notranslate><link rel=icon href=data:,><title>{TITLES[name]}</title>"
            f"<style>{STYLE}</style><header><b>느린강 기록관 · Slow River Archive</b>{menu}</header>"
            f"<main>{body}</main><script>{SCRIPT}</script>",
            encoding="utf-8",
        )


def _paragraphs(texts: Sequence[str]) -> str:
    return "".join(f"<p>{html.escape(text)}</p>" for text in texts)


def _article() -> str:
    """Write an article of about three screens."""
    sections = "".join(
        f"<h2>{number}. {title}</h2>{_paragraphs((KOREAN[number - 1], ENGLISH[number - 1]))}"
        for number, title in enumerate(
            ("다리의 이름 — A name", "측량 — Survey", "기다림 — Patience", "공책 — Notebooks", "다시 건너다 — Across"),
            1,
        )
    )
    columns = _paragraphs([text for pair in zip(ENGLISH, KOREAN, strict=True) for text in pair])
    return (
        "<h1>오래된 다리를 고치며<br>Mending the old bridge</h1>"
        "<p class=by>2024년 6월 18일 · 글 이새벽, 사진 정가람 · 8 min · → 다음 쪽 next page</p>"
        f"{sections}<h2>두 나라 말로 — In two languages</h2><div class=two>{columns}</div>"
        f"{_bridges()}"
    )


def _bridges() -> str:
    """Write a table of numbers."""
    head = "<tr><th>다리<th>Bridge<th class=n>세운 해<th class=n>길이 m<th class=n>기둥<th>점검일"
    rows = "".join(
        f"<tr><td>{korean}<td>{english}<td class=n>{built}<td class=n>{length:.1f}<td class=n>{piers}<td>{seen}"
        for korean, english, built, length, piers, seen in BRIDGES
    )
    return f"<h2>강의 다리들 — The bridges of the river</h2><table>{head}{rows}</table>"


def _form() -> str:
    """Write a form whose first field has the focus, above the table."""
    return (
        f"<h1>방문 기록 · Visitors' book</h1><form action={PICTURE} autocomplete=off>"
        "<div><label>이름</label><input name=name autofocus></div>"
        "<div><label>Place</label><input name=place></div><p><button>기록하기 Save</button></p></form>"
        f"{_bridges()}{_paragraphs((KOREAN[1], ENGLISH[3]))}"
    )


def _picture() -> str:
    """Write a page with the picture and a quotation, which thanks for what was typed."""
    return (
        "<h1>강가의 저녁 · Evening at the river</h1>"
        "<p class=by>기록했습니다 Saved: <b data-typed=name></b> · <b data-typed=place></b></p>"
        "<img src=evening.jpg width=1160 height=400 alt=''>"
        "<blockquote>해가 지면 강물은 낮보다 느리게 흐르는 것처럼 보인다.<br>"
        "다리 위 418번째 돌에 앉아 물소리를 듣는다.<br>"
        "After sunset the river seems to slow down, 3.2 km from the sea.</blockquote>"
        f"<h2>그날의 기록 — Notes of the day</h2>{_paragraphs((KOREAN[4], ENGLISH[4]))}"
    )


def evening(width: int, height: int) -> NDArray[np.uint8]:
    """Paint hills before a low sun over water: BGR (height, width, 3), with a photograph's gradients and grain."""
    rng = np.random.default_rng(7)
    shore = height * 62 // 100
    row, column = np.mgrid[0:shore, 0:width].astype(np.float32)
    down = (row / shore)[:, :, None]
    sky = (1 - down) * np.array([0.50, 0.34, 0.24], np.float32) + down * np.array([0.48, 0.66, 0.97], np.float32)
    sun = np.hypot(column - width * 0.68, row - shore * 0.62)[:, :, None]
    light = np.array([0.55, 0.80, 1.0], np.float32)
    sky += light * (0.55 * np.exp(-sun / 120) + 1.2 / (1 + np.exp(np.clip((sun - 26) / 1.2, -30, 30))))
    clouds = _noise(rng, shore, width, (2, 14))[:, :, None]
    sky += light * 0.22 * np.clip(clouds - 0.48, 0, 1) * (1 - np.abs(down - 0.45))
    for depth, base in enumerate((0.66, 0.78, 0.90)):
        ridge = shore * (base - (0.26 - 0.06 * depth) * _noise(rng, 1, width, (1, 4 + 3 * depth))[0])
        colour = np.array([0.44, 0.40, 0.42], np.float32) * (0.85 - 0.27 * depth)
        sharp = np.clip(row - ridge[None, :], 0, 1)[:, :, None]
        sky = sky * (1 - sharp) + sharp * (colour + 0.05 * clouds)
    water = cv2.resize(sky[::-1], (width, height - shore), interpolation=cv2.INTER_AREA)
    ripple = _noise(rng, height - shore, width, (40, 5))
    moved = np.clip(np.arange(width)[None, :] + (ripple - 0.5) * 44, 0, width - 1).astype(np.int64)
    water = np.take_along_axis(water, np.broadcast_to(moved[:, :, None], water.shape), axis=1)
    picture = np.concatenate([sky, water * (0.78 + 0.3 * (ripple[:, :, None] - 0.5))])
    picture += rng.normal(0, 0.008, picture.shape)
    painted: NDArray[np.uint8] = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return painted


def _noise(rng: np.random.Generator, height: int, width: int, cells: tuple[int, int]) -> NDArray[np.float32]:
    """Sum smooth noise of ever smaller cells, beginning with (rows, columns): (height, width) in 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(5):
        shape = (cells[0] * 2**octave + 1, cells[1] * 2**octave + 1)
        coarse = rng.random(shape).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
    noise: NDArray[np.float32] = (total - total.min()) / np.ptp(total)
    return noise
