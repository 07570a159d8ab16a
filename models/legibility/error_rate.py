"""Character error rate: the fewest insertions, deletions and substitutions of graphemes."""

from collections.abc import Sequence


def edits(truth: str, read: str) -> int:
    """Count the edits that make `read` of `truth`, both canonical (see `models.legibility.alphabet`).

    Source: Levenshtein, *Binary codes capable of correcting deletions, insertions, and reversals*, 1966.
    """
    return _table(truth, read)[-1][-1]


def aligned(truth: str, read: str) -> list[tuple[int | None, int | None]]:
    """Pair the positions of `truth` and `read` along one way of fewest edits; None is beside what has no partner."""
    table = _table(truth, read)
    i, j = len(truth), len(read)
    pairs: list[tuple[int | None, int | None]] = []
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def _table(truth: Sequence[str], read: Sequence[str]) -> list[list[int]]:
    rows = [list(range(len(read) + 1))]
    for i, wanted in enumerate(truth, 1):
        above, row = rows[-1], [i]
        for j, came in enumerate(read, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (wanted != came)))
        rows.append(row)
    return rows
