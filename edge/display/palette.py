"""The colours of the appliance's own screens."""

from enum import StrEnum


class Colour(StrEnum):
    """Every text on its ground has a contrast of 4.5 or more, every edge of a control 3 (WCAG 2.1, AA)."""

    TOP = "#0d1622"
    BOTTOM = "#15273c"
    CARD = "#1a2a3e"
    CARD_EDGE = "#2e4560"
    FIELD = "#0e1825"
    KEY = "#2a3f58"
    EDGE = "#6f8aa8"
    FOCUS = "#7cc4ff"
    TEXT = "#f4f7fb"
    SOFT = "#b9c7d8"
    WARNING = "#ffc9a3"
    GOOD = "#8fe0b0"
    ON_FOCUS = "#08121d"
    """Text on FOCUS."""
    PAPER = "#ffffff"
    INK = "#000000"


GROUNDS = (Colour.TOP, Colour.BOTTOM, Colour.CARD, Colour.FIELD, Colour.KEY)
"""What text stands on."""
INKS = (Colour.FOCUS, Colour.TEXT, Colour.SOFT, Colour.WARNING, Colour.GOOD)
"""What text is written in on them."""
