"""Batches by number, drawn ahead where there are processors for it."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Batch = TypeVar("Batch")


def feed(draw: Callable[[np.random.Generator], Batch], seed: int, first: int, workers: int) -> Iterator[Batch]:
    """Give batch `first` of those that `seed` stands for and all after it, drawn ahead by `workers` threads, or here.

    A batch depends on nothing but the seed and its number, so that a run that is taken up sees what it would have seen.
    """

    def numbered(number: int) -> Batch:
        return draw(np.random.default_rng([seed, number]))

    if not workers:
        while True:
            yield numbered(first)
            first += 1
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[Batch]] = deque(pool.submit(numbered, first + at) for at in range(2 * workers))
        while True:
            first += 1
            yield ahead.popleft().result()
            ahead.append(pool.submit(numbered, first + 2 * workers - 1))
