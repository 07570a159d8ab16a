"""Pages of the web."""

from models.data.page import HEIGHT, WIDTH, Page, div
from models.data.palette import FILLS, INKS


def news(page: Page) -> str:
    """Set three columns of articles with a few pictures."""
    cells = [
        page.title() + (page.picture(320, 180) if page.pick.random() < 0.35 else "") + page.paragraphs(page.rows() // 5)
        for _ in range(3)
    ]
    widths = page.pick.choice(("2fr 1fr 1fr", "1fr 1fr 1fr", "1fr 2fr 1fr"))
    return page.bar() + page.title() + page.columns(widths, *cells)


def article(page: Page) -> str:
    """Set one column in the middle of blank margins."""
    width = page.pick.randint(40, 80)
    top = page.bar() + f'<div style="width:{width}em;max-width:100%;margin:auto">{page.title()}'
    byline = f"<small class=faint>{page.phrase(3)} {page.writer.date()}</small>"
    return f"{top}{byline}{page.paragraphs(page.rows() // 3)}</div>"


def portal(page: Page) -> str:
    """Set links in boxes, as dense as they get."""
    pick = page.pick

    def link() -> str:
        bullet = pick.choice(("", "· ", page.icon() + " "))
        return div(
            "line", "", f"{bullet}{page.link(pick.randint(2, 5))} <small class=faint>{page.writer.number()}</small>"
        )

    def box() -> str:
        links = "".join(link() for _ in range(pick.randint(5, 14)))
        return div("panel cut box", "", f"<b>{page.phrase(2)}</b>{links}")

    count = max(2, round(page.width_em / pick.randint(16, 26)))
    search = div("", "padding:.6em", f'<span class=field style="width:26em">{page.phrase(3)}</span> {page.button()}')
    boxes = "".join(box() for _ in range(count * (page.rows() // 9 + 1)))
    return search + page.bar() + div("", f"columns:{count};column-gap:.6em;height:86%", boxes)


def form(page: Page) -> str:
    """Set fields below their labels."""
    pick = page.pick

    def field() -> str:
        label, value = page.phrase(2), page.phrase(pick.randint(1, 4))
        controls = (
            f'<span class="field line" style="width:70%">{value}</span>',
            f'<span class="field line">{value} <small>{page.icon()}</small></span>',
            f"<label><input type=checkbox {pick.choice(('', 'checked'))}> {value}</label>",
            (
                f"<label><input type=radio {pick.choice(('', 'checked'))}> {value}</label>"
                f" <label><input type=radio> {page.phrase(1)}</label>"
            ),
            f"{page.button()} {page.button()}",
            div("field", "width:80%", page.styled(page.writer.paragraph(2))),
            f"<input type=range value={pick.randint(0, 100)}> {page.writer.number()}",
        )
        control = pick.choice(controls)
        star = '<span style="color:#d00">*</span>' if pick.random() < 0.2 else ""
        return div("", "margin:.5em 0", f"<div>{label}{star}</div>{control}")

    count = max(2, round(page.width_em / 34))
    fields = "".join(field() for _ in range(count * page.rows(2.2)))
    return page.bar() + page.title() + div("", f"columns:{count};height:84%;column-gap:2em", fields)


def forum(page: Page) -> str:
    """Set posts and, further in, the answers to them."""
    pick = page.pick

    def post() -> str:
        face = div("face", f"background:{pick.choice(FILLS)}", "")
        head = f"<b>{page.phrase(1)}</b> <small class=faint>{page.writer.date()} {page.link(1)}</small>"
        body = f"<div>{head}<div>{page.styled(page.writer.paragraph(pick.randint(1, 4)))}</div></div>"
        return div("post", f"margin:.6em 0 0 {pick.choice((0, 0, 3, 6))}em", face + body)

    posts = "".join(post() for _ in range(page.rows(2.5)))
    side = page.title() + "".join(div("line", "", page.link(4)) for _ in range(page.rows()))
    bar, widths = page.bar(), f"1fr {pick.randint(14, 24)}em"
    return bar + page.columns(widths, page.title() + posts, side)


def city(page: Page) -> str:
    """Draw a map with names on its places."""
    pick = page.pick
    width, height = int(WIDTH / page.zoom), int(HEIGHT / page.zoom)
    light = ("#f2efe9", "#ffffff", "#aad3df", "#c8e6c0", "#fffc", "#333")
    dark = ("#242f3e", "#38414e", "#17263c", "#263c3f", "#000c", "#ddd")
    land, road, water, park, halo, ink = pick.choice((light, dark))

    def wave(spread: float) -> str:
        x, y = pick.uniform(-0.1, 1) * width, pick.uniform(-0.1, 1) * height
        count = 3 * pick.randint(2, 5)
        parts = " ".join(f"{pick.gauss(0, spread):.0f} {pick.gauss(0, spread):.0f}" for _ in range(count))
        return f"M{x:.0f} {y:.0f}c{parts}"

    def street() -> str:
        path, colour = wave(260), pick.choice((road, road, "#fcd6a4", "#e892a2"))
        return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{pick.choice((2, 3, 5, 9))}"/>'

    def house() -> str:
        place = f'x="{pick.randrange(width)}" y="{pick.randrange(height)}"'
        size = f'width="{pick.randint(6, 40)}" height="{pick.randint(6, 40)}"'
        return f'<rect {place} {size} fill="#8884" stroke="#8886"/>'

    def name(x: int, y: int) -> str:
        left, top = x + pick.uniform(0, 2) * page.size, y + pick.uniform(0, 1) * page.size
        colour = pick.choice((ink, ink, pick.choice(INKS)))
        style = (
            f"left:{left:.1f}px;top:{top:.1f}px;max-width:9em;text-shadow:0 0 2px {halo},0 0 2px {halo};"
            f"color:{colour};font-weight:{pick.choice((400, 400, 700))}"
        )
        return div("line over", style, page.phrase(pick.randint(1, 2)))

    areas = "".join(f'<path d="{wave(200)}z" fill="{pick.choice((water, park, park))}"/>' for _ in range(14))
    streets = "".join(street() for _ in range(90))
    houses = "".join(house() for _ in range(260))
    # One place to a cell of a grid, so that names do not cover each other.
    names = "".join(
        name(x, y)
        for x in range(0, width, int(11 * page.size))
        for y in range(0, height, int(3 * page.size))
        if pick.random() < 0.7
    )
    found = "".join(f"<div><b>{page.phrase(2)}</b><br>{page.phrase(5)}</div>" for _ in range(8))
    drawing = f'<svg class=wallpaper width="{width}" height="{height}" style="background:{land}">'
    panel = div("panel cut over", "left:1em;top:1em;width:22em;max-height:70%", page.title() + found)
    return f"{drawing}{areas}{streets}{houses}</svg>{names}{panel}"


def mail(page: Page) -> str:
    """Set folders, a list of messages and one of them."""
    folders = "".join(
        div("line", "", f"{page.icon()} {page.phrase(1)} ({page.pick.randint(0, 99)})") for _ in range(page.rows(1.2))
    )
    messages = "".join(
        div(
            "line message",
            "",
            f"<b>{page.phrase(2)}</b> <small>{page.writer.number()}</small><br>{page.styled(page.writer.phrase(7))}",
        )
        for _ in range(page.rows(2))
    )
    text = page.title() + page.paragraphs(page.rows() // 4)
    return page.bar() + page.columns("13em 34em 1fr", folders, messages, text)


def encyclopedia(page: Page) -> str:
    """Set contents, an article and a box of facts."""
    facts = "".join(f"<tr><th align=left>{page.phrase(1)}<td>{page.phrase(2)}" for _ in range(page.rows() // 2))
    links = "".join(f"<li>{page.link(2)}" for _ in range(page.rows() // 2))
    text = page.title() + page.paragraphs(page.rows() // 8) + page.title() + page.paragraphs(page.rows() // 4)
    contents = "".join(f"<div>{page.phrase(2)}</div>" for _ in range(page.rows()))
    return page.columns("12em 1fr 24em", contents, text, f"<table class=panel>{facts}</table><ul>{links}</ul>")


def results(page: Page) -> str:
    """Set what a search found."""
    found = "".join(
        div(
            "result",
            "",
            f"<small>{page.writer.url()}</small><br>{page.link(6)}<div>{page.styled(page.writer.paragraph(2))}</div>",
        )
        for _ in range(page.rows(4.5))
    )
    return page.bar() + page.columns("2fr 1fr", found, page.title() + page.paragraphs(page.rows() // 8))
