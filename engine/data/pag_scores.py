"""Numbers over many answers: shares of exact, set-match and valid answers, BLEU, and both by length or graph size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.pag_task import UNALIGNED, Example, IntArray, Score

WORDS, LETTERS = "13a", "char"  # how sacrebleu cuts: the standard of translation papers, or letter by letter


@dataclass(frozen=True, slots=True)
class Shares:
    """Over `count` answers: shares in 0..1 and mean edits per target symbol (`error`); NaN for none."""

    count: int
    exact: float
    set_match: float
    valid: float
    error: float


@dataclass(frozen=True, slots=True)
class Group:
    """Answers whose size lies in low..high."""

    low: int
    high: int
    shares: Shares


@dataclass(frozen=True, slots=True)
class Bleu:
    """Corpus BLEU 0..100. signature: sacrebleu's, which says how it was cut and smoothed. count: sentences."""

    score: float
    signature: str
    brevity: float
    precisions: tuple[float, ...]
    count: int


def shares(scores: Sequence[Score], examples: Sequence[Example]) -> Shares:
    """Means over answers."""
    count = len(scores)
    if not count:
        return Shares(0, *(float("nan"),) * 4)
    symbols = sum(max(1, len(e.target) - 1) for e in examples)
    exact, same, valid = (sum(getattr(s, name) for s in scores) / count for name in ("exact", "set_match", "valid"))
    return Shares(count, exact, same, valid, sum(s.edits for s in scores) / symbols)


def by_size(scores: Sequence[Score], examples: Sequence[Example], groups: int = 6) -> list[Group]:
    """Shares by `Example.size` (nodes of the circuit, source length): a group a size, or `groups` about equal ones."""
    order = sorted(range(len(scores)), key=lambda i: examples[i].size)
    sizes = sorted({e.size for e in examples})
    if len(sizes) > groups:
        edges = [examples[order[(len(order) * g) // groups]].size for g in range(groups)]
        lows = sorted(set(edges))
    else:
        lows = sizes
    found = []
    for low, after in zip(lows, [*lows[1:], sizes[-1] + 1] if lows else [], strict=True):
        inside = [i for i in order if low <= examples[i].size < after]
        high = max(examples[i].size for i in inside)
        found.append(Group(low, high, shares([scores[i] for i in inside], [examples[i] for i in inside])))
    return found


def bleu(answers: Sequence[str], references: Sequence[str], cut: str = WORDS) -> Bleu:
    """Corpus BLEU of sacrebleu with one reference each. Raises `ValueError` when the counts differ or are zero."""
    from sacrebleu.metrics.bleu import BLEU  # a fifth of a second

    if len(answers) != len(references) or not answers:
        raise ValueError(f"{len(answers)} answers and {len(references)} references")
    metric = BLEU(tokenize=cut)
    found = metric.corpus_score(list(answers), [list(references)])
    signature = str(metric.get_signature())
    return Bleu(found.score, signature, found.bp, tuple(found.precisions), len(answers))


def bleu_by_length(
    answers: Sequence[str], examples: Sequence[Example], cut: str = WORDS, groups: int = 6
) -> list[tuple[int, int, Bleu]]:
    """Corpus BLEU of groups of similar source length: (shortest, longest, BLEU)."""
    order = sorted(range(len(answers)), key=lambda i: examples[i].size)
    parts = [order[(len(order) * g) // groups : (len(order) * (g + 1)) // groups] for g in range(groups)]
    return [
        (
            examples[part[0]].size,
            examples[part[-1]].size,
            bleu([answers[i] for i in part], [examples[i].reference for i in part], cut),
        )
        for part in parts
        if part
    ]


def aligned(strongest: Sequence[int] | IntArray, gold: Sequence[int] | IntArray) -> tuple[int, int]:
    """Of the symbols with a known source position: how many look there most, and how many there are."""
    known = [(int(a), int(g)) for a, g in zip(strongest, gold, strict=False) if g != UNALIGNED]
    return sum(a == g for a, g in known), len(known)
