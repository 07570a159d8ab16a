"""What tiles with less than a full halo cost and show, and whether a grid that moves from pass to pass makes up for it.

    python -m tests.bench.seams [PICTURE ...]

The shipped network runs in tiles of a fixed shape over the middle of each native picture's quarter, by default a page
of text and an album out of the held-out ones. Each pass begins its grid elsewhere. Three ways to make one picture of
the passes: the last one; at each pixel the one that had it deepest in a tile; the mean. Differences are those of the
full-size picture from the one restored whole, in grey levels; what is computed is counted in pictures.

Source of the moving grid: Zheng et al., *Any-Size-Diffusion*, 2024, implicit overlaps.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Rect, Size
from edge.pixels import Bgr
from edge.restore.backends.onnx import OnnxBackend, shipped_model
from edge.restore.backends.tiling import inner, tiles
from edge.restore.consistency import Residual, consistent_bands
from edge.restore.shuffle import box_mean, shuffle
from edge.restore.upscaler import Backend

HELD_OUT = Path("models/out/data/held-out")
CROP = Size(240, 160)
SHAPE = Size(96, 96)
HALOS = (0, 2, 4, 6, 8, 12)
PASSES = (1, 2, 4, 8)
SEEN = 8
"""A difference of so many grey levels is seen."""


@dataclass(frozen=True)
class Pass:
    """What came of one pass over the whole picture."""

    residual: Residual
    depth: NDArray[np.int32]
    """How far from the edge of its tile each pixel lay."""
    border: NDArray[np.bool_]
    """Where two tiles met."""
    computed_px: int


def run(network: Backend, lr: Bgr, halo_px: int, number: int) -> Pass:
    """Restore `lr` in tiles, on the grid of pass `number`."""
    height, width, _ = lr.shape
    margin = SHAPE.width + halo_px
    padded = cv2.copyMakeBorder(lr, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    step = inner(SHAPE, halo_px, network.phase_px)
    # Halton's sequence: every new grid lies between those before it.
    left, top = (
        int(radical_inverse(number, base) * side) // network.phase_px * network.phase_px
        for base, side in ((2, step.width), (3, step.height))
    )
    done = Pass(
        np.zeros((height, width, 48), np.int8), np.zeros((height, width), np.int32), np.zeros((height, width), bool), 0
    )
    computed = 0
    across, down = (np.minimum(np.arange(side), side - 1 - np.arange(side)) for side in (SHAPE.width, SHAPE.height))
    depth = np.minimum(down[:, None], across[None, :])
    for tile in tiles(Rect(-left, -top, width + left, height + top), SHAPE, halo_px, network.phase_px):
        kept = tile.kept & Rect(0, 0, width, height)
        if not kept:
            continue
        guess = network.residual(np.ascontiguousarray(padded[tile.seen.moved(margin, margin).slices]))
        inside = kept.moved(-tile.seen.x, -tile.seen.y).slices
        done.residual[kept.slices], done.depth[kept.slices] = guess[inside], depth[inside]
        done.border[kept.slices] = True
        done.border[(kept & kept.grown(-1)).slices] = False
        computed += SHAPE.area
    for edge in (done.border[0], done.border[-1], done.border[:, 0], done.border[:, -1]):
        edge[:] = False
    return Pass(done.residual, done.depth, done.border, computed)


def radical_inverse(number: int, base: int) -> float:
    """Return `number` with its digits mirrored at the point."""
    value, unit = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        unit /= base
        value += digit * unit
    return value


def combined(passes: list[Pass]) -> Iterator[tuple[str, Residual]]:
    """Make one residual of all passes, in each way."""
    yield "last", passes[-1].residual
    if len(passes) > 1:
        deepest = np.argmax([one.depth for one in passes], axis=0)[None, :, :, None]
        residuals = np.stack([one.residual for one in passes])
        yield "deepest", np.take_along_axis(residuals, deepest, axis=0)[0]
        yield "mean", np.rint(residuals.mean(axis=0)).astype(np.int8)


def shown(lr: Bgr, residual: Residual) -> NDArray[np.int16]:
    """Make the full-size picture."""
    return np.concatenate([shuffle(blocks) for _, blocks in consistent_bands(lr, residual)]).astype(np.int16)


def main() -> None:
    """Print the table, means over the pictures."""
    named = list(map(Path, sys.argv[1:])) or [HELD_OUT / "text-0001.png", HELD_OUT / "pictures-0000.png"]
    network = OnnxBackend(shipped_model())
    rows: dict[tuple[int, int, str], list[tuple[float, ...]]] = {}
    for path in named:
        native = cv2.imread(str(path))
        if native is None:
            sys.exit(f"{path}: no picture; `python -m models.data` makes those that are held out")
        quarter = box_mean(np.asarray(native, dtype=np.uint8))
        top, left = (quarter.shape[0] - CROP.height) // 2, (quarter.shape[1] - CROP.width) // 2
        halo = network.halo_px
        around = np.ascontiguousarray(quarter[top : top + CROP.height, left : left + CROP.width])
        padded = cv2.copyMakeBorder(around, halo, halo, halo, halo, cv2.BORDER_REPLICATE)
        whole = shown(around, network.residual(np.asarray(padded, np.uint8))[halo:-halo, halo:-halo])
        for halo_px in HALOS:
            passes = [run(network, around, halo_px, number) for number in range(max(PASSES))]
            border = passes[0].border.repeat(4, axis=0).repeat(4, axis=1)
            for count in PASSES:
                cost = sum(one.computed_px for one in passes[:count]) / CROP.area
                for how, residual in combined(passes[:count]):
                    off = np.abs(shown(around, residual) - whole)
                    figures = (off[border].mean(), off.mean(), 100 * float(np.mean(off > SEEN)), off.max(), cost)
                    rows.setdefault((halo_px, count, how), []).append(figures)
    print(f"tiles of {SHAPE}, pictures of {CROP} low-resolution pixels\n")
    print("| halo | passes | of them | at borders | everywhere | seen, % | most | computed |")
    print("|---|---|---|---|---|---|---|---|")
    for (halo_px, count, how), found in rows.items():
        border, everywhere, seen, most, cost = np.mean(found, axis=0)
        told = f"{border:.3f} | {everywhere:.4f} | {seen:.4f} | {most:.0f} | {cost:.2f}"
        print(f"| {halo_px} | {count} | {how} | {told} |")


if __name__ == "__main__":
    main()
