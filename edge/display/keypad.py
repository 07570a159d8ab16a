"""Keys to point at, for a screen that nobody has a keyboard to: digits for the code, letters for the name."""

from edge.display.page import Page
from edge.display.palette import Colour

DIGITS = ("1 2 3", "4 5 6", "7 8 9", "◀ 0 OK")
LETTERS = ("1 2 3 4 5 6 7 8 9 0", "q w e r t y u i o p", "a s d f g h j k l -", "z x c v b n m . _ ◀ OK")
"""What a user's name can be made of."""
NAMED = {"◀": "BackSpace", "OK": "Return"}

KEY_HEIGHT, GAP = 64, 10


def draw_keys(page: Page, rows: tuple[str, ...], top: float, width: float) -> None:
    """Draw `rows` of keys in the middle of the screen, from `top` down, on a ground of their own."""
    pad = 18
    height = len(rows) * (KEY_HEIGHT + GAP) - GAP + 2 * pad
    left = (page.WIDTH - width) / 2
    page.box(left, top, width, height, Colour.CARD, Colour.CARD_EDGE, radius=22)
    for number, row in enumerate(rows):
        keys = row.split()
        each = (width - 2 * pad - GAP * (len(keys) - 1)) / len(keys)
        for place, key in enumerate(keys):
            page.button(
                left + pad + place * (each + GAP),
                top + pad + number * (KEY_HEIGHT + GAP),
                each,
                KEY_HEIGHT,
                key,
                NAMED.get(key, key),
                primary=key == "OK",
                size=28,
            )
