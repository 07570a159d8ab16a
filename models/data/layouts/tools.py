"""Programs: editors, terminals, file managers, chats, monitors."""

import html

from models.data.page import Page, div
from models.data.palette import FILLS, INKS


def listing(page: Page, rows: int) -> str:
    """Write lines of a program in the colours of an editor."""

    def line(number: int) -> str:
        inked = " ".join(
            f'<span style="color:{page.pick.choice(INKS)}">{word}</span>' if word and page.pick.random() < 0.3 else word
            for word in html.escape(page.writer.code()).split(" ")
        )
        return f"<span class=number>{number:4} </span>{inked}"

    return "<pre>" + "\n".join(line(number) for number in range(1, rows + 1)) + "</pre>"


def console(page: Page, rows: int) -> str:
    """Write what programs said in a terminal."""
    lines = []
    for _ in range(rows):
        line = html.escape(page.writer.shell())
        if page.pick.random() < 0.15:
            line = f'<span style="color:{page.pick.choice(INKS)}">{line}</span>'
        lines.append(f"<b>{line}</b>" if page.pick.random() < 0.08 else line)
    return "<pre>" + "\n".join(lines) + "</pre>"


def folder(page: Page, rows: int) -> str:
    """Write a list of files with their sizes and dates."""

    def file() -> str:
        chosen = " class=panel" if page.pick.random() < 0.06 else ""
        name = f"{page.icon()} {page.writer.file()}"
        size, kind = page.writer.number(), page.phrase(1)
        return f"<tr{chosen}><td class=line>{name}<td align=right>{size}<td>{kind}<td>{page.writer.date()}"

    files_shown = "".join(file() for _ in range(rows))
    heads = "".join(f"<th align=left>{page.phrase(1)}" for _ in range(4))
    return f'<table width="100%"><tr>{heads}{files_shown}</table>'


def code(page: Page) -> str:
    """Show an editor with its tree of files."""
    tree = "".join(div("line", "", f"{page.icon()} {page.writer.file()}") for _ in range(page.rows()))
    text = listing(page, page.rows())
    if page.width_em > 110 and page.pick.random() < 0.5:
        return page.bar() + page.columns("16em 1fr 1fr", tree, text, listing(page, page.rows()))
    return page.bar() + page.columns("16em 1fr", tree, text)


def terminal(page: Page) -> str:
    """Show terminals side by side over the whole page."""
    count = 3 if page.width_em > 150 else 2 if page.width_em > 75 else 1
    screens = [console(page, page.rows()) for _ in range(count)]
    return page.columns(page.pick.choice((f"repeat({count},1fr)", "1.6fr" + " 1fr" * (count - 1))), *screens)


def files(page: Page) -> str:
    """Show a file manager: places, and files as a list or as icons."""
    pick = page.pick
    places = "".join(div("line", "", f"{page.icon()} {page.phrase(1)}") for _ in range(page.rows(1.3)))
    shown = folder(page, page.rows()) if pick.random() < 0.5 else _icons(page, pick.choice((32, 48, 64)))
    path = " / ".join(page.phrase(1) for _ in range(4))
    return page.bar(words=1) + div("panel line", "", f"{page.icon()} {path}") + page.columns("13em 1fr", places, shown)


def _icons(page: Page, side_px: int) -> str:
    def icon() -> str:
        shape = f'<path d="M1 3h5l1 2h8v9H1z" fill="{page.pick.choice(FILLS)}"/>'
        drawing = f'<svg width="{side_px}" height="{side_px}" viewBox="0 0 16 16">{shape}</svg>'
        return div("file", "", drawing + div("cut", "", page.writer.file()))

    return "".join(icon() for _ in range(int(page.width_em / 9) * page.rows(4)))


def chat(page: Page) -> str:
    """Show conversations: people at the left, what they say in bubbles."""
    pick = page.pick

    def friend() -> str:
        face = f'<span class=small-face style="background:{pick.choice(FILLS)}"></span>'
        head = f"{face} <b>{page.phrase(1)}</b> <small class=faint>{page.writer.number()}</small>"
        return div("line friend", "", f"{head}<br><small>{page.phrase(5)}</small>")

    def said() -> str:
        side, fill = pick.choice((("flex-start", "#8883"), ("flex-end", own)))
        text = html.escape(page.writer.paragraph(pick.randint(1, 2)))
        return div("turn", f"justify-content:{side}", div("bubble", f"background:{fill}", text))

    friends = "".join(friend() for _ in range(page.rows(2.6)))
    own = pick.choice(("#ffe812;color:#000", "#1a73e8;color:#fff", "#dcf8c6;color:#111"))
    count = 2 if page.width_em > 100 else 1
    rooms = ["".join(said() for _ in range(page.rows(2))) for _ in range(count)]
    return page.columns("18em" + " 1fr" * count, friends, *rooms)


def monitor(page: Page) -> str:
    """Show processes, their figures as bars, and a log."""
    pick = page.pick

    def process() -> str:
        number, name, share = pick.randint(1, 65535), page.writer.name(), pick.randint(1, 100)
        bar = div("load", "", div("", f"width:{share}%;background:{pick.choice(FILLS)}", ""))
        memory = page.writer.number()
        return (
            f"<tr><td>{number}<td>{name}<td>{bar}<td align=right>{share}%<td align=right>{memory}"
            f"<td class=line>{page.phrase(2)}"
        )

    rows = "".join(process() for _ in range(page.rows()))
    log = "".join(div("line", "", html.escape(page.writer.shell())) for _ in range(page.rows()))
    return page.bar() + page.columns("1fr 1fr", f'<table width="100%">{rows}</table>', div("log", "", log))
