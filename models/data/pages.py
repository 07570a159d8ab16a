"""HTML pages in the manner of desktops: what a seed, a split and a kind say, and nothing else."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import cv2

from models.data.scenes import scene
from models.data.text import Split, Writer


class Kind(StrEnum):
    """What a page is mostly made of."""

    TEXT = "text"
    PICTURES = "pictures"


FONTS = {
    Split.TRAIN: {
        "sans": (
            "Noto Sans CJK KR",
            "Noto Sans CJK KR",
            "NanumGothic",
            "NanumSquare",
            "DejaVu Sans",
            "Liberation Sans Narrow",
        ),
        "serif": ("NanumMyeongjo", "DejaVu Serif", "Liberation Serif"),
        "mono": ("NanumGothicCoding", "DejaVu Sans Mono", "Noto Sans Mono CJK KR"),
    },
    Split.HELD_OUT: {
        "sans": ("NanumBarunGothic", "Liberation Sans", "NanumSquareRound"),
        "serif": ("Noto Serif CJK KR",),
        "mono": ("Liberation Mono",),
    },
}
_LIGHT = (
    ("#ffffff", "#000000", "#0645ad", "#f2f2f2"),
    ("#ffffff", "#222222", "#1a73e8", "#eef3fb"),
    ("#ffffff", "#333333", "#c00030", "#fafafa"),
    ("#f6f6f6", "#1b1b1b", "#0067c0", "#ffffff"),
    ("#fdf6e3", "#586e75", "#268bd2", "#eee8d5"),
    ("#ffffff", "#555555", "#03c75a", "#f5f6f8"),
)
_DARK = (
    ("#1e1e1e", "#d4d4d4", "#569cd6", "#252526"),
    ("#121212", "#e8eaed", "#8ab4f8", "#202124"),
    ("#0d1117", "#c9d1d9", "#58a6ff", "#161b22"),
    ("#300a24", "#ffffff", "#8ae234", "#2c001e"),
    ("#002b36", "#93a1a1", "#b58900", "#073642"),
    ("#000000", "#cccccc", "#00cd00", "#111111"),
)
_INKS = ("#b00020", "#00796b", "#e67700", "#7b1fa2", "#1565c0", "#2e7d32", "#888888", "#c678dd", "#e5c07b")


class PageMaker:
    """Makes one page; `folder` takes the pictures that it shows."""

    def __init__(self, split: Split, kind: Kind, seed: int, folder: Path) -> None:
        self.writer = Writer(split, seed)
        self.pick = self.writer.random
        self.folder = folder
        self.seed = seed
        self.size = self.pick.randint(11, 22)
        self.ground, self.ink, self.link, self.panel = self.pick.choice(_DARK if self.pick.random() < 0.35 else _LIGHT)
        self.fonts = {use: self.pick.choice(names) for use, names in FONTS[split].items()}
        self.body_font = self.fonts["sans" if self.pick.random() < 0.7 else "serif"]
        layouts = PICTURE_LAYOUTS if kind is Kind.PICTURES else TEXT_LAYOUTS
        self.layout = layouts[split][seed % len(layouts[split])]
        self.scenes = 0

    def html(self) -> str:
        """Write the page."""
        zoom = self.pick.choice((1, 1, 1, 1, 0.9, 1.1, 1.25))
        offset = self.pick.randint(0, 7)
        return (
            f'<!doctype html><meta charset="utf-8"><style>*{{box-sizing:border-box}}'
            f"body{{margin:{offset}px;background:{self.ground};color:{self.ink};zoom:{zoom};overflow:hidden;"
            f"font:{self.size}px/{self.pick.uniform(1.2, 1.9):.2f} '{self.body_font}','{self.fonts['sans']}'}}"
            f"a{{color:{self.link}}}.p{{background:{self.panel};border:1px solid #8886;padding:8px;"
            f"border-radius:{self.pick.choice((0, 0, 4, 9))}px}}pre,code{{font-family:'{self.fonts['mono']}';margin:0}}"
            "h1,h2,h3{margin:.4em 0;line-height:1.25}p{margin:.5em 0}table{border-collapse:collapse}"
            f"</style>{self.layout(self)}"
        )

    def paragraphs(self, count: int) -> str:
        """Write paragraphs with links, bold, italic and coloured words."""
        return "".join(f"<p>{self.styled(self.writer.paragraph(self.pick.randint(2, 6)))}</p>" for _ in range(count))

    def styled(self, text: str) -> str:
        """Set some words of `text` apart."""
        words = text.replace("&", "&amp;").replace("<", "&lt;").split(" ")
        for at in range(len(words)):
            if self.pick.random() < 0.06:
                tag = self.pick.choice(
                    ("b", "i", "a href=#", "u", "code", f"span style=color:{self.pick.choice(_INKS)}")
                )
                words[at] = f"<{tag}>{words[at]}</{tag.split()[0]}>"
        return " ".join(words)

    def title(self) -> str:
        """Write a heading."""
        level = self.pick.randint(1, 3)
        return f"<h{level}>{self.writer.phrase(self.pick.randint(2, 7))}</h{level}>"

    def picture(self, width: int, height: int) -> str:
        """Paint a scene and show it."""
        self.scenes += 1
        path = self.folder / f"{self.seed}-{self.scenes}.png"
        cv2.imwrite(str(path), scene(width, height, self.seed * 64 + self.scenes))
        return f'<img src="{path.name}" width={width} height={height} style="margin:4px">'

    def icon(self) -> str:
        """Draw something small."""
        colour, size = self.pick.choice(_INKS), self.pick.choice((12, 16, 16, 24, 32))
        shape = self.pick.choice(
            (
                '<circle cx="8" cy="8" r="6"/>',
                '<rect x="2" y="3" width="12" height="10" rx="2"/>',
                '<path d="M2 13L8 2l6 11z"/>',
                '<path d="M2 4h12M2 8h12M2 12h8" stroke-width="1.5"/>',
                '<path d="M3 8l4 4 6-9" fill="none" stroke-width="2"/>',
            )
        )
        return f'<svg width={size} height={size} viewBox="0 0 16 16" fill="{colour}" stroke="{colour}">{shape}</svg>'


def _columns(page: PageMaker, cells: list[str], widths: str) -> str:
    inner = "".join(f"<div class={page.pick.choice(('p', 'q'))}>{cell}</div>" for cell in cells)
    return f'<div style="display:grid;grid-template-columns:{widths};gap:{page.pick.randint(4, 20)}px">{inner}</div>'


def _bar(page: PageMaker, count: int) -> str:
    return '<div class=p style="display:flex;gap:18px;white-space:nowrap;overflow:hidden">' + "".join(
        f"<span>{page.icon()} {page.writer.phrase(page.pick.randint(1, 2))}</span>" for _ in range(count)
    ) + "</div>"  # fmt: skip


def _news(page: PageMaker) -> str:
    cells = [
        page.title() + (page.picture(320, 180) if page.pick.random() < 0.4 else "") + page.paragraphs(9)
        for _ in range(3)
    ]
    return _bar(page, 12) + page.title() + _columns(page, cells, page.pick.choice(("2fr 1fr 1fr", "1fr 1fr 1fr")))


def _article(page: PageMaker) -> str:
    width = page.pick.randint(700, 1500)
    return _bar(page, 9) + f'<div style="width:{width}px;margin:auto">{page.title()}{page.paragraphs(14)}</div>'


def _form(page: PageMaker) -> str:
    def field() -> str:
        label, value = page.writer.phrase(2), page.writer.phrase(page.pick.randint(1, 4))
        control = page.pick.choice(
            (
                f'<input value="{value}" style="font:inherit;width:60%">',
                f"<select style=font:inherit><option>{value}</select>",
                f"<label><input type=checkbox {page.pick.choice(('', 'checked'))}> {value}</label>",
                f"<button style=font:inherit>{value}</button>",
                f"<textarea rows=3 cols=40 style=font:inherit>{page.writer.paragraph(2)}</textarea>",
            )
        )
        return f'<div style="margin:7px"><div>{label}</div>{control}</div>'

    cells = ["".join(field() for _ in range(18)) for _ in range(3)]
    return _bar(page, 8) + _columns(page, cells, "1fr 1fr 1fr")


def _table(page: PageMaker) -> str:
    columns = page.pick.randint(6, 12)
    border = page.pick.choice(("1px solid #8888", "0", "1px dotted #888"))
    cell = f"padding:{page.pick.randint(1, 7)}px 8px;border:{border}"
    rows = "".join(
        f"<tr{' class=p' if row % 2 else ''}>"
        + "".join(
            f'<td style="{cell};white-space:nowrap">'
            + (page.writer.number() if column % 2 else page.writer.phrase(page.pick.randint(1, 3)))
            for column in range(columns)
        )
        for row in range(46)
    )
    return _bar(page, 14) + f"<table width=100%>{rows}</table>"


def _code(page: PageMaker) -> str:
    def line(number: int) -> str:
        words = page.writer.code().replace("&", "&amp;").replace("<", "&lt;").split(" ")
        inked = " ".join(
            f"<span style=color:{page.pick.choice(_INKS)}>{word}</span>" if word and page.pick.random() < 0.3 else word
            for word in words
        )
        return f'<span style="opacity:.5">{number:4} </span>{inked}'

    listing = "\n".join(line(number) for number in range(1, 75))
    tree = "<br>".join(f"{page.icon()} {page.writer.word(korean=False)}.py" for _ in range(45))
    return _bar(page, 8) + _columns(page, [tree, f"<pre>{listing}</pre>"], "260px 1fr")


def _terminal(page: PageMaker) -> str:
    screens = [
        '<pre style="overflow:hidden;height:1040px">'
        + "\n".join(
            page.writer.code().replace("<", "&lt;") if page.pick.random() < 0.7 else page.writer.phrase(8)
            for _ in range(80)
        )
        + "</pre>"
        for _ in range(2)
    ]
    return _columns(page, screens, page.pick.choice(("1fr 1fr", "2fr 1fr")))


def _mail(page: PageMaker) -> str:
    folders = "<br>".join(f"{page.icon()} {page.writer.phrase(1)} ({page.pick.randint(0, 99)})" for _ in range(24))
    entries = "".join(
        f'<div style="border-bottom:1px solid #8884;padding:5px"><b>{page.writer.phrase(2)}</b> '
        f'<span style="float:right">{page.writer.number()}</span><br>{page.styled(page.writer.phrase(7))}</div>'
        for _ in range(20)
    )
    return _bar(page, 9) + _columns(page, [folders, entries, page.title() + page.paragraphs(10)], "220px 560px 1fr")


def _encyclopedia(page: PageMaker) -> str:
    box = "".join(f"<tr><th align=left>{page.writer.phrase(1)}<td>{page.writer.phrase(2)}" for _ in range(16))
    aside = f"<table class=p>{box}</table><ul>" + "".join(
        f"<li><a href=#>{page.writer.phrase(2)}</a>" for _ in range(20)
    )
    main = page.title() + page.paragraphs(5) + page.title() + page.paragraphs(9)
    return _columns(page, ["<br>".join(page.writer.phrase(2) for _ in range(30)), main, aside], "200px 1fr 380px")


def _results(page: PageMaker) -> str:
    entries = "".join(
        f"<div style='margin:14px 0'><small>{page.writer.phrase(3)} › {page.writer.word(korean=False)}</small><br>"
        f"<a href=# style='font-size:1.25em'>{page.writer.phrase(6)}</a>"
        f"<div>{page.styled(page.writer.paragraph(2))}</div></div>"
        for _ in range(11)
    )
    aside = page.title() + page.paragraphs(4)
    return _bar(page, 7) + _columns(page, [entries, aside], "1200px 1fr")


def _gallery(page: PageMaker) -> str:
    shots = "".join(
        f'<div style="display:inline-block;margin:6px;width:310px">{page.picture(300, page.pick.randint(150, 260))}'
        f"<div>{page.writer.phrase(4)}</div></div>"
        for _ in range(20)
    )
    return _bar(page, 10) + shots


def _album(page: PageMaker) -> str:
    shots = "".join(f"{page.picture(900, 460)}" for _ in range(4))
    return page.title() + f'<div style="line-height:0">{shots}</div>' + page.paragraphs(2)


Layout = Callable[[PageMaker], str]
TEXT_LAYOUTS: dict[Split, tuple[Layout, ...]] = {
    Split.TRAIN: (_news, _article, _table, _code, _form, _terminal),
    Split.HELD_OUT: (_mail, _encyclopedia, _results),
}
PICTURE_LAYOUTS: dict[Split, tuple[Layout, ...]] = {Split.TRAIN: (_gallery,), Split.HELD_OUT: (_album,)}
