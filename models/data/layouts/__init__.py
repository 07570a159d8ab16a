"""What pages look like: every layout belongs to one half of the data and one kind of page."""

from collections.abc import Callable
from enum import StrEnum

from models.data.layouts import desktop, documents, pictures, tools, web
from models.data.page import Page
from models.data.split import Split

Layout = Callable[[Page], str]


class Kind(StrEnum):
    """What a page is mostly made of."""

    TEXT = "text"
    PICTURES = "pictures"


LAYOUTS: dict[tuple[Split, Kind], tuple[Layout, ...]] = {
    (Split.TRAIN, Kind.TEXT): (
        web.news, tools.code, desktop.windows, documents.sheet, web.article, tools.terminal, documents.letter,
        web.portal, tools.files, web.form, desktop.dialogs, web.forum, documents.table, tools.chat, documents.charts,
        web.city, documents.agenda,
    ),
    (Split.HELD_OUT, Kind.TEXT): (
        web.mail, desktop.tiled, documents.paper, web.encyclopedia, tools.monitor, web.results, documents.board,
    ),
    (Split.TRAIN, Kind.PICTURES): (pictures.gallery, pictures.feed, pictures.film, pictures.wallpaper),
    (Split.HELD_OUT, Kind.PICTURES): (pictures.album, pictures.shop),
}  # fmt: skip
