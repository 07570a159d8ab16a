"""Restoring by a network on a Rockchip NPU: tile by tile, on all of its cores at once."""

import re
from collections.abc import Iterable
from concurrent.futures import Future, wait
from pathlib import Path

import cv2
import numpy as np

from edge.errors import UpscalerError
from edge.geometry import Rect, Size
from edge.pixels import Bgr
from edge.restore.backends.card import Card, Tensor, load_card
from edge.restore.backends.lane import Lane
from edge.restore.backends.npu import NpuNetwork
from edge.restore.backends.planes import gathered, spread
from edge.restore.backends.soc import Soc
from edge.restore.backends.tiling import Tile, cheapest, inner, tiles
from edge.restore.consistency import Residual
from edge.restore.shuffle import BLOCK_CHANNELS

CALL_S = 2.0
"""No call takes so long, by an order of magnitude; the kernel gives a job up after six seconds, or never."""
OPEN_S = 20.0
"""Within this every network must be there; an RK3399Pro takes them over USB."""

_SHAPES_MAX = 16  # each costs memory on each core
_SIDE_MAX_PX = 1024
_STEPS = (1, 2, 4)


def shipped_models() -> Path:
    """Where the networks lie that this package ships for NPUs: a folder for each target."""
    return Path(__file__).parent.parent / "zoo" / "desktop-x4"


