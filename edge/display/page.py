"""A screen being drawn from the top down, and what on it can be pointed at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import segno
from PIL import Image, ImageDraw, ImageFont

from edge.display.palette import Colour
from edge.display.typeface import Typeface, find_typeface
from edge.display.words import WORDS, Language, Words
from edge.geometry import Rect, Size
from edge.pixels import Picture, from_rgb


@dataclass(frozen=True, slots=True)
class Look:
    """What all screens share: fonts, language and a line at the foot, such as the device's name."""

    regular: Typeface
    bold: Typeface
    language: Language
    foot: str = ""

    @classmethod
    def of(cls, language: Language = Language.KOREAN, font: Path | None = None, foot: str = "") -> Self:
        """Take the configured font or find one; raises `DisplayError`."""
        return cls(find_typeface(font), find_typeface(font, bold=True), language, foot)

    @property
    def words(self) -> Words:
        """What to say."""
        return WORDS[self.language]


@dataclass(frozen=True, slots=True)
class Area:
    """Pointing at `rect` is typing `key`: whatever a pointer can do, a keyboard can, and the other way round.

    A key is one character, or has X11's name: "Return", "F2".
    """

    rect: Rect
    key: str


@dataclass(frozen=True, slots=True)
class Screen:
    """A picture (height, width), and where on it something can be pointed at."""

    picture: Picture
    areas: tuple[Area, ...] = ()

    def key_at(self, x: int, y: int) -> str | None:
        """Find what pointing at (x, y) types."""
        for area in self.areas:
            if area.rect.x <= x < area.rect.right and area.rect.y <= y < area.rect.bottom:
                return area.key
        return None


