"""Real parallel text as the paper reads it: source in sub-words, target letter by letter.

The vocabularies are learned from the training text alone: byte pairs (our own implementation) and the most frequent
characters (300 in the paper). The ids are made once and kept in the cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from engine.data.images import DataError
from engine.data.pag_corpora import Corpus
from engine.data.pag_pieces import Cutter, learn, tokens
from engine.data.pag_store import Encoded, signature, stored
from engine.data.pag_task import DRAWS, END, UNALIGNED, UNKNOWN, Example, Task
from engine.data.pag_texts import pairs

HELD_OUT_EVERY = 20  # one line in twenty, when the corpus has no dev text of its own
_LEARN_FROM = 500_000  # pairs that the vocabularies are learned from
_ORDER_SEED = 20_171_129
_SPECIAL = ["⏎", "?"]
_LARGEST_VOCABULARY = 60_000  # ids are stored in 16 bits


class TranslationTask(Task):
    """Pairs of lines. Longer ones (`longest_source` sub-words, `longest_target` letters, END counted) are left out.

    held_out: the dev text of the corpus, else one line in twenty; `split` reads the test sets by name, whole.
    Raises `DataError`: as the files do, nothing left after the length limits, a vocabulary beyond 16 bits.
    """

    kind = "text"

    def __init__(
        self, name: str, corpus: Corpus, pieces: int, characters: int, longest_source: int, longest_target: int,
        limit: int = 0, count: int = 1_000,
    ) -> None:  # fmt: skip
        if not 0 < pieces <= _LARGEST_VOCABULARY:
            raise DataError(f"{pieces:,} sub-words cannot be stored: at most {_LARGEST_VOCABULARY:,}.")
        self.name, self.corpus = name, corpus
        self._sizes = pieces, characters
        self._limits = longest_source, longest_target
        self._limit = limit
        self.provenance = corpus.provenance
        files = [signature(path) for pair in corpus.train for path in pair if path is not None]
        has_dev = corpus.dev is not None
        self._store = stored([*files, self._sizes, self._limits, limit, has_dev], self._prepare)
        self._read(self._store.facts)
        if not len(self._store):
            raise DataError(
                f"{corpus.provenance} has no pair of at most {longest_source} sub-words and {longest_target} letters: "
                "allow longer ones."
            )
        held_out = self._held_out(count)
        order = np.random.default_rng(_ORDER_SEED).permutation(len(held_out))[:count]
        self.held_out = [held_out[int(i)] for i in order]
        self.splits = tuple(corpus.tests)
        self.longest = int(self._store.target_lengths.max())
        self.notes = (*corpus.notes, *self._said())

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` pairs of similar target length."""
        drawn = rng.integers(len(self._store), size=DRAWS * size)
        lengths = self._store.target_lengths[drawn], self._store.source_lengths[drawn]
        ordered = drawn[np.lexsort(lengths[::-1])]
        start = size * int(rng.integers(DRAWS))
        return [self._stored_example(int(i)) for i in ordered[start : start + size]]

    def split(self, name: str) -> list[Example]:
        """All pairs of a test set of the corpus, however long, in their order. Raises `DataError` for another name."""
        if name not in self.corpus.tests:
            raise DataError(f"There is no test set '{name}': {', '.join(self.corpus.tests) or 'none'} are here.")
        return [self._example(source, target) for source, target in pairs(*self.corpus.tests[name])]

    def encode(self, text: str) -> Example:
        """A typed sentence; there is no known translation. Raises `DataError` for an empty one."""
        plain = " ".join(text.split())
        if not plain:
            raise DataError("There is nothing to translate: type a sentence.")
        e = self._example(plain, "")
        longest = self._limits[0]
        note = "" if e.size <= longest else f"{e.size} sub-words: training pairs have at most {longest}."
        return Example(e.source, e.target, e.gold, e.words, e.size, e.unknown, note)

    def _prepare(self) -> tuple[Iterator[Encoded], Callable[[], dict[str, Any]]]:
        words: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        for source, target in islice(self._training(), self._limit or _LEARN_FROM):
            words.update(tokens(source))
            letters.update(target)
        pieces, merges = learn(words, self._sizes[0] - len(_SPECIAL))
        common = sorted(letters, key=lambda c: (-letters[c], c))[: self._sizes[1]]
        unknown = sum(letters.values()) - sum(letters[c] for c in common)
        share = unknown / max(1, sum(letters.values()))
        facts: dict[str, Any] = {
            "pieces": pieces,
            "merges": merges,
            "characters": common,
            "dropped": 0,
            "unknown": share,
        }
        self._read(facts)

        def encoded() -> Iterator[Encoded]:
            kept = 0
            for source, target in self._training():
                ids = self._ids(source, target)
                if any(len(side) > limit for side, limit in zip(ids, self._limits, strict=True)):
                    facts["dropped"] += 1
                    continue
                yield ids
                kept += 1
                if kept == self._limit:
                    return

        return encoded(), lambda: facts

    def _training(self) -> Iterator[tuple[str, str]]:
        """The training pairs; without dev text the held-out lines are left out."""
        number = 0
        for pair in self.corpus.train:
            for both in pairs(*pair):
                number += 1
                if self.corpus.dev is not None or number % HELD_OUT_EVERY:
                    yield both

    def _held_out(self, count: int) -> list[Example]:
        if self.corpus.dev is not None:
            every = [self._example(*both) for both in pairs(*self.corpus.dev)]
        else:
            numbered = (both for pair in self.corpus.train for both in pairs(*pair))
            every = [self._example(*both) for both in islice(numbered, HELD_OUT_EVERY - 1, None, HELD_OUT_EVERY)]
        source, target = self._limits
        fitting = [e for e in every if len(e.source) <= source and len(e.target) <= target]
        if not fitting:
            where = self.corpus.dev or self.corpus.train[0]
            raise DataError(
                f"{where[0]} leaves nothing to test on: at least {HELD_OUT_EVERY} pairs of at most {source} sub-words "
                f"and {target} letters are needed."
            )
        return fitting

    def _read(self, facts: dict[str, Any]) -> None:
        """Vocabularies as they were learned."""
        self.source_symbols = (*_SPECIAL, *facts["pieces"])
        self.target_symbols = (*_SPECIAL, *facts["characters"])
        self._cutter = Cutter([(a, b) for a, b in facts["merges"]])
        self._piece = {piece: i for i, piece in enumerate(self.source_symbols) if i > UNKNOWN}
        self._letter = {letter: i for i, letter in enumerate(self.target_symbols) if i > UNKNOWN}

    def _ids(self, source: str, target: str) -> Encoded:
        pieces = self._cutter.cut(source)
        return (
            [*(self._piece.get(p, UNKNOWN) for p in pieces), END],
            [*(self._letter.get(c, UNKNOWN) for c in target), END],
        )

    def _example(self, source: str, target: str) -> Example:
        pieces = self._cutter.cut(source)
        one, other = self._ids(source, target)
        unknown = tuple(i for i, piece in enumerate(one) if piece == UNKNOWN)
        gold = np.full(len(other), UNALIGNED, np.int64)
        words = (*pieces, _SPECIAL[END])
        return Example(np.array(one, np.int64), np.array(other, np.int64), gold, words, len(one), unknown, "", target)

    def _stored_example(self, index: int) -> Example:
        source, target = self._store.pair(index)
        words = tuple(self.source_symbols[i] for i in source)
        gold = np.full(len(target), UNALIGNED, np.int64)
        return Example(source, target, gold, words, len(source), reference=self.decode(target))

    def _said(self) -> list[str]:
        facts = self._store.facts
        said = [f"{len(self._store):,} training pairs."]
        if facts["dropped"]:
            source, target = self._limits
            said.append(f"Left out: {facts['dropped']:,} beyond {source} sub-words or {target} letters.")
        if facts["unknown"]:
            said.append(f"{facts['unknown']:.3%} of the target letters are not among the {self._sizes[1]} kept.")
        return said
