"""How many edits part two sequences: for answers in symbols (data) and for heard phones (models) alike."""

from __future__ import annotations

from collections.abc import Sequence


def edits(one: Sequence[object], other: Sequence[object]) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions from one sequence to the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
