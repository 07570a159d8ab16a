"""A font with Hangul, found or configured."""

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from edge.errors import DisplayError

HANGUL = "한"
# A code point that no font has: what it draws is what a font draws for all that it lacks.
LACKING = "\U0010fffe"


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font file and, in a collection, the number of the font."""

    path: Path
    index: int = 0

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Load it at a size; raises `DisplayError` if the file is no font."""
        return _loaded(self, size_px)

    def has(self, character: str) -> bool:
        """Whether the font has a glyph of its own for `character`."""
        font = self.at(32)
        return bytes(font.getmask(character)) != bytes(font.getmask(LACKING))


@lru_cache(maxsize=64)
def _loaded(typeface: Typeface, size_px: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(typeface.path, size_px, index=typeface.index, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise DisplayError(f"the font {typeface.path} cannot be loaded: {error}; configure another") from error


def find_typeface(configured: Path | None = None, *, bold: bool = False) -> Typeface:
    """Return the configured font, or the one that fontconfig has for Korean; raises `DisplayError` without Hangul."""
    if configured is not None:
        typeface = Typeface(configured)
    else:
        pattern = "sans-serif:lang=ko" + (":bold" if bold else "")
        try:
            matched = subprocess.run(
                ["fc-match", "--format", "%{index}\n%{file}", pattern], capture_output=True, check=True, text=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise DisplayError(
                f"fontconfig could not be asked for a font ({error}); apt-get install fontconfig fonts-nanum, "
                "or configure the path of a font with Hangul"
            ) from error
        index, _, file = matched.stdout.partition("\n")
        # The upper half of the index names an instance of a variable font, which Pillow counts elsewhere.
        typeface = Typeface(Path(file), int(index) & 0xFFFF)
    if not typeface.has(HANGUL):
        raise DisplayError(
            f"the font {typeface.path} has no Hangul; apt-get install fonts-nanum, or configure one that has it"
        )
    return typeface
