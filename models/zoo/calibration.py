"""The pictures that the steps of activations are chosen by: pieces of pages for training, as they are received."""

from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.restore.shuffle import box_mean
from models.data.manifest import Page, read_manifest

CALIBRATION = Path(__file__).with_name("calibration.npz")
PIECES, PIECE_PX = 40, 64
# The piece with the most detail of so many: ground alone says nothing of how large activations become.
_TRIED = 4


def make_calibration(data: Path, path: Path = CALIBRATION) -> None:
    """Cut `PIECES` pieces out of the pages for training in `data`; the same pages always give the same file.

    Pages are taken evenly from all layouts. Raises FileNotFoundError or ValueError where `data` has too few.
    """
    folder = data / "train"
    pages = _spread(read_manifest(folder).pages)
    if len(pages) < PIECES:
        raise ValueError(f"{folder} has {len(pages)} pages, {PIECES} are needed; make more with: python -m models.data")
    rng = np.random.default_rng(0)
    pieces = [_piece(folder / page.file, rng) for page in pages[:PIECES]]
    np.savez_compressed(path, lr=np.stack(pieces))


def calibration(path: Path = CALIBRATION) -> NDArray[np.uint8]:
    """Read the pieces: BGR bytes (`PIECES`, `PIECE_PX`, `PIECE_PX`, 3). Raises ValueError where the file is damaged."""
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            pieces: NDArray[np.uint8] = file["lr"]
    except (BadZipFile, KeyError, EOFError) as error:
        raise ValueError(
            f"{path} is no calibration set: {error}; make it with: python -m models.zoo calibrate"
        ) from error
    expected = (PIECES, PIECE_PX, PIECE_PX, 3)
    if pieces.shape != expected or pieces.dtype != np.uint8:
        raise ValueError(f"{path} has {pieces.dtype} {pieces.shape}, expected uint8 {expected}")
    return pieces


def planes(pieces: NDArray[np.uint8]) -> Tensor:
    """Lay out BGR bytes (n, h, w, 3) as networks in PyTorch take them: (n, 3, h, w), 0..1."""
    return torch.from_numpy(pieces).permute(0, 3, 1, 2).float() / 255


def _spread(pages: list[Page]) -> list[Page]:
    """Order pages so that each layout comes once before any comes twice."""
    seen: dict[str, int] = {}
    turns = []
    for page in pages:
        seen[page.layout] = seen.get(page.layout, 0) + 1
        turns.append((seen[page.layout], page.layout, page))
    return [page for _, _, page in sorted(turns, key=lambda turn: turn[:2])]


def _piece(path: Path, rng: np.random.Generator) -> NDArray[np.uint8]:
    native = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if native is None:
        raise ValueError(f"{path} is no picture; remove it and run: python -m models.data")
    lr = box_mean(np.asarray(native, dtype=np.uint8))
    rows, columns = lr.shape[0] - PIECE_PX, lr.shape[1] - PIECE_PX
    corners = [(int(rng.integers(rows + 1)), int(rng.integers(columns + 1))) for _ in range(_TRIED)]
    pieces = [lr[y : y + PIECE_PX, x : x + PIECE_PX] for y, x in corners]
    return max(pieces, key=lambda piece: float(piece.std()))
