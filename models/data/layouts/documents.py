"""Documents of an office: letters, sheets, charts, papers."""

from models.data.page import HEIGHT, WIDTH, Page, div
from models.data.palette import FILLS, INKS


def letter(page: Page) -> str:
    """Set a text on white paper under the ribbon of its program."""
    tools = "".join(f"{page.icon()} " for _ in range(40))
    width = page.pick.randint(38, 60)
    text = page.title() + page.paragraphs(page.rows() // 3)
    ribbon = page.bar(words=1) + div("panel line", "", f"{tools}{page.button()} {page.button()}")
    return ribbon + div("cut letter", f"width:{width}em;text-align:{page.pick.choice(('left', 'justify'))}", text)


def sheet(page: Page) -> str:
    """Set a spreadsheet with its headings, some cells filled with colour."""
    pick = page.pick
    columns = int(page.width_em / 7)
    numeric = [pick.random() < 0.6 for _ in range(columns)]

    def cell(row: int, column: int) -> str:
        if pick.random() < 0.12:
            return "<td>"
        fill = f"background:{pick.choice(INKS)}33;" if pick.random() < 0.05 else ""
        weight = "font-weight:700;" if row == 0 or pick.random() < 0.03 else ""
        if numeric[column] and row:
            return f'<td style="text-align:right;{fill}{weight}">{page.writer.number()}'
        return f'<td style="{fill}{weight}">{page.phrase(pick.randint(1, 2))}'

    heads = "".join(f"<th>{chr(65 + column % 26)}" for column in range(columns))
    rows = "".join(
        f"<tr><th>{row + 1}" + "".join(cell(row, column) for column in range(columns)) for row in range(page.rows(1.1))
    )
    bar = page.bar(words=1)
    formula = div("line", "", f"<span class=field>{page.writer.code()}</span>")
    return f"{bar}{formula}<table class=sheet><tr><th>{heads}{rows}</table>"


def table(page: Page) -> str:
    """Set rows and columns over the whole page."""
    pick = page.pick
    columns = max(3, int(page.width_em / pick.randint(9, 15)))
    border = pick.choice(("1px solid #8888", "0", "1px dotted #888"))
    cell = f"padding:{pick.uniform(0.05, 0.45):.2f}em .5em;border:{border};white-space:nowrap"
    rows = "".join(
        f"<tr{' class=panel' if row % 2 else ''}>"
        + "".join(
            f'<td style="{cell}">' + (page.writer.number() if column % 2 else page.phrase(pick.randint(1, 3)))
            for column in range(columns)
        )
        for row in range(page.rows())
    )
    return page.bar() + f'<table width="100%">{rows}</table>'


def charts(page: Page) -> str:
    """Draw figures, bars, lines and rings with their labels."""
    count = max(2, min(5, round(page.width_em / 28)))
    cells = "".join(_chart(page) for _ in range(count * 3))
    return page.bar() + page.title() + div("grid", f"grid-template-columns:repeat({count},1fr);gap:.7em", cells)


def _chart(page: Page) -> str:
    pick = page.pick
    colours = [pick.choice(FILLS) for _ in range(4)]
    count = pick.randint(5, 16)
    kind = pick.choice(("bars", "lines", "ring", "area"))
    heights = [pick.randint(5, 95) for _ in range(count)]
    drawn = _ring(page, colours) if kind == "ring" else _plot(kind, heights, colours)
    axis = "".join(f"<small>{page.phrase(1)}</small>" for _ in range(min(count, 6)))
    legend = "".join(
        f'<span class=line><span class=key style="background:{colour}"></span> {page.phrase(1)} '
        f"{page.writer.number()}</span> "
        for colour in colours
    )
    title = f"<b>{page.phrase(3)}</b>{div('large', '', page.writer.number())}"
    stretch = "" if kind == "ring" else 'preserveAspectRatio="none"'
    drawing = f'<svg width="100%" height="{pick.randint(120, 240)}" viewBox="0 0 100 100" {stretch}>{drawn}</svg>'
    return div("panel cut", "", f"{title}{drawing}{div('line axis', '', axis)}<div>{legend}</div>")


def _ring(page: Page, colours: list[str]) -> str:
    return "".join(
        f'<circle cx="50" cy="50" r="32" fill="none" stroke="{colour}" stroke-width="22" '
        f'stroke-dasharray="{page.pick.randint(20, 60)} 201" stroke-dashoffset="-{at * 50}"/>'
        for at, colour in enumerate(colours)
    )


def _plot(kind: str, heights: list[int], colours: list[str]) -> str:
    step = 100 / len(heights)
    grid = "".join(f'<path d="M0 {y}h100" stroke="#8886" stroke-width=".3"/>' for y in range(0, 101, 20))
    if kind == "bars":
        return grid + "".join(
            f'<rect x="{at * step + step * 0.15:.1f}" y="{100 - tall}" width="{step * 0.7:.1f}" height="{tall}" '
            f'fill="{colours[at % 2]}"/>'
            for at, tall in enumerate(heights)
        )
    points = " ".join(f"{at * step + step / 2:.1f},{100 - tall}" for at, tall in enumerate(heights))
    fill = f"{colours[0]}55" if kind == "area" else "none"
    return grid + f'<polyline points="{points}" fill="{fill}" stroke="{colours[0]}" stroke-width="1.2"/>'


def agenda(page: Page) -> str:
    """Set a month with its appointments."""
    pick = page.pick

    def entry() -> str:
        if pick.random() < 0.4:
            return div("line appointment", f"background:{pick.choice(FILLS)}", page.phrase(2))
        return div("line", "", f"{page.writer.number()} {page.phrase(2)}")

    def day(number: int) -> str:
        return div("cut day", "", f"{number}{''.join(entry() for _ in range(pick.randint(0, page.rows() // 7)))}")

    calendars = "".join(div("line", "", f"<input type=checkbox checked> {page.phrase(2)}") for _ in range(page.rows()))
    days = "".join(day(number % 31 + 1) for number in range(35))
    return page.bar() + page.columns("14em 1fr", calendars, page.title() + div("month", "", days))


def paper(page: Page) -> str:
    """Set two columns of print in a viewer, with small pages at the side."""
    width, height = WIDTH / page.zoom, HEIGHT / page.zoom
    small = "".join(f"{div('thumbnail', '', '')}{page.writer.number()}" for _ in range(7))
    text = page.title() + page.paragraphs(page.rows())
    bar, printed = page.bar(words=1), div("cut print", f"width:{min(width - 170, 75 * page.size):.0f}px", text)
    return bar + div("viewer", f"height:{height:.0f}px", div("cut thumbnails", "", small) + printed)


def board(page: Page) -> str:
    """Set cards in columns of what is to be done."""
    pick = page.pick

    def label() -> str:
        return f'<small class=label style="background:{pick.choice(FILLS)}">{page.phrase(1)}</small> '

    def card() -> str:
        labels = "".join(label() for _ in range(pick.randint(0, 3)))
        text = f"<div>{page.phrase(pick.randint(3, 12))}</div>"
        due = f"<small class=faint>{page.writer.number()} {page.phrase(1)}</small>"
        return div("panel", "margin:.5em 0", f"{labels}{text}{due}")

    def column() -> str:
        return f"<b>{page.phrase(2)}</b> {pick.randint(1, 40)}" + "".join(card() for _ in range(page.rows(3.5)))

    columns = [column() for _ in range(max(3, round(page.width_em / 22)))]
    return page.bar() + page.columns(f"repeat({len(columns)},1fr)", *columns)
