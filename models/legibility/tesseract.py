"""Tesseract, the judge that has seen none of the data: a process of its own that reads lines."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.legibility.alphabet import canonical
from models.legibility.framing import Rect

# Lines of a capital height of some 25 pixels are what it reads best; below it wants them enlarged.
_EM_PX = 36
_MARGIN_EMS = 0.3
# One process reads many lines, for loading two languages takes longer than reading one.
_OPTIONS = ("-l", "kor+eng", "--psm", "7", "--dpi", "300", "-c", "tessedit_do_invert=0")


class TesseractError(Exception):
    """Tesseract is not there, or did not read what it was given."""


def tesseract_picture(grey: NDArray[np.float32], rect: Rect, size_px: float, *, inverted: bool) -> NDArray[np.uint8]:
    """Cut the line at `rect` out of grey levels (height, width), enlarge it by cubics, make the ink dark."""
    x, y, width, height = rect
    margin = _MARGIN_EMS * size_px
    rows = np.arange(round(y - margin / 3), round(y + height + margin / 3)).clip(0, grey.shape[0] - 1)
    columns = np.arange(round(x - margin), round(x + width + margin)).clip(0, grey.shape[1] - 1)
    cut = grey[np.ix_(rows, columns)]
    scale = _EM_PX / size_px
    large = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    dark: NDArray[np.uint8] = np.clip(np.rint(255 - large if inverted else large), 0, 255).astype(np.uint8)
    return dark


def tesseract_read(pictures: Sequence[NDArray[np.uint8]], timeout_s: float = 600) -> list[str]:
    """Read one line from each of the grey `pictures`: canonical text, in their order.

    Raises `TesseractError` if the program or a language is missing, or if it fails.
    """
    if not pictures:
        return []
    with tempfile.TemporaryDirectory(prefix="edge-lines-") as name:
        paths = [Path(name) / f"{at}.pgm" for at in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            cv2.imwrite(str(path), picture)
        listing = Path(name) / "lines.txt"
        listing.write_text("".join(f"{path}\n" for path in paths))
        try:
            done = subprocess.run(
                ["tesseract", str(listing), "-", *_OPTIONS],
                capture_output=True,
                text=True,
                check=True,
                timeout=timeout_s,
                # It would start four threads for nets that are too small for two.
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except FileNotFoundError as missing:
            raise TesseractError("no program tesseract: install tesseract-ocr and tesseract-ocr-kor") from missing
        except subprocess.CalledProcessError as failed:
            raise TesseractError(
                f"tesseract ended with {failed.returncode}: {failed.stderr.strip()[-300:]}; "
                "are tesseract-ocr and tesseract-ocr-kor installed?"
            ) from failed
    texts = done.stdout.split("\f")
    if len(texts) != len(pictures):
        raise TesseractError(f"tesseract read {len(texts)} of {len(pictures)} lines")
    return [canonical(text) for text in texts]
