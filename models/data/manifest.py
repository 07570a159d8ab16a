"""What is known of the pictures of one half: `<folder>/<split>/manifest.json`."""

from pathlib import Path

import msgspec

Rect = tuple[int, int, int, int]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of text, or a piece of one that stands alone, as the browser laid it out.

    `rect` is (x, y, width, height) in full-size pixels, `size_px` the size of the font there, `script` one of latin,
    korean, digits, mixed, and `font` the family that Hangul is drawn with, or without Hangul the one of the rest.
    """

    text: str
    rect: Rect
    size_px: float
    script: str
    font: str


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture: its file, what determined it and what it shows.

    `fonts` is what the browser says it drew with. `clipped` are rectangles of text that is cut or half hidden, so no
    line; together with the lines they hold all of the page's text.
    """

    file: str
    sha256: str
    kind: str
    layout: str
    rendering: str
    zoom: float
    dark: bool
    fonts: list[str]
    lines: list[Line]
    clipped: list[Rect]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All pictures of one half, in the order of their files, and the seed that they were made with."""

    seed: int
    pages: list[Page]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the pictures in `folder`; raises FileNotFoundError, or ValueError where it is broken."""
    path = folder / "manifest.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise FileNotFoundError(f"no {path}; make the data with: python -m models.data") from None
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is no manifest of this version: {error}; remove {folder} and make it anew") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put `manifest` beside its pictures in `folder`, whole or not at all."""
    path = folder / "manifest.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(msgspec.json.encode(manifest) + b"\n")
    unfinished.replace(path)
