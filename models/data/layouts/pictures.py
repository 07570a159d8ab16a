"""Pages of which the most is pictures."""

import html

from models.data.page import HEIGHT, WIDTH, Page, div


def gallery(page: Page) -> str:
    """Show small pictures in rows, each with a line below it."""
    pick = page.pick
    width = pick.choice((240, 310, 400, 470))

    def shot() -> str:
        picture = page.picture(width - 8, int(width * pick.uniform(0.5, 0.8)))
        return div("shot", f"width:{width}px", picture + div("line", "", page.phrase(4)))

    rows, columns = int(HEIGHT / page.zoom / (width * 0.7)) + 1, int(WIDTH / page.zoom / (width + 12))
    shots = "".join(shot() for _ in range(rows * columns))
    return page.bar() + shots


def feed(page: Page) -> str:
    """Show large pictures under each other with comments at their side."""
    pick = page.pick
    width = int(WIDTH / page.zoom * pick.uniform(0.45, 0.6))

    def post() -> str:
        head = f"<b>{page.phrase(1)}</b> <small class=faint>{page.writer.date()}</small>"
        return f"<div>{head}{page.picture(width, pick.randint(360, 700))}</div>"

    def comment() -> str:
        return f"<p><b>{page.phrase(1)}</b> {html.escape(page.writer.paragraph(2))}</p>"

    posts = "".join(post() for _ in range(3))
    return page.columns(f"{width + 20}px 1fr", posts, "".join(comment() for _ in range(page.rows(2))))


def film(page: Page) -> str:
    """Show a film in its player with subtitles, and others to choose from."""
    width = int(WIDTH / page.zoom * 0.68)
    subtitle = div("subtitle", "", page.phrase(page.pick.randint(4, 9)))
    shown = page.picture(width, width * 9 // 16, "") + div("", "line-height:1.3", subtitle)
    player = div("", f"position:relative;width:{width}px;line-height:0", shown)

    def other() -> str:
        still, name = page.picture(168, 94, "flex:none"), page.phrase(6)
        seen = f"<small class=faint>{page.phrase(2)} {page.writer.number()}</small>"
        return div("film", "", still + div("cut", "height:94px", f"{name}<br>{seen}"))

    others = "".join(other() for _ in range(10))
    below = page.title() + page.paragraphs(5)
    return page.columns(f"{width + 16}px 1fr", player + below, others)


def wallpaper(page: Page) -> str:
    """Show a desktop of which hardly more than its picture is seen."""
    pick = page.pick
    shortcuts = "".join(
        div("shortcut", "", f"{page.icon()}<div>{page.writer.file()}</div>") for _ in range(pick.randint(4, 12))
    )
    ground = page.wallpaper()
    text = page.title() + page.paragraphs(3)
    panel = div("panel cut over", "right:2em;top:4em;width:26em;max-height:60%", text)
    return ground + div("shortcuts", "", shortcuts) + (panel if pick.random() < 0.6 else "")


def album(page: Page) -> str:
    """Show large pictures edge to edge."""
    width, height = int(WIDTH / page.zoom / 2 - 24), int(HEIGHT / page.zoom * 0.42)
    shots = "".join(page.picture(width, height) for _ in range(4))
    return page.title() + div("", "line-height:0", shots) + page.paragraphs(2)


def shop(page: Page) -> str:
    """Show goods with their prices."""
    side = page.pick.choice((280, 340, 400))

    def goods() -> str:
        picture, name = page.picture(side - 18, side - 60, ""), page.phrase(5)
        price = f"<b>{page.writer.number()}</b> {page.button()}"
        style = f"width:{side}px;height:{side + 7 * page.size:.0f}px"
        return div("panel cut goods", style, f"{picture}<div>{name}</div>{price}")

    shown = "".join(goods() for _ in range(int(WIDTH / page.zoom / (side + 14)) * 3))
    return page.bar() + shown
