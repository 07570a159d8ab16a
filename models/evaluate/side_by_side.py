"""Pictures for the eye: the same piece of a page, native and as each method shows it, enlarged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Rect
from edge.pixels import Bgr
from models.evaluate.likeness import luma, psnr_y_db
from models.evaluate.pages import PICTURES, HeldOut

PIECE_PX = (320, 96)
"""Width and height of a piece, in full-size pixels."""

_BYTES_MAX = 300_000  # what a page that shows several of them can bear
_ZOOM = 3
_CAPTION_PX = 34
_GAP_PX = 12
_SIZE_PX = 16


def pieces(pages: Sequence[HeldOut]) -> dict[str, tuple[HeldOut, Rect]]:
    """Choose what is shown: a long line of Korean and one of Latin, nearest to 16 px, and the middle of a picture."""
    chosen = {}
    for script in ("korean", "latin"):
        lines = [
            (abs(line.size_px - _SIZE_PX), -line.rect[2], number, line.rect)
            for number, held in enumerate(pages)
            for line in held.page.lines
            if line.script == script and line.rect[2] >= PIECE_PX[0]
        ]
        if lines:
            _, _, number, (x, y, _, height) = min(lines)
            chosen[script] = (pages[number], _around(pages[number], x, y + height // 2))
    for held in pages:
        if held.kind == PICTURES:
            height, width, _ = held.native().shape
            chosen[PICTURES] = (held, _around(held, width // 2, height // 2))
            break
    return chosen


def side_by_side(native: Bgr, piece: Rect, shown: Mapping[str, Bgr]) -> Bgr:
    """Put `piece` of full-size pictures below each other, the native one first; returns BGR bytes."""
    wanted = np.ascontiguousarray(native[piece.slices])
    rows = [*_row("native", wanted)]
    for name, picture in shown.items():
        came = np.ascontiguousarray(picture[piece.slices])
        rows += _row(f"{name}   {psnr_y_db(luma(wanted), luma(came)):.1f} dB", came)
    return np.concatenate(rows[:-1])


def save(path: Path, picture: Bgr) -> None:
    """Write `picture` as PNG; raises ValueError where it has more than its bytes."""
    ok, content = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not ok or content.size > _BYTES_MAX:
        raise ValueError(f"{path} would have {content.size} bytes, expected at most {_BYTES_MAX}; show a smaller piece")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.tobytes())


def _around(held: HeldOut, x: int, middle: int) -> Rect:
    """Put a piece with its left edge before `x` and its middle at `middle`, within the page."""
    height, width, _ = held.native().shape
    left = min(max(0, x - 8), width - PIECE_PX[0])
    top = min(max(0, middle - PIECE_PX[1] // 2), height - PIECE_PX[1])
    return Rect(left, top, *PIECE_PX)


def _row(caption: str, piece: Bgr) -> list[Bgr]:
    large = np.repeat(np.repeat(piece, _ZOOM, axis=0), _ZOOM, axis=1)
    band = np.full((_CAPTION_PX, large.shape[1], 3), 255, dtype=np.uint8)
    cv2.putText(band, caption, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
    return [band, large, np.full((_GAP_PX, large.shape[1], 3), 255, dtype=np.uint8)]
