"""The fonts of the pages, each in one half of the data, and the Debian packages that they come from.

Fonts that were drawn from one another stay in one half: Carlito with Lato, D2Coding with Nanum Barun Gothic, Hack with
DejaVu, NanumSquare_ac with NanumSquare.
"""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.data.split import Split


class Use(StrEnum):
    """What a font is for."""

    SANS = "sans"
    SERIF = "serif"
    MONO = "mono"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Font:
    """A family of fonts; `weight` is how often it is taken beside the others of its use."""

    family: str
    package: str
    use: Use
    split: Split
    korean: bool
    weight: int = 1


def _fonts(split: Split, *, korean: bool, table: dict[Use, dict[str, str]]) -> list[Font]:
    return [
        Font(family.strip("*"), package, use, split, korean, 1 + 3 * family.count("*"))
        for use, packages in table.items()
        for package, families in packages.items()
        for family in families.split("; ")
    ]


# An asterisk: found on many desktops, so taken four times as often, two seven times.
FONTS: tuple[Font, ...] = (
    *_fonts(
        Split.TRAIN,
        korean=True,
        table={
            Use.SANS: {
                "fonts-noto-cjk": "Noto Sans CJK KR***",
                "fonts-nanum": "NanumGothic**; NanumSquare*",
                "fonts-nanum-extra": "NanumSquare_ac; NanumBarunpen",
                "fonts-nanum-eco": "NanumGothic Eco",
                "fonts-unfonts-core": "UnDotum*; UnGraphic",
                "fonts-unfonts-extra": "UnVada; UnDinaru",
                "fonts-baekmuk": "Baekmuk Dotum; Baekmuk Gulim*",
            },
            Use.SERIF: {
                "fonts-nanum": "NanumMyeongjo**",
                "fonts-nanum-eco": "NanumMyeongjo Eco",
                "fonts-unfonts-core": "UnBatang*; UnGungseo",
                "fonts-unfonts-extra": "UnShinmun",
                "fonts-baekmuk": "Baekmuk Batang*",
                "fonts-lexi-saebom": "LexiSaebomR",
            },
            Use.MONO: {"fonts-nanum": "NanumGothicCoding**", "fonts-noto-cjk": "Noto Sans Mono CJK KR*"},
            Use.DISPLAY: {
                "fonts-woowa-bm": "BM DoHyeon; BM JUA; BM HANNA Air; BM YEONSUNG",
                "fonts-nanum-extra": "Nanum Pen Script",
                "fonts-baekmuk": "Baekmuk Headline",
            },
        },
    ),
    *_fonts(
        Split.TRAIN,
        korean=False,
        table={
            Use.SANS: {
                "fonts-dejavu-core": "DejaVu Sans**",
                "fonts-noto-core": "Noto Sans**",
                "fonts-roboto-unhinted": "Roboto**; Roboto Condensed",
                "fonts-open-sans": "Open Sans*",
                "fonts-lato": "Lato",
                "fonts-crosextra-carlito": "Carlito*",
                "fonts-cantarell": "Cantarell*",
                "fonts-clear-sans": "Clear Sans",
                "fonts-go": "Go",
                "fonts-b612": "B612",
            },
            Use.SERIF: {
                "fonts-dejavu-core": "DejaVu Serif*",
                "fonts-liberation": "Liberation Serif**",
                "fonts-noto-core": "Noto Serif*",
                "fonts-crosextra-caladea": "Caladea",
                "fonts-linuxlibertine": "Linux Libertine O",
                "fonts-ebgaramond": "EB Garamond",
                "fonts-texgyre": "TeX Gyre Pagella; TeX Gyre Schola",
                "fonts-roboto-slab": "Roboto Slab",
            },
            Use.MONO: {
                "fonts-dejavu-core": "DejaVu Sans Mono**",
                "fonts-noto-mono": "Noto Sans Mono*",
                "fonts-hack": "Hack",
                "fonts-firacode": "Fira Code",
                "fonts-inconsolata": "Inconsolata",
                "fonts-go": "Go Mono",
                "fonts-mononoki": "mononoki",
            },
            Use.DISPLAY: {"fonts-roboto-slab": "Roboto Slab", "fonts-texgyre": "TeX Gyre Adventor; TeX Gyre Bonum"},
        },
    ),
    *_fonts(
        Split.HELD_OUT,
        korean=True,
        table={
            Use.SANS: {"fonts-nanum": "NanumBarunGothic*; NanumSquareRound", "fonts-lexi-gulim": "LexiGulim"},
            Use.SERIF: {"fonts-noto-cjk": "Noto Serif CJK KR"},
            Use.MONO: {"fonts-naver-d2coding": "D2Coding"},
            Use.DISPLAY: {"fonts-woowa-bm": "BM HANNA 11yrs old"},
        },
    ),
    *_fonts(
        Split.HELD_OUT,
        korean=False,
        table={
            Use.SANS: {"fonts-liberation": "Liberation Sans*", "fonts-inter": "Inter", "fonts-paratype": "PT Sans"},
            Use.SERIF: {"fonts-paratype": "PT Serif", "fonts-vollkorn": "Vollkorn"},
            Use.MONO: {"fonts-liberation": "Liberation Mono", "fonts-jetbrains-mono": "JetBrains Mono"},
            Use.DISPLAY: {"fonts-vollkorn": "Vollkorn"},
        },
    ),
)
_WEIGHTS = frozenset(
    (
        "Thin",
        "ExtraLight",
        "Light",
        "DemiLight",
        "Medium",
        "SemiBold",
        "Semibold",
        "Extra",
        "Bold",
        "ExtraBold",
        "Black",
    )
)
KOREAN_FAMILIES = frozenset(font.family for font in FONTS if font.korean)


