"""A page in the making: its fonts, colours and sizes, and the small things that all layouts are put together from."""

import html
import random
from pathlib import Path

import cv2

from models.data.fonts import FONTS, Use
from models.data.palette import FILLS, INKS, palette
from models.data.scenes import scene
from models.data.split import Split
from models.data.text import Writer

SIZES = range(10, 29)
WIDTH, HEIGHT = 1920, 1080
# The sizes that desktops are read at come more often; every size comes.
_USUAL = (11, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 16, 16, 16, 18, 20)
_SHARES = (1.0, 0.9, 0.85, 0.75, 0.6, 0.5, 0.3, 0.0, 0.0, 0.0)
_STYLE = Path(__file__).with_name("page.css")


def div(classes: str, style: str, inner: str) -> str:
    """Write an element of its own lines; the classes are those of `page.css`."""
    return f'<div class="{classes}" style="{style}">{inner}</div>'


class Page:
    """What a layout writes on; `folder` takes the pictures that it shows."""

    def __init__(self, split: Split, seed: int, folder: Path) -> None:
        self.pick = pick = random.Random(seed)
        self.split, self.seed, self.folder = split, seed, folder
        self.writer = Writer(split, seed, korean=pick.choice(_SHARES))
        self.colours = palette(pick)
        usual = split is Split.TRAIN and pick.random() < 0.6
        self.zoom = pick.choice((1, 1, 1, 1, 1, 1, 0.8, 0.9, 1.1, 1.25, 1.5))
        self.size = (pick.choice(_USUAL) if usual else SIZES[seed % len(SIZES)]) / self.zoom
        self.line_height = pick.uniform(1.2, 1.8)
        self.latin = {use: self._font(use, korean=False) for use in Use}
        self.korean = {use: self._font(use, korean=True) for use in Use}
        # Many pages have one font for both; the others name a Latin one first.
        self._korean_first = pick.random() < 0.4 and self.writer.share > 0
        self.body = pick.choice((Use.SANS, Use.SANS, Use.SANS, Use.SERIF))
        self.scenes = 0

    def stack(self, use: Use) -> str:
        """Return the CSS families for `use`."""
        families = (self.latin[use], self.korean[use])
        return ",".join(f"'{family}'" for family in (reversed(families) if self._korean_first else families))

    def rows(self, height: float = 1.0) -> int:
        """Return how many lines of text of the body fit on the page, each `height` times its own."""
        return int(HEIGHT / (self.size * self.zoom * self.line_height * height)) + 1

    @property
    def width_em(self) -> float:
        """The width of the page in sizes of its font."""
        return WIDTH / (self.size * self.zoom)

    def html(self, inner: str) -> str:
        """Write the whole page around `inner`."""
        pick, colours = self.pick, self.colours
        spacing = pick.choice(("normal", "normal", "normal", "normal", "-.02em", ".03em"))
        breaking = pick.choice(("normal", "normal", "keep-all"))
        weight = pick.choice((400, 400, 400, 400, 400, 300, 500, 700))
        family = self.stack(self.body)
        padding = pick.randint(0, 11)
        decoration = pick.choice(("none", "underline"))
        radius = pick.choice((0, 0, 4, 9))
        body = (
            f"{colours.css()};padding:{padding}px;zoom:{self.zoom};letter-spacing:{spacing};word-break:{breaking};"
            f"width:{WIDTH / self.zoom:.3f}px;height:{HEIGHT / self.zoom:.3f}px;"
            f"font:{weight} {self.size:.3f}px/{self.line_height:.2f} {family};"
            f"--size-least:{SIZES[0] / self.zoom:.3f}px;"
            f"--decoration:{decoration};--radius:{radius}px;--mono:{self.stack(Use.MONO)};--heading:{self._headings()}"
        )
        style = _STYLE.read_text(encoding="utf-8")
        return (
            f'<!doctype html><html lang="ko"><meta charset="utf-8"><style>{style}</style><body style="{body}">{inner}'
        )

    def columns(self, widths: str, *cells: str) -> str:
        """Set cells side by side."""
        kind = self.pick.choice(("panel", "plain"))
        inner = "".join(div(f"{kind} cut", "", cell) for cell in cells)
        gap = self.pick.randint(2, 18)
        return div("grid", f"grid-template-columns:{widths};gap:{gap}px;height:100%", inner)

    def bar(self, *, words: int = 2) -> str:
        """Write a bar of a menu or of tools over the width of what it is in."""

        def entry() -> str:
            icon = self.icon() if self.pick.random() < 0.5 else ""
            return f'<span class="line fixed">{icon} {self.phrase(self.pick.randint(1, words))}</span>'

        return div("panel line row", "gap:1.2em", "".join(entry() for _ in range(int(self.width_em / 7))))

    def phrase(self, words: int) -> str:
        """Write words, escaped."""
        return html.escape(self.writer.phrase(words))

    def paragraphs(self, count: int) -> str:
        """Write paragraphs with links, bold, italic and coloured words."""
        return "".join(f"<p>{self.styled(self.writer.paragraph(self.pick.randint(2, 6)))}</p>" for _ in range(count))

    def styled(self, text: str) -> str:
        """Escape `text` and set some of its words apart."""
        words = html.escape(text).split(" ")
        for at in range(len(words)):
            if self.pick.random() < 0.06:
                ink = f'span style="color:{self.pick.choice(INKS)}"'
                mark = 'span style="background:#fd06"'
                tag = self.pick.choice(("b", "b", "i", 'a href="#"', 'a href="#"', "u", "code", ink, mark))
                words[at] = f"<{tag}>{words[at]}</{tag.split()[0]}>"
        return " ".join(words)

    def title(self) -> str:
        """Write a heading."""
        level = self.pick.randint(1, 3)
        return f"<h{level}>{self.phrase(self.pick.randint(2, 7))}</h{level}>"

    def link(self, words: int) -> str:
        """Write a link."""
        return f'<a href="#">{self.phrase(words)}</a>'

    def button(self) -> str:
        """Draw a button, plain or filled."""
        if self.pick.random() < 0.4:
            fill = self.pick.choice(FILLS)
            ink = "#000" if fill in {"#f9ab00", "#ffe812"} else "#fff"
            style = f"background:{fill};color:{ink};border-color:{fill}"
            return f'<button style="{style}">{self.phrase(self.pick.randint(1, 2))}</button>'
        return f"<button>{self.phrase(self.pick.randint(1, 2))}</button>"

    def wallpaper(self) -> str:
        """Paint a scene behind all of the page."""
        return self.picture(WIDTH, HEIGHT, f"position:absolute;left:0;top:0;width:{WIDTH / self.zoom:.3f}px")

    def picture(self, width: int, height: int, style: str = "margin:4px") -> str:
        """Paint a scene of this many pixels and show it."""
        self.scenes += 1
        path = self.folder / f"{self.seed}-{self.scenes}.png"
        painted = scene(width, height, self.seed * 64 + self.scenes)
        cv2.imwrite(str(path), painted, [cv2.IMWRITE_PNG_COMPRESSION, 0])
        return f'<img src="{path.name}" width="{width}" height="{height}" style="{style}">'

    def icon(self) -> str:
        """Draw something small."""
        colour, size = self.pick.choice((*INKS, "currentColor")), self.pick.choice((12, 16, 16, 24, 32))
        shape = self.pick.choice(
            (
                '<circle cx="8" cy="8" r="6"/>',
                '<rect x="2" y="3" width="12" height="10" rx="2"/>',
                '<path d="M2 13L8 2l6 11z"/>',
                '<path d="M2 4h12M2 8h12M2 12h8" stroke-width="1.5"/>',
                '<path d="M3 8l4 4 6-9" fill="none" stroke-width="2"/>',
                '<path d="M2 5h5l1-2h6v10H2z"/>',
                '<circle cx="7" cy="7" r="4.5" fill="none" stroke-width="1.6"/><path d="M10 10l4 4" stroke-width="2"/>',
                '<path d="M8 2v12M2 8h12" stroke-width="2"/>',
                '<path d="M3 3l10 10M13 3L3 13" stroke-width="1.3"/>',
            )
        )
        return (
            f'<svg width="{size}" height="{size}" viewBox="0 0 16 16" fill="{colour}" stroke="{colour}">{shape}</svg>'
        )

    def _font(self, use: Use, *, korean: bool) -> str:
        fonts = [font for font in FONTS if (font.split, font.use, font.korean) == (self.split, use, korean)]
        return self.pick.choices([font.family for font in fonts], [font.weight for font in fonts])[0]

    def _headings(self) -> str:
        return self.stack(Use.DISPLAY if self.pick.random() < 0.3 else self.body)
