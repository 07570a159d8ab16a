"""Lines of text drawn by FreeType, without end and by number: what the recogniser learns to read from."""

import subprocess
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.data.pages import FONTS
from models.data.text import Split, Writer
from models.legibility.alphabet import is_readable

MOST_EMS = 15.0
_LEAST_EMS = 5.0
_SIZES_PX = (10.0, 28.0)
# Three samples a pixel: the phase of an unhinted glyph, and the three colours of a subpixel-rendered one.
_OVERSAMPLING = 3
_BLENDS = {
    "grey": np.array([0, 1, 1, 1, 0]) / 3,
    # FreeType's default filter over each colour, and luma over the three colours.
    "subpixel": np.convolve(np.array([8, 77, 86, 77, 8]) / 256, [0.299, 0.587, 0.114]),
}


@dataclass(frozen=True, slots=True)
class TextLine:
    """A picture of one line: grey levels, uint8 (height, width); `rect` as a browser's client rectangle of it."""

    text: str
    grey: NDArray[np.uint8]
    rect: tuple[float, float, float, float]
    size_px: float


def text_line(split: Split, seed: int, number: int) -> TextLine:
    """Draw line `number` of those that `seed` gives, with the words and fonts of `split`."""
    rng = np.random.default_rng([seed, number])
    size = float(rng.uniform(*_SIZES_PX))
    size = round(size) if rng.random() < 0.7 else round(size * 2) / 2
    rendering = str(rng.choice(["hinted", "hinted", "grey", "subpixel"]))
    korean, other = _fonts(split, rng)
    scale = 1 if rendering == "hinted" else _OVERSAMPLING
    faces = [_face(*_file_of(name), size * scale) for name in (korean, other)]
    room = rng.uniform(_LEAST_EMS, MOST_EMS) * size * scale
    text, runs, width = _fitting(Writer(split, int(rng.integers(1 << 40))), faces, room)
    ascent, descent = (max(face.getmetrics()[at] for face in faces) for at in (0, 1))
    margin = round(size) * scale
    canvas = Image.new("L", (int(width) + 2 * margin, ascent + descent + 2 * margin))
    draw = ImageDraw.Draw(canvas)
    x = float(margin)
    weight = scale if rng.random() < 0.1 and size > 13 else 0
    for run, face in runs:
        draw.text((x, margin + ascent), run, fill=255, font=face, anchor="ls")
        if weight:
            draw.text((x + weight, margin + ascent), run, fill=255, font=face, anchor="ls")
        x += face.getlength(run)
    coverage = np.asarray(canvas, dtype=np.float32) / 255
    if scale > 1:
        coverage = _reduced(coverage, _BLENDS[rendering], rng)
    rect = (margin / scale, margin / scale, width / scale, (ascent + descent) / scale)
    return TextLine(text, _inked(coverage, rng), rect, size)


def _fonts(split: Split, rng: np.random.Generator) -> tuple[str, str]:
    """Choose the font of the Hangul and that of the rest; in half of the lines they are the same."""
    names = sorted({name for names in FONTS[split].values() for name in names})
    korean = [name for name in names if "CJK" in name or name.startswith("Nanum")]
    chosen = str(rng.choice(korean))
    return chosen, chosen if rng.random() < 0.5 else str(rng.choice(names))


def _fitting(
    writer: Writer, faces: list[ImageFont.FreeTypeFont], room: float
) -> tuple[str, list[tuple[str, ImageFont.FreeTypeFont]], float]:
    """Write words until the next one would not fit in `room` pixels."""
    kind = writer.random.random()
    while True:
        source = (
            writer.code()
            if kind < 0.1
            else " ".join(writer.number() for _ in range(4))
            if kind < 0.2
            else writer.paragraph(2, korean=kind < 0.7)
        )
        text, runs, width = "", [], 0.0
        for word in source.split():
            spaced = f" {word}" if text else word
            more = _runs(spaced, faces)
            wider = width + sum(face.getlength(run) for run, face in more)
            if wider > room:
                break
            text, runs, width = text + spaced, runs + more, wider
        if is_readable(text):
            return text, runs, width


def _runs(text: str, faces: list[ImageFont.FreeTypeFont]) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    runs: list[tuple[str, ImageFont.FreeTypeFont]] = []
    for char in text:
        face = faces[0] if char >= "ᄀ" else faces[1]
        if runs and runs[-1][1] is face:
            runs[-1] = (runs[-1][0] + char, face)
        else:
            runs.append((char, face))
    return runs


def _reduced(fine: NDArray[np.float32], blend: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Reduce threefold at any phase: rows by their mean, columns by `blend`."""
    down, right = rng.integers(0, _OVERSAMPLING, 2)
    height, width = ((side - _OVERSAMPLING) // _OVERSAMPLING for side in fine.shape)
    rows = fine[down : down + _OVERSAMPLING * height].reshape(height, _OVERSAMPLING, -1).mean(axis=1)
    blended = np.stack([np.convolve(row, blend, "same") for row in rows])
    return blended[:, right : right + _OVERSAMPLING * width : _OVERSAMPLING].astype(np.float32)


def _inked(coverage: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Put ink of any grey level on a ground of another."""
    ground = float(rng.integers(150, 256) if rng.random() < 0.65 else rng.integers(0, 70))
    ink = ground - rng.uniform(70, ground) if ground > 128 else ground + rng.uniform(90, 255 - ground)
    # Text is blended in a gamma between 1 and 1.4, depending on the program.
    covered = np.clip(coverage, 0, 1) ** rng.uniform(0.75, 1.05)
    return np.rint(ground + (ink - ground) * covered).astype(np.uint8)


@lru_cache(maxsize=32)
def _file_of(family: str) -> tuple[str, int]:
    found = subprocess.run(
        ["fc-match", "-f", "%{file}|%{index}|%{family}", family], capture_output=True, text=True, check=True
    ).stdout
    file, index, families = found.split("|")
    if family not in families:
        raise FileNotFoundError(f"no font {family}: fc-match names {families}; install the packages of the README")
    return file, int(index)


@lru_cache(maxsize=1024)
def _face(file: str, index: int, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size, index, layout_engine=ImageFont.Layout.BASIC)