class FontMissing(Exception):
    """A font of the pages is not installed, or lacks characters that the pages have."""


def check_fonts(split: Split, characters: Iterable[str]) -> None:
    """Make sure that the fonts of `split` are installed and have `characters`; raises `FontMissing` if not.

    Fontconfig gives another font for one that it does not have, and a browser draws what is missing with it.
    """
    if shutil.which("fc-list") is None:
        raise FontMissing("no program fc-list in PATH: install the package fontconfig")
    wanted = {font.family for font in FONTS if font.split is split}
    listed = subprocess.run(["fc-list", "-f", "%{family}|%{charset}\n"], check=True, capture_output=True, text=True)
    covered: dict[str, set[int]] = {}
    for line in listed.stdout.splitlines():
        names, _, ranges = line.partition("|")
        for family in wanted.intersection(names.replace("\\", "").split(",")):
            points = _points(ranges)
            covered[family] = covered.get(family, points) & points
    needed = {ord(character) for character in characters}
    ascii_only = {point for point in needed if point < 0x80}
    for font in FONTS:
        if font.split is split:
            if font.family not in covered:
                raise FontMissing(f"the font {font.family} is not installed: install the package {font.package}")
            lacking = (needed if font.korean else ascii_only) - covered[font.family]
            if lacking:
                shown = "".join(map(chr, sorted(lacking)[:8]))
                raise FontMissing(
                    f"the font {font.family} lacks {len(lacking)} characters that pages have ({shown}): "
                    f"reinstall the package {font.package}"
                )


def check_drawn(split: Split, drawn: Iterable[str]) -> None:
    """Make sure that a browser drew with fonts of `split` alone; raises `FontMissing` if not.

    What it calls a font may end in a weight, as in "Roboto Light".
    """
    wanted = {font.family for font in FONTS if font.split is split}
    for name in drawn:
        words = name.split()
        while words and words[-1] in _WEIGHTS and " ".join(words) not in wanted:
            words.pop()
        if " ".join(words) not in wanted:
            raise FontMissing(f"the browser drew a page of {split} with {name}: a font of that half lacks a character")


def _points(ranges: str) -> set[int]:
    points: set[int] = set()
    for one in ranges.split():
        first, _, last = one.partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points
