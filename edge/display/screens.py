"""The appliance's own screens, drawn as pictures: nothing here waits, counts or remembers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from edge.display.keypad import DIGITS, LETTERS, draw_keys
from edge.display.page import Look, Page, Screen, wrapped
from edge.display.palette import Colour
from edge.geometry import Size
from edge.pixels import Picture, from_rgb

MOST_CHOICES = 9
"""Desktops on the choosing screen: one for each digit; of more, those around the selected one are shown."""


@dataclass(frozen=True, slots=True)
class EnrolView:
    """What an administrator needs to know a device that is not enrolled: `number` and `fingerprint` of its key."""

    number: str
    fingerprint: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SignInView:
    """What is to be seen of the sign-in form; the code itself stays out of the picture.

    `locked_for` is whose session waits behind it; with `keys` it has something to point at in place of a keyboard.
    """

    name: str
    code_length: int
    code_focused: bool
    message: str = ""
    locked_for: str = ""
    keys: bool = False


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """Desktops to choose from, and the number of the one that Return takes."""

    desktops: Sequence[str]
    selected: int


def starting(size: Size, look: Look) -> Screen:
    """Show that the device starts."""
    page = _page(size, look)
    page.card(760, 250)
    page.text(look.words.starting, 42, bold=True)
    return page.screen()


def enrol(size: Size, look: Look, view: EnrolView) -> Screen:
    """Show who this device is, for an administrator to compare, and what keeps it from being enrolled."""
    words, side = look.words, 300
    page = _page(size, look)
    page.card(1180, 560)
    page.text(words.enrol, 42, bold=True)
    page.text(words.enrol_hint, 22, Colour.SOFT)
    page.y += 10
    top, whole = page.y, page.width
    page.qr(f"edge-device:{view.number}:{view.fingerprint}", page.x + whole - side, top, side)
    page.width = whole - side - 50
    page.text(words.device, 19, Colour.SOFT)
    page.text(view.number, 38, bold=True)
    page.text(words.fingerprint, 19, Colour.SOFT)
    groups = " ".join(view.fingerprint[at : at + 4] for at in range(0, len(view.fingerprint), 4))
    page.text(groups, 22)
    page.text(view.trouble, 19, Colour.WARNING)
    return page.screen()


def sign_in(size: Size, look: Look, view: SignInView) -> Screen:
    """Show the sign-in form, or the lock over a session, with its message."""
    words, locked = look.words, bool(view.locked_for)
    page = _page(size, look)
    page.card(760, 620, top=40 if view.keys else None)
    page.text(words.locked if locked else words.sign_in, 42, bold=True)
    hint = words.locked_hint.format(user=view.locked_for) if locked else words.sign_in_hint
    page.text(hint, 21, Colour.SOFT)
    page.y += 16
    page.field(words.name, view.name, "Tab", focused=not view.code_focused)
    page.field(words.code, "●" * view.code_length, "Tab", focused=view.code_focused)
    page.buttons((words.unlock if locked else words.submit, "Return"))
    if view.message:
        page.text(view.message, 21, Colour.WARNING)
    else:
        page.text(words.keys, 19, Colour.SOFT)
    if view.keys:
        draw_keys(page, DIGITS if view.code_focused else LETTERS, 680, 480 if view.code_focused else 1060)
    return page.screen()


def choosing(size: Size, look: Look, view: ChoiceView) -> Screen:
    """Show a user's desktops to choose from."""
    words = look.words
    shown = shown_choices(len(view.desktops), view.selected)
    tall, gap = 62, 12
    page = _page(size, look)
    page.card(860, 312 + len(shown) * (tall + gap))
    page.text(words.choose, 42, bold=True)
    page.text(words.choose_hint, 21, Colour.SOFT)
    page.y += 16
    for number, place in enumerate(shown):
        text = f"{number + 1}   {view.desktops[place]}"
        chosen = place == view.selected
        page.button(page.x, page.y, page.width, tall, text, str(number + 1), primary=chosen, size=25)
        page.y += tall + gap
    page.y += 8
    page.buttons((words.sign_out, "Escape"), primary=False, tall=54)
    return page.screen()


