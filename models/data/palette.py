"""Colours of pages: ground, ink, links, panels."""

import random
from dataclasses import dataclass

_LIGHT = (
    ("#ffffff", "#000000", "#0645ad", "#f2f2f2"),
    ("#ffffff", "#222222", "#1a73e8", "#eef3fb"),
    ("#ffffff", "#333333", "#c00030", "#fafafa"),
    ("#f6f6f6", "#1b1b1b", "#0067c0", "#ffffff"),
    ("#fdf6e3", "#586e75", "#268bd2", "#eee8d5"),
    ("#ffffff", "#555555", "#03c75a", "#f5f6f8"),
    ("#f0f0f0", "#000000", "#0000ee", "#ffffff"),
    ("#eff0f1", "#31363b", "#2980b9", "#fcfcfc"),
    ("#ffffff", "#777777", "#e36209", "#f6f8fa"),
    ("#faf4ed", "#575279", "#907aa9", "#fffaf3"),
    ("#dfe6ee", "#1f2d3d", "#8e44ad", "#f7fafd"),
    ("#d4d0c8", "#000000", "#000080", "#ffffff"),
)
_DARK = (
    ("#1e1e1e", "#d4d4d4", "#569cd6", "#252526"),
    ("#121212", "#e8eaed", "#8ab4f8", "#202124"),
    ("#0d1117", "#c9d1d9", "#58a6ff", "#161b22"),
    ("#300a24", "#ffffff", "#8ae234", "#2c001e"),
    ("#002b36", "#93a1a1", "#b58900", "#073642"),
    ("#000000", "#cccccc", "#00cd00", "#111111"),
    ("#282a36", "#f8f8f2", "#bd93f9", "#44475a"),
    ("#2e3440", "#d8dee9", "#88c0d0", "#3b4252"),
    ("#31363b", "#eff0f1", "#3daee9", "#232629"),
)
INKS = ("#b00020", "#00796b", "#e67700", "#7b1fa2", "#1565c0", "#2e7d32", "#888888", "#c678dd", "#e5c07b", "#d33682")
FILLS = ("#1a73e8", "#c5221f", "#188038", "#f9ab00", "#5f6368", "#673ab7", "#00838f", "#2d2d2d", "#03c75a", "#ffe812")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of CSS."""

    dark: bool
    ground: str
    ink: str
    link: str
    panel: str

    def css(self) -> str:
        """Write the declarations that give an element, and what is in it, these colours."""
        return f"background:{self.ground};color:{self.ink};--panel:{self.panel};--link:{self.link}"


def palette(pick: random.Random) -> Palette:
    """Draw the colours of a page: three of ten are dark, and of every five one is nobody's theme."""
    dark = pick.random() < 0.33
    if pick.random() < 0.8:
        return Palette(dark, *pick.choice(_DARK if dark else _LIGHT))
    hue, tint = pick.randrange(360), pick.randint(0, 40)
    ground, panel = sorted((pick.randint(4, 24), pick.randint(4, 24)))
    ink = pick.randint(0, 45)
    if dark:
        ink = 100 - ink
    else:
        ground, panel = 100 - ground // 2, 100 - panel // 2
    far = pick.randrange(360)
    return Palette(
        dark,
        f"hsl({hue},{tint}%,{ground}%)",
        f"hsl({hue},{tint}%,{ink}%)",
        f"hsl({far},80%,{70 if dark else 38}%)",
        f"hsl({hue},{tint}%,{panel}%)",
    )
