"""The screens before the desktop, drawn as pictures: nothing here waits, counts or remembers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image, ImageDraw

from edge.display.typeface import Typeface, find_typeface
from edge.display.words import WORDS, Language, Words
from edge.geometry import Size
from edge.pixels import Picture, from_bgr


class Colour(StrEnum):
    """The palette; every text on its ground has a contrast of 4.5 or more (WCAG 2.1, AA), most of them 7."""

    TOP = "#101a26"
    BOTTOM = "#16263a"
    CARD = "#1b2a3d"
    FIELD = "#0f1926"
    EDGE = "#6f86a3"
    FOCUS = "#7cc0ff"
    TEXT = "#f4f7fb"
    SOFT = "#b9c7d8"
    WARNING = "#ffc9a3"


@dataclass(frozen=True, slots=True)
class Look:
    """What all screens share: fonts, language and a line at the foot, such as the device's name."""

    regular: Typeface
    bold: Typeface
    words: Words
    foot: str = ""

    @classmethod
    def of(cls, language: Language = Language.KOREAN, font: Path | None = None, foot: str = "") -> Self:
        """Take the configured font or find one; raises `DisplayError`."""
        return cls(find_typeface(font), find_typeface(font, bold=True), WORDS[language], foot)


@dataclass(frozen=True, slots=True)
class SignInView:
    """What is to be seen of the sign-in form; the code itself stays out of the picture."""

    name: str
    code_length: int
    code_focused: bool
    message: str = ""


def starting(size: Size, look: Look, step: str = "") -> Picture:
    """Show that the device starts, and `step`, what it does now."""
    return _notice(size, look, look.words.starting, [(step, Colour.SOFT)])


def connecting(size: Size, look: Look, step: str = "") -> Picture:
    """Show that the desktop is coming, and `step`, what is done for it now."""
    return _notice(size, look, look.words.connecting, [(step, Colour.SOFT)])


def lost_connection(size: Size, look: Look, reason: str, retry_in_s: int) -> Picture:
    """Show that the desktop has gone, why, and when it is tried again; 0 for now."""
    wait = look.words.retry_in.format(seconds=retry_in_s) if retry_in_s > 0 else look.words.retry_now
    return _notice(size, look, look.words.lost, [(reason, Colour.WARNING), (wait, Colour.SOFT)])


def error(size: Size, look: Look, reason: str, advice: str = "") -> Picture:
    """Show what keeps the device from going on and what to do about it."""
    return _notice(size, look, look.words.error, [(reason, Colour.WARNING), (advice, Colour.SOFT)])


def sign_in(size: Size, look: Look, view: SignInView) -> Picture:
    """Show the sign-in form with its message line."""
    page = Page(size, look)
    page.card(height=560)
    page.text(look.words.sign_in, 44, Colour.TEXT, bold=True)
    page.text(look.words.sign_in_hint, 20, Colour.SOFT)
    page.gap(22)
    page.field(look.words.name, view.name, focused=not view.code_focused)
    page.field(look.words.code, "●" * view.code_length, focused=view.code_focused)
    if view.message:
        page.text(view.message, 20, Colour.WARNING)
    else:
        page.text(look.words.enter, 18, Colour.SOFT)
    return page.picture()


