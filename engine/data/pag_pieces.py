"""Sub-words by byte-pair encoding (Sennrich, Haddow, Birch, 2016; arXiv 1508.07909), our own small implementation.

Words are cut into the pieces that were learned; a piece that does not end its word is written with "@@".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

JOIN = "@@"
_TOKENS = re.compile(r"\w+|[^\w\s]")
_LEAST = 2  # a pair or a character that occurs once is not worth an entry

Pair = tuple[str, str]


def tokens(text: str) -> list[str]:
    """Words and punctuation marks apart."""
    return _TOKENS.findall(text)


def learn(words: Counter[str], size: int) -> tuple[list[str], list[Pair]]:
    """Pieces (at most `size`) and merges in their order, from words and how often they occur.

    Begins with the characters and joins the most frequent neighbours over and over (ties: alphabetical order).
    """
    spelled = {word: _letters(word) for word in words}
    counts: Counter[str] = Counter()
    for word, parts in spelled.items():
        for part in parts:
            counts[part] += words[word]
    pieces = [part for part, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])) if count >= _LEAST][:size]
    pairs: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[str]] = defaultdict(set)
    for word, parts in spelled.items():
        for pair in pairwise(parts):
            pairs[pair] += words[word]
            where[pair].add(word)
    merges: list[Pair] = []
    known = set(pieces)
    heap = [(-count, pair) for pair, count in pairs.items()]  # counts that changed since are pushed again
    heapify(heap)
    while len(known) < size and heap:
        count, best = heappop(heap)
        if -count < _LEAST:
            break
        if pairs.get(best) != -count:
            continue
        merges.append(best)
        known.add(_joined(best))
        changed: set[Pair] = set()
        for word in where.pop(best):
            changed |= _merge_in(word, best, spelled, words[word], pairs, where)
        for pair in changed - {best}:
            if pairs[pair] > 0:
                heappush(heap, (-pairs[pair], pair))
        del pairs[best]
    return [*pieces, *(p for p in dict.fromkeys(map(_joined, merges)) if p not in set(pieces))], merges


def _merge_in(
    word: str, best: Pair, spelled: dict[str, list[str]], count: int, pairs: Counter[Pair],
    where: defaultdict[Pair, set[str]],
) -> set[Pair]:  # fmt: skip
    """Joins one pair in one word and gives the pairs of that word, old and new: only they are counted anew."""
    old = spelled[word]
    new = spelled[word] = _apply(old, best)
    for pair in pairwise(old):
        pairs[pair] -= count
        if pair in where:
            where[pair].discard(word)
    for pair in pairwise(new):
        pairs[pair] += count
        where[pair].add(word)
    return {*pairwise(old), *pairwise(new)}


class Cutter:
    """Cuts words into known pieces; remembers the words it has cut."""

    def __init__(self, merges: Sequence[Pair]) -> None:
        self._rank = {pair: rank for rank, pair in enumerate(merges)}
        self._seen: dict[str, tuple[str, ...]] = {}

    def cut(self, text: str) -> list[str]:
        """The pieces of a text."""
        return [piece for word in tokens(text) for piece in self.word(word)]

    def word(self, word: str) -> tuple[str, ...]:
        """The pieces of one word."""
        known = self._seen.get(word)
        if known is None:
            known = self._seen[word] = self._cut(word)
        return known

    def _cut(self, word: str) -> tuple[str, ...]:
        parts = _letters(word)
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda p: self._rank.get(p, len(self._rank)))
            if best not in self._rank:
                break
            parts = _apply(parts, best)
        return tuple(parts)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokens(text))
    return counts


def _letters(word: str) -> list[str]:
    return [*(c + JOIN for c in word[:-1]), word[-1]]


def _joined(pair: Pair) -> str:
    return pair[0].removesuffix(JOIN) + pair[1]


def _apply(parts: list[str], pair: Pair) -> list[str]:
    joined, found, i = _joined(pair), [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            found.append(joined)
            i += 2
        else:
            found.append(parts[i])
            i += 1
    return found