class Page:
    """Lengths are pixels of a 1920x1080 screen, scaled to the real one; `x`, `y` and `width` are where to go on."""

    WIDTH, HEIGHT = 1920, 1080
    MARGIN = 64
    GAP = 20
    SMALLEST_TEXT_PX = 13
    MOST_LINES = 3

    def __init__(self, size: Size, look: Look) -> None:
        self._size, self.look = size, look
        self._unit = min(size.width / self.WIDTH, size.height / self.HEIGHT)
        self._image = _ground(size).copy()
        self._draw = ImageDraw.Draw(self._image)
        self._areas: list[Area] = []
        self._origin = ((size.width / self._unit - self.WIDTH) / 2, (size.height / self._unit - self.HEIGHT) / 2)
        self.x = self.y = self.width = 0.0

    def screen(self) -> Screen:
        """Return what was drawn."""
        return Screen(from_rgb(np.asarray(self._image)), tuple(self._areas))

    def card(self, width: float, height: float, top: float | None = None) -> None:
        """Draw a card in the middle, or from `top` down, and go on at its top left."""
        left = (self.WIDTH - width) / 2
        top = (self.HEIGHT - height) / 2 if top is None else top
        self.box(left, top, width, height, Colour.CARD, Colour.CARD_EDGE, radius=26)
        self.box(left + self.MARGIN, top + 50, 56, 5, Colour.FOCUS, radius=2)
        self.x, self.y, self.width = left + self.MARGIN, top + 76, width - 2 * self.MARGIN

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, edge: str | None = None, *,
        radius: float = 12, line: float = 1.5,
    ) -> Rect:  # fmt: skip
        """Draw a rectangle with round corners; returns where it is on the screen."""
        rect = self._rect(x, y, width, height)
        self._draw.rounded_rectangle(
            (rect.x, rect.y, rect.right - 1, rect.bottom - 1),
            self._px(radius),
            fill=fill,
            outline=edge,
            width=max(1, self._px(line)),
        )
        return rect

    def text(self, text: str, size: float, colour: Colour = Colour.TEXT, *, bold: bool = False) -> None:
        """Write `text`, broken into as many lines as it needs, three at most; nothing for an empty one."""
        font = self._font(size, bold=bold)
        for line in self.lines(text, size, bold=bold):
            self._draw.text(self._at(self.x, self.y), line, font=font, fill=colour)
            self.y += size * 1.45
        self.y += size * 0.3

    def lines(self, text: str, size: float, *, bold: bool = False) -> list[str]:
        """Break `text` as `text` would write it."""
        font, room = self._font(size, bold=bold), self._px(self.width)
        return wrapped(text, lambda part: font.getlength(part) <= room, self.MOST_LINES) if text else []

    def label(
        self, x: float, y: float, text: str, size: float, colour: Colour = Colour.TEXT, *, anchor: str = "lm",
        width: float | None = None, bold: bool = False,
    ) -> None:  # fmt: skip
        """Write one line at a place, shortened in its middle if it is longer than `width`."""
        font = self._font(size, bold=bold)
        if width is not None:
            text = shortened(text, font, self._px(width))
        self._draw.text(self._at(x, y), text, font=font, fill=colour, anchor=anchor)

    def field(self, label: str, text: str, key: str, *, focused: bool) -> None:
        """Draw a labelled field that `key` leads to; of a text that is too long, its end is shown."""
        self.label(self.x, self.y + 12, label, 19, Colour.FOCUS if focused else Colour.SOFT)
        top, tall, inset = self.y + 32, 62, 18
        edge = Colour.FOCUS if focused else Colour.EDGE
        rect = self.box(self.x, top, self.width, tall, Colour.FIELD, edge, line=3 if focused else 1.5)
        if not focused:
            self._areas.append(Area(rect, key))
        font, room = self._font(27), self._px(self.width - 2 * inset - 6)
        while text and font.getlength(text) > room:
            text = text[1:]
        self.label(self.x + inset, top + tall / 2, text, 27)
        if focused:
            caret = self.x + inset + font.getlength(text) / self._unit + 3
            self.box(caret, top + 14, 3, tall - 28, Colour.FOCUS, radius=1)
        self.y = top + tall + self.GAP

    def buttons(self, *wanted: tuple[str, str], primary: bool = True, tall: float = 64) -> None:
        """Draw buttons side by side, the first of them the one to press."""
        width = (self.width - self.GAP * (len(wanted) - 1)) / len(wanted)
        for number, (text, key) in enumerate(wanted):
            self.button(
                self.x + number * (width + self.GAP), self.y, width, tall, text, key, primary=primary and not number
            )
        self.y += tall + self.GAP

    def button(
        self, x: float, y: float, width: float, height: float, text: str, key: str, *, primary: bool = False,
        size: float = 24,
    ) -> None:  # fmt: skip
        """Draw one button that types `key`."""
        fill = Colour.FOCUS if primary else Colour.KEY
        rect = self.box(x, y, width, height, fill, Colour.FOCUS if primary else Colour.EDGE)
        self._areas.append(Area(rect, key))
        ink = Colour.ON_FOCUS if primary else Colour.TEXT
        self.label(x + width / 2, y + height / 2, text, size, ink, anchor="mm", width=width - 16, bold=primary)

    def foot(self, *wanted: tuple[str, str]) -> None:
        """Draw the line at the foot, and small buttons at its right end."""
        middle, x = self.HEIGHT - 50, float(self.WIDTH - self.MARGIN)
        for text, key in reversed(wanted):
            width = self._font(19).getlength(text) / self._unit + 44
            x -= width
            self.button(x, middle - 24, width, 48, text, key, size=19)
            x -= self.GAP
        self.label(self.MARGIN, middle, self.look.foot, 19, Colour.SOFT, width=x - self.MARGIN - 2 * self.GAP)

    def rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write names and what they have, a line for each."""
        for name, value in rows:
            self.label(self.x, self.y + 20, name, 22, Colour.SOFT, width=self.width * 0.3)
            self.label(self.x + self.width * 0.34, self.y + 20, value, 22, width=self.width * 0.66)
            self.y += 44

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """Draw a QR code of `text` in a white square, its modules whole pixels."""
        modules = np.array(list(segno.make(text, error="m").matrix_iter(border=3)), dtype=bool)
        rect = self._rect(x, y, side, side)
        scale = max(1, rect.width // len(modules))
        self.box(x, y, side, side, Colour.PAPER, radius=8)
        drawn = Image.fromarray(np.where(np.kron(modules, np.ones((scale, scale), bool)), 0, 255).astype(np.uint8))
        spare = (rect.width - drawn.width) // 2
        self._image.paste(drawn.convert("RGB"), (rect.x + spare, rect.y + spare))

    def _font(self, size: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        return (self.look.bold if bold else self.look.regular).at(max(self.SMALLEST_TEXT_PX, round(size * self._unit)))

    def _px(self, length: float) -> int:
        return round(length * self._unit)

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return self._px(x + self._origin[0]), self._px(y + self._origin[1])

    def _rect(self, x: float, y: float, width: float, height: float) -> Rect:
        left, top = self._at(x, y)
        right, bottom = self._at(x + width, y + height)
        return Rect(left, top, max(1, right - left), max(1, bottom - top))


def wrapped(text: str, fits: Callable[[str], bool], most_lines: int) -> list[str]:
    """Break `text` at spaces, or anywhere in a word that is too long; the last line ends in "…" if more was there."""
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if fits(longer):
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and not fits(lines[-1] + character):
                lines.append("")
            lines[-1] += character
    if len(lines) > most_lines:
        lines = lines[:most_lines]
        while lines[-1] and not fits(lines[-1] + "…"):
            lines[-1] = lines[-1][:-1]
        lines[-1] += "…"
    return lines


def shortened(text: str, font: ImageFont.FreeTypeFont, room_px: int) -> str:
    """Return `text`, or its beginning and its end with "…" between them if it is longer than `room_px`."""
    if font.getlength(text) <= room_px:
        return text
    kept = len(text)
    while kept > 0 and font.getlength(text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]) > room_px:
        kept -= 1
    return text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]


@lru_cache(maxsize=2)
def _ground(size: Size) -> Image.Image:
    """Shade the whole screen from top to bottom."""
    top, bottom = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (Colour.TOP, Colour.BOTTOM))
    weight = np.linspace(0, 1, size.height)[:, None]
    column = np.round(top * (1 - weight) + bottom * weight).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(column[:, None], (size.height, size.width, 3))))