class RknnBackend:
    """The networks in `models`/<target of `soc`>: a file `<height>x<width>.rknn` per tile shape, and its card.

    They take uint8 (1, height / s, width / s, 3 * s * s) and give float32 (1, 48 * t * t, height / t, width / t), laid
    out as `edge.restore.backends.planes` says. Raises `UpscalerError` where there is none, where one is not what its
    card says, where they are not of one network, and where the runtime fails or does not answer in time.
    """

    name = "rknn"

    def __init__(self, models: Path, soc: Soc) -> None:
        folder = models / soc.target
        paths = sorted(folder.glob("*.rknn"))
        if not 0 < len(paths) <= _SHAPES_MAX:
            raise UpscalerError(
                f"there is no network for the NPU of a {soc.target}: {folder} has {len(paths)} files *.rknn, expected"
                f" 1 to {_SHAPES_MAX}"
            )
        found = [_Model(path) for path in paths]
        halos = {(model.card.halo_px, model.card.phase_px) for model in found}
        if len(halos) != 1:
            raise UpscalerError(f"the networks in {folder} are not of one kind: their halos and grids are {halos}")
        self.halo_px, self.phase_px = halos.pop()
        for model in found:
            model.check(self.halo_px, self.phase_px)
        self._cores = [_Core(found, core if soc.cores > 1 else None) for core in range(soc.cores)]
        self._shapes = [model.size for model in found]
        try:
            _within(OPEN_S, [core.opened for core in self._cores])
        except UpscalerError:
            self.close()
            raise

    def residual(self, lr: Bgr) -> Residual:
        """See `edge.restore.upscaler.Backend`."""
        height, width, _ = lr.shape
        out = np.empty((height, width, BLOCK_CHANNELS), dtype=np.int8)
        wanted = Rect(0, 0, width, height).grown(-self.halo_px)
        if not wanted:
            return out
        # Edges that end within the network's grid are repeated up to its end.
        down, right = -height % self.phase_px, -width % self.phase_px
        lr = np.asarray(cv2.copyMakeBorder(lr, 0, down, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)
        shape = cheapest(self._shapes, wanted.size, self.halo_px, self.phase_px, len(self._cores))
        work = list(tiles(wanted, shape, self.halo_px, self.phase_px))
        shares = [work[first :: len(self._cores)] for first in range(len(self._cores))]
        _within(
            CALL_S,
            [core.restore(lr, share, shape, out) for core, share in zip(self._cores, shares, strict=True) if share],
        )
        return out

    def close(self) -> None:
        """See `edge.restore.upscaler.Backend`; what hangs in the driver is left behind."""
        for core in self._cores:
            core.close()


class _Model:
    """A file with a network of one tile shape."""

    def __init__(self, path: Path) -> None:
        sides = re.fullmatch(r"(\d{1,4})x(\d{1,4})", path.stem)
        if sides is None:
            raise UpscalerError(f"{path} does not say its tile shape: expected a name like 96x192.rknn, height first")
        self.path = path
        self.size = Size(int(sides[2]), int(sides[1]))
        self.card: Card = load_card(path)

    def check(self, halo_px: int, phase_px: int) -> None:
        """Refuse tensors that cannot be those of a tile, and a tile that is all halo."""
        self.step_in, self.input_shape = self._layout("input", "uint8", 3, channels_last=True)
        self.step_out, self.output_shape = self._layout("output", "float32", BLOCK_CHANNELS, channels_last=False)
        kept = inner(self.size, halo_px, phase_px)
        if kept.width <= 0 or kept.height <= 0 or max(self.size.width, self.size.height) > _SIDE_MAX_PX:
            raise UpscalerError(
                f"{self.path}: a tile has more than its halo of {halo_px} and at most {_SIDE_MAX_PX} pixels a side"
            )
        if phase_px % self.step_in or phase_px % self.step_out:
            raise UpscalerError(f"{self.path}: its card says a grid of {phase_px}, which its tensors do not fit")

    def _layout(self, side: str, dtype: str, channels: int, *, channels_last: bool) -> tuple[int, tuple[int, ...]]:
        """Return how many pixels a side go into one place of a tensor, and its shape."""
        tensor = self.card.input if side == "input" else self.card.output
        expected = []
        for step in _STEPS:
            if self.size.height % step or self.size.width % step:
                continue
            rows, columns, deep = self.size.height // step, self.size.width // step, channels * step * step
            shape = (1, rows, columns, deep) if channels_last else (1, deep, rows, columns)
            if tensor == Tensor(dtype, shape):
                return step, shape
            expected.append(str(Tensor(dtype, shape)))
        raise UpscalerError(f"{self.path}: the {side} of its card is {tensor}, expected {' or '.join(expected)}")


class _Core:
    """One core of the NPU, with a copy of each network, and the thread that works on it."""

    def __init__(self, models: Iterable[_Model], number: int | None) -> None:
        self._lane = Lane(f"npu core {number or 0}")
        self._networks: dict[Size, tuple[NpuNetwork, _Model]] = {}
        self.opened = self._lane.submit(self._open, models, number)

    def restore(self, lr: Bgr, share: list[Tile], shape: Size, out: Residual) -> Future[None]:
        """Restore the tiles of `share` of `lr` by the network of `shape` into `out`."""
        return self._lane.submit(self._restore, lr, share, shape, out)

    def close(self) -> None:
        """Give the networks back, once what is under way has ended."""
        self._lane.submit(self._close)
        self._lane.close()

    def _open(self, models: Iterable[_Model], number: int | None) -> None:
        for model in models:
            network = NpuNetwork(model.path, model.input_shape, model.output_shape, number)
            self._networks[model.size] = network, model

    def _close(self) -> None:
        for network, _ in self._networks.values():
            network.close()

    def _restore(self, lr: Bgr, share: list[Tile], shape: Size, out: Residual) -> None:
        network, model = self._networks[shape]
        for tile in share:
            gathered(lr[tile.seen.slices], model.step_in, network.picture[0])
            residual = spread(network.infer()[0], model.step_out)
            kept = tile.kept.moved(-tile.seen.x, -tile.seen.y)
            out[tile.kept.slices] = residual[kept.slices]


def _within(limit_s: float, calls: list[Future[None]]) -> None:
    """Wait for `calls`, at most `limit_s`; raises `UpscalerError` if one has failed, or hangs."""
    done, hanging = wait(calls, timeout=limit_s)
    for call in done:
        if (error := call.exception()) is not None:
            # The runtime should raise nothing, but what it is made of may.
            raise UpscalerError(str(error) if isinstance(error, UpscalerError) else repr(error)) from error
    if hanging:
        raise UpscalerError(
            f"the NPU has not answered for {limit_s:.0f} s; what its driver says of it is in the log (`dmesg`), and a"
            " restart of the board mends it"
        )
