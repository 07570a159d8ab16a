"""From methods and pages to the table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.pixels import Bgr
from edge.restore.shuffle import box_mean
from models.evaluate.ablation import variants
from models.evaluate.cycles import Cycles
from models.evaluate.judge import Judge
from models.evaluate.methods import Method, digest
from models.evaluate.networks import network_of
from models.evaluate.pages import KINDS, HeldOut
from models.evaluate.table import NATIVE, Row, Table, Trial, summed
from models.evaluate.timing import FRAME, Timing, processor, timed


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What every row is made with.

    `cycles` are known by the hash of a network's file, `timings` by the identity of a method: what is there is not
    timed anew. `say` is told of each row.
    """

    judge: Judge
    pages: Sequence[HeldOut]
    cycles: Mapping[str, tuple[Cycles, ...]]
    timings: Mapping[str, Timing]
    say: Callable[[str], None]

    def table(self, methods: Iterable[Method], ablation: Path) -> Table:
        """Judge the native pages, `methods`, and the networks in the folder `ablation`."""
        frame = self._frame()
        rows = [self._native()]
        for method in methods:
            timing = self.timings.get(method.identity) or timed(method, frame)
            cycles = self.cycles.get(method.sha256 or "", ())
            rows.append(msgspec.structs.replace(self.row(method), timing=timing, cycles=cycles))
        trials = tuple(Trial(variant, self.row(network_of(model))) for model, variant in variants(ablation))
        counts = {kind: sum(page.kind == kind for page in self.pages) for kind in KINDS}
        pages = digest(*(page.page.sha256.encode() for page in self.pages))
        return Table(counts, pages, processor(), tuple(rows), trials)

    def row(self, method: Method) -> Row:
        """Judge `method`."""
        kinds, text = summed(self.pages, self.judge.scores(method, self.pages))
        self.say(f"{method.label}: " + ", ".join(f"{kind} {means.psnr_y_db:.2f} dB" for kind, means in kinds.items()))
        return Row(
            method.name,
            method.precision,
            method.identity,
            kinds,
            text,
            method.sha256,
            method.parameters,
            method.gmac_per_frame,
            method.bytes,
        )

    def _native(self) -> Row:
        """Keep of the native pages what can be read; they differ from themselves in nothing."""
        _, text = summed(self.pages, self.judge.scores(None, self.pages))
        read = (msgspec.structs.replace(part, sums=msgspec.structs.replace(part.sums, pixels=0)) for part in text)
        return Row(NATIVE, None, "", {}, tuple(read))

    def _frame(self) -> Bgr:
        """Take what is timed from the first page."""
        height, width = FRAME
        lr = box_mean(self.pages[0].native())[:height, :width]
        if lr.shape[:2] != FRAME:
            raise ValueError(
                f"{self.pages[0].path} is {lr.shape[1]}x{lr.shape[0]} at a quarter, expected {width}x{height}"
            )
        return lr