def shown_choices(count: int, selected: int) -> range:
    """Which of `count` desktops stand on the screen, the first of them at the digit 1."""
    first = max(0, min(selected - MOST_CHOICES // 2, count - MOST_CHOICES))
    return range(first, min(count, first + MOST_CHOICES))


def signing_in(size: Size, look: Look) -> Screen:
    """Show that the broker is being asked."""
    page = _page(size, look)
    page.card(760, 250)
    page.text(look.words.signing_in, 42, bold=True)
    return page.screen()


def connecting(size: Size, look: Look, desktop: str, step: int) -> Screen:
    """Show that `desktop` is coming, and which of the steps to it is being done."""
    words = look.words
    page = _page(size, look)
    page.card(860, 452)
    page.text(words.connecting, 42, bold=True)
    page.y += 14
    for number, text in enumerate(words.steps):
        done, now = number < step, number == step
        colour = Colour.GOOD if done else Colour.TEXT if now else Colour.SOFT
        mark = Colour.GOOD if done else Colour.FOCUS if now else None
        page.box(page.x, page.y + 11, 20, 20, mark or Colour.CARD, mark or Colour.EDGE, radius=10, line=2)
        page.label(page.x + 42, page.y + 21, text.format(desktop=desktop), 24, colour, width=page.width - 42)
        page.y += 58
    page.y += 12
    page.buttons((words.cancel, "Escape"), primary=False, tall=56)
    return page.screen()


def lost_connection(size: Size, look: Look, reason: str, retry_in_s: int) -> Screen:
    """Show that the desktop has gone, why, and when it is tried again."""
    words = look.words
    page = _page(size, look)
    page.card(860, 490)
    page.text(words.lost, 42, bold=True)
    page.text(words.retry_in.format(seconds=retry_in_s), 25)
    page.text(reason, 20, Colour.WARNING)
    page.y = page.HEIGHT / 2 + 245 - 120
    page.buttons((words.retry_now, "Return"), (words.sign_out, "Escape"))
    return page.screen()


def updating(size: Size, look: Look, percent: int) -> Screen:
    """Show how far an update is."""
    page = _page(size, look)
    page.card(860, 310)
    page.text(look.words.updating, 42, bold=True)
    page.text(look.words.updating_hint.format(percent=percent), 22, Colour.SOFT)
    page.y += 16
    page.box(page.x, page.y, page.width, 16, Colour.FIELD, Colour.EDGE, radius=8)
    if percent > 0:
        page.box(page.x, page.y, max(16, page.width * min(percent, 100) / 100), 16, Colour.FOCUS, radius=8)
    return page.screen()


def stopping(size: Size, look: Look) -> Screen:
    """Show that the device shuts down."""
    page = Page(size, look)
    page.foot()
    page.card(760, 250)
    page.text(look.words.stopping, 42, bold=True)
    return page.screen()


def status(size: Size, look: Look, rows: Sequence[tuple[str, str]], doings: Sequence[tuple[str, str]] = ()) -> Screen:
    """Show how the device is: `rows` are keys of the words' `rows`, and what there is to say.

    `doings` are what can be pointed at beside closing the page: a text and the key that it types.
    """
    words = look.words
    page = Page(size, look)
    page.foot((words.language_button, "F2"))
    page.card(1080, 260 + 44 * len(rows))
    page.text(words.status, 42, bold=True)
    page.rows([(words.rows[name], value) for name, value in rows])
    page.y += 16
    page.buttons((words.close, "Escape"), *doings, primary=False, tall=54)
    return page.screen()


def banner(size: Size, look: Look, text: str) -> Picture:
    """Draw a strip with one line of text, as small as it can be, for the corner of a screen of `size`."""
    unit = min(size.width / Page.WIDTH, size.height / Page.HEIGHT)
    font = look.regular.at(max(Page.SMALLEST_TEXT_PX, round(18 * unit)))
    pad = round(14 * unit) + 2
    (line,) = wrapped(text, lambda part: font.getlength(part) <= size.width // 2, 1)
    image = Image.new("RGB", (int(font.getlength(line)) + 2 * pad, int(font.size * 1.4) + pad), Colour.CARD)
    ImageDraw.Draw(image).text((pad, image.height // 2), line, font=font, fill=Colour.WARNING, anchor="lm")
    return from_rgb(np.asarray(image))


def _page(size: Size, look: Look) -> Page:
    page = Page(size, look)
    page.foot((look.words.language_button, "F2"), (look.words.status_button, "F1"))
    return page
