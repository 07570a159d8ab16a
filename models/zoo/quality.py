"""The figures of a card: a network in its precisions beside bicubic, on held-out pages."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edge.restore.backends.card import Quality
from models.evaluate.judge import Judge
from models.evaluate.methods import Method, without_network
from models.evaluate.networks import network_of
from models.evaluate.pages import PICTURES, TEXT, HeldOut, held_out

REFERENCE = "bicubic"
PAGES = {TEXT: 24, PICTURES: 8}


def judged(models: Mapping[str, Path], data: Path, keep: Path) -> dict[str, dict[str, Quality]]:
    """Judge `models` by name, and `REFERENCE`, on the same held-out pages in `data`: by kind of page, then by name.

    Their cards lie beside them. What was judged before is taken from the folder `keep`.
    """
    methods = {REFERENCE: next(method for method in without_network() if method.name == REFERENCE)}
    methods |= {name: network_of(model) for name, model in models.items()}
    pages = held_out(data, PAGES[TEXT], PAGES[PICTURES])
    judge = Judge(keep)
    return {
        kind: {name: _quality(judge, method, of_kind) for name, method in methods.items()}
        for kind in PAGES
        if (of_kind := [page for page in pages if page.kind == kind])
    }


def _quality(judge: Judge, method: Method, pages: list[HeldOut]) -> Quality:
    scores = judge.scores(method, pages)
    psnr, ssim = np.mean([(score.psnr_y_db, score.ssim_y) for score in scores], axis=0)
    return Quality(round(float(psnr), 4), round(float(ssim), 4), len(pages))
