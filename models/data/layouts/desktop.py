"""Whole desktops: windows over each other, task bars, menus and dialogs."""

import html
from collections.abc import Callable
from string import ascii_uppercase

from models.data.layouts.frames import FRAMES, Frame
from models.data.layouts.tools import console, folder, listing
from models.data.page import HEIGHT, WIDTH, Page, div
from models.data.palette import FILLS, palette


def windows(page: Page) -> str:
    """Show windows over each other, with a menu or a dialog in front."""
    pick = page.pick
    width, height = WIDTH / page.zoom, HEIGHT / page.zoom
    frame = pick.choice(FRAMES[page.split])
    shown = ""
    for _ in range(pick.randint(2, 5)):
        w, h = int(width * pick.uniform(0.35, 0.75)), int(height * pick.uniform(0.4, 0.85))
        place = (int(pick.uniform(-0.03, 1) * (width - w)), int(pick.uniform(0.03, 1) * (height - h)), w, h)
        shown += _window(page, frame, place, _contents(page, w / page.size))
    if pick.random() < 0.6:
        shown += _menu(page, pick.uniform(0, 0.8) * width, pick.uniform(0.05, 0.5) * height)
    if pick.random() < 0.4:
        shown += _dialog(page, frame, pick.uniform(0.1, 0.6) * width, pick.uniform(0.1, 0.5) * height)
    return _ground(page) + shown + _task_bar(page)


def dialogs(page: Page) -> str:
    """Show one window as large as the screen, with dialogs and menus before it."""
    pick = page.pick
    width, height = WIDTH / page.zoom, HEIGHT / page.zoom
    frame = pick.choice(FRAMES[page.split])
    shown = _window(page, frame, (0, 0, int(width), int(height)), _contents(page, page.width_em))
    for _ in range(pick.randint(1, 3)):
        shown += _dialog(page, frame, pick.uniform(0, 0.7) * width, pick.uniform(0.1, 0.6) * height)
    for _ in range(pick.randint(0, 2)):
        shown += _menu(page, pick.uniform(0, 0.8) * width, pick.uniform(0.05, 0.5) * height)
    return shown + _task_bar(page)


def tiled(page: Page) -> str:
    """Show windows side by side with nothing between them, and perhaps one that floats."""
    pick = page.pick
    width, height = int(WIDTH / page.zoom), int(HEIGHT / page.zoom)
    frame = pick.choice(FRAMES[page.split])
    x, y = int(width * pick.uniform(0.4, 0.6)), int(height * pick.uniform(0.35, 0.65))
    places = ((0, 0, x, height), (x, 0, width - x, y), (x, y, width - x, height - y))
    shown = "".join(_window(page, frame, place, _contents(page, place[2] / page.size)) for place in places)
    floating = (int(width * 0.3), int(height * 0.3), int(width * 0.35), int(height * 0.35))
    if pick.random() < 0.5:
        shown += _window(page, frame, floating, page.paragraphs(6))
    return _ground(page) + shown


def _window(page: Page, frame: Frame, place: tuple[int, int, int, int], body: str) -> str:
    colours = palette(page.pick)
    x, y, width, height = place
    name = f'<span class="line wide">{page.icon()} {page.phrase(page.pick.randint(1, 4))}</span>'
    buttons = f"<span class=fixed>{frame.buttons}</span>"
    title = div("title", frame.title, buttons + name if frame.buttons_first else name + buttons)
    style = f"left:{x}px;top:{y}px;width:{width}px;height:{height}px;{colours.css()};{frame.window}"
    return div("cut over", style, title + div("cut contents", "", body))


def _contents(page: Page, em: float) -> str:
    """Fill a window that is `em` sizes of the font wide."""
    rows = page.rows()
    makers: tuple[Callable[[], str], ...] = (
        lambda: page.bar(words=1) + listing(page, rows),
        lambda: console(page, rows),
        lambda: page.bar(words=1) + folder(page, rows),
        lambda: page.bar() + page.title() + page.paragraphs(rows // 4),
        lambda: page.paragraphs(rows // 4),
        lambda: "".join(div("line", "", page.phrase(int(em / 4))) for _ in range(rows)),
    )
    return page.pick.choice(makers)()


def _menu(page: Page, x: float, y: float) -> str:
    pick = page.pick

    def entry() -> str:
        if pick.random() < 0.15:
            return div("rule", "", "")
        chosen = " chosen" if pick.random() < 0.1 else ""
        name = f"<span class=wide>{page.icon()} {page.phrase(pick.randint(1, 3))}</span>"
        return div(f"line entry{chosen}", "", f"{name}<span class=faint>Ctrl+{pick.choice(ascii_uppercase)}</span>")

    entries = "".join(entry() for _ in range(pick.randint(5, 14)))
    style = f"left:{x:.0f}px;top:{y:.0f}px;background:{page.colours.panel};color:{page.colours.ink}"
    return div("menu", style, entries)


def _dialog(page: Page, frame: Frame, x: float, y: float) -> str:
    fields = "".join(
        div("", "margin:.4em 0", f"{page.phrase(2)}: <span class=field>{page.phrase(2)}</span>")
        for _ in range(page.pick.randint(0, 4))
    )
    text = f"<b>{page.phrase(4)}</b><p>{html.escape(page.writer.paragraph(page.pick.randint(1, 3)))}</p>"
    body = text + fields + div("", "text-align:right", f"{page.button()} {page.button()}")
    width, height = page.pick.randint(24, 34) * page.size, page.pick.randint(14, 24) * page.size
    return _window(page, frame, (int(x), int(y), int(width), int(height)), body)


def _ground(page: Page) -> str:
    if page.pick.random() < 0.35:
        return page.wallpaper()
    one, other = page.pick.choice(FILLS), page.pick.choice(FILLS)
    paint = page.pick.choice((one, f"linear-gradient({page.pick.randrange(360)}deg,{one},{other})"))
    return div("over", f"inset:0;background:{paint}", "")


def _task_bar(page: Page) -> str:
    pick = page.pick

    def task() -> str:
        style = f"border-bottom:2px solid {pick.choice(FILLS)}"
        return f'<span class="line task" style="{style}">{page.icon()} {page.phrase(3)}</span>'

    tasks = "".join(task() for _ in range(pick.randint(3, 9)))
    clock = f"{pick.randint(0, 23):02}:{pick.randint(0, 59):02} {page.writer.date()}"
    place = pick.choice(("bottom:0", "top:0"))
    rest = f'<span class=wide></span><span class="line fixed">{clock}</span>'
    return div("panel tasks", place, f"{page.icon()}{tasks}{rest}")