def banner(size: Size, look: Look, text: str) -> Picture:
    """Draw a strip with one line of text, as small as it can be, for the corner of a screen of `size`."""
    unit = min(size.width / 1920, size.height / 1080)
    font = look.regular.at(max(Page.SMALLEST_TEXT_PX, round(18 * unit)))
    pad = round(14 * unit) + 2
    (line,) = wrapped(text, lambda part: font.getlength(part) <= size.width // 2, 1)
    image = Image.new("RGB", (int(font.getlength(line)) + 2 * pad, int(font.size * 1.4) + pad), Colour.CARD)
    ImageDraw.Draw(image).text((pad, image.height // 2), line, font=font, fill=Colour.WARNING, anchor="lm")
    return from_bgr(np.asarray(image)[:, :, ::-1])


def _notice(size: Size, look: Look, title: str, lines: list[tuple[str, Colour]]) -> Picture:
    page = Page(size, look)
    page.card(height=220 + max(100, 37 * sum(len(page.lines(line, 22)) for line, _ in lines)))
    page.text(title, 40, Colour.TEXT, bold=True)
    page.gap(6)
    for line, colour in lines:
        page.text(line, 22, colour)
    return page.picture()


class Page:
    """A picture being drawn from the top down; lengths are pixels of a 1920x1080 screen, scaled to the real one."""

    CARD_WIDTH = 760
    MARGIN = 64
    SMALLEST_TEXT_PX = 13
    MOST_LINES = 3

    def __init__(self, size: Size, look: Look) -> None:
        self._size, self._look = size, look
        self._unit = min(size.width / 1920, size.height / 1080)
        self._image = _ground(size)
        self._draw = ImageDraw.Draw(self._image)
        self._left, self._width = self._px(self.MARGIN), self._px(self.CARD_WIDTH - 2 * self.MARGIN)
        self._y = size.height - self._px(72)
        foot = look.regular.at(self._text_px(18))
        self._draw.text((self._left, self._y), look.foot, font=foot, fill=Colour.SOFT)

    def picture(self) -> Picture:
        """Return what was drawn."""
        return from_bgr(np.asarray(self._image)[:, :, ::-1])

    def card(self, height: int) -> None:
        """Draw a card in the middle and continue at its top."""
        width, tall = self._px(self.CARD_WIDTH), self._px(height)
        left, top = (self._size.width - width) // 2, (self._size.height - tall) // 2
        self._draw.rounded_rectangle(
            (left, top, left + width - 1, top + tall - 1), self._px(22), fill=Colour.CARD, outline="#2b3f58"
        )
        accent = (left + self._px(self.MARGIN), top + self._px(54))
        self._draw.rounded_rectangle((*accent, accent[0] + self._px(56), accent[1] + self._px(5)), 2, fill=Colour.FOCUS)
        self._left = left + self._px(self.MARGIN)
        self._y = top + self._px(80)

    def gap(self, height: int) -> None:
        """Leave some room."""
        self._y += self._px(height)

    def text(self, text: str, size: int, colour: Colour, *, bold: bool = False) -> None:
        """Write `text`, broken into as many lines as it needs, three at most; nothing for an empty one."""
        font = (self._look.bold if bold else self._look.regular).at(self._text_px(size))
        for line in self.lines(text, size, bold=bold):
            self._draw.text((self._left, self._y), line, font=font, fill=colour)
            self._y += int(self._text_px(size) * 1.5)
        self._y += self._px(8)

    def lines(self, text: str, size: int, *, bold: bool = False) -> list[str]:
        """Break `text` as `text` would write it."""
        font = (self._look.bold if bold else self._look.regular).at(self._text_px(size))
        return wrapped(text, lambda part: font.getlength(part) <= self._width, self.MOST_LINES) if text else []

    def field(self, label: str, text: str, *, focused: bool) -> None:
        """Draw a labelled field; of a text that is too long, its end is shown."""
        label_font, font = self._look.regular.at(self._text_px(18)), self._look.regular.at(self._text_px(26))
        self._draw.text((self._left, self._y), label, font=label_font, fill=Colour.FOCUS if focused else Colour.SOFT)
        top, tall, inset = self._y + self._px(32), self._px(60), self._px(18)
        box = (self._left, top, self._left + self._width - 1, top + tall - 1)
        edge = Colour.FOCUS if focused else Colour.EDGE
        line = max(1, self._px(3 if focused else 1))
        self._draw.rounded_rectangle(box, self._px(10), fill=Colour.FIELD, outline=edge, width=line)
        while text and font.getlength(text) > self._width - 2 * inset:
            text = text[1:]
        middle = top + tall // 2
        self._draw.text((self._left + inset, middle), text, font=font, fill=Colour.TEXT, anchor="lm")
        if focused:
            caret = self._left + inset + int(font.getlength(text)) + self._px(3)
            half = self._px(17)
            self._draw.rectangle((caret, middle - half, caret + self._px(2), middle + half), fill=Colour.FOCUS)
        self._y = top + tall + self._px(22)

    def _px(self, length: int) -> int:
        return round(length * self._unit)

    def _text_px(self, size: int) -> int:
        return max(self.SMALLEST_TEXT_PX, round(size * self._unit))


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


def _ground(size: Size) -> Image.Image:
    """Shade the whole screen from top to bottom."""
    top, bottom = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (Colour.TOP, Colour.BOTTOM))
    weight = np.linspace(0, 1, size.height)[:, None]
    column = np.round(top * (1 - weight) + bottom * weight).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(column[:, None], (size.height, size.width, 3))))
