"""What a task of Plan, Attend, Generate is: pairs of a source and a target as ids, and how an answer is scored.

The tasks themselves are made by `engine.data.pag.make_task`. Symbols: S source length, T target length, B batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.edit_distance import edits

IntArray = NDArray[np.int64]
Kind = Literal["text", "graph", "question"]
Item = TypeVar("Item")

END = 0  # closes every target; on the source side of texts it closes the source and fills the padding
UNKNOWN = 1  # of texts and questions: what the vocabulary does not hold
OWN_MADE = "made by Atelier, nothing to download"  # provenance of generated tasks
UNALIGNED = -1  # no source position, and the padding of targets' gold
DRAWS = 8  # a batch of texts is one slice of this many batches sorted by length (section 5, recipe)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One pair.

    source: int64 ids. kind "text": [S], ends with END. kind "graph": [S, 2], one ordered pair of labels for each
    directed edge (a, b), in any order; the LAST row is the query (u, v) and has embedding tables of its own.
    kind "question": [S, 2], word id (END closes) and flag (1: a word of the answer).
    target: int64 [T], ends with END. Graphs: label + 1. Pointer tasks: ids from `len(target_symbols)` on point at
    source position id - len(target_symbols).
    gold: int64 [T], the source position each symbol is made from; -1 where there is none (END, linking letters).
    words: the S source tokens as they are shown. size: nodes on the cycle for graphs, S for texts.
    unknown: source positions that the vocabulary does not hold. note: what a person must know about this input
    (extrapolating, no Eulerian circuit and why), "" when all is well. reference: the target as it was written.
    """

    source: IntArray
    target: IntArray
    gold: IntArray
    words: tuple[str, ...]
    size: int
    unknown: tuple[int, ...] = ()
    note: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """One answer against its example.

    exact: the very target. set_match: the same symbols in any order (on graphs, what the released code calls
    accuracy: not a circuit). valid: graphs: starts u, v, walks every edge of that component once and comes back;
    dates: a date that exists; otherwise as exact. edits: smallest number of symbols to insert, delete or replace.
    walked: edges walked before the first fault (graphs). why: the first fault in words, "" without one.
    text: the answer as it reads.
    """

    exact: bool
    set_match: bool
    valid: bool
    edits: int
    text: str
    walked: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Padded:
    """Examples side by side. source [B, S] or [B, S, 2] padded with END (0); lengths [B] of the sources.

    target [B, T] padded with END; target_lengths [B] counts the closing END; gold [B, T] padded with -1.
    """

    source: IntArray
    lengths: IntArray
    target: IntArray
    target_lengths: IntArray
    gold: IntArray


class Task(ABC):
    """One task: its vocabularies, an endless training stream and a fixed held-out list.

    source_symbols: texts and questions: shown form by source id. Graphs: names of the labels, by label.
    target_symbols: shown form by target id; 0 is END. separator: what joins symbols into the text.
    has_gold: `gold` is the true alignment. On graphs it is False: `gold` then names the directed edge walked, one
    of the two tokens that would do. pointer: targets may point at source positions.
    longest: the longest training target (T), for capping free decoding. notes: what must be said about the data
    (partial copies, dropped pairs); provenance: where it comes from. held_out: any prefix is a fair sample.
    """

    name: str
    kind: Kind
    source_symbols: tuple[str, ...]
    target_symbols: tuple[str, ...]
    separator: str = ""
    has_gold: bool = False
    pointer: bool = False
    longest: int
    notes: tuple[str, ...] = ()
    provenance: str = OWN_MADE
    held_out: list[Example]
    splits: tuple[str, ...] = ()

    @abstractmethod
    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` training pairs (texts: of similar length), none of them held out; all chance comes from `rng`."""

    @abstractmethod
    def encode(self, text: str) -> Example:
        """A source that somebody typed; its target is known for generated tasks, else only END.

        Graphs read an edge list and a query, as "A-B B-C C-A ? A B". Raises `DataError` saying what cannot be read.
        """

    def encode_graph(self, edges: Sequence[tuple[int, int]], query: tuple[int, int]) -> Example:
        """A graph drawn by hand: undirected edges between labels 0.., and the first step (u, v).

        A graph without an Eulerian circuit is encoded too, `note` says why it has none. Raises `DataError` when a
        label has no name, there is no edge, or the task is not about graphs.
        """
        from engine.data.images import DataError

        raise DataError(f"{self.name} reads text, not graphs.")

    def split(self, name: str) -> list[Example]:
        """A test set by name, whole and in its order. Raises `DataError` when there is none of that name."""
        from engine.data.images import DataError

        raise DataError(f"{self.name} has no test set '{name}'.")

    def decode(self, ids: Sequence[int] | IntArray, example: Example | None = None) -> str:
        """Target ids up to the first END as text; pointers need the example they point into."""
        return self.separator.join(self.symbol(i, example) for i in until_end(ids))

    def symbol(self, index: int, example: Example | None = None) -> str:
        """The shown form of one target id."""
        place = index - len(self.target_symbols)
        if place < 0:
            return self.target_symbols[index]
        return example.words[place] if example is not None and place < len(example.words) else "?"

    def score(self, ids: Sequence[int] | IntArray, example: Example) -> Score:
        """An answer (ids with or without END) against the example's target."""
        answer = [self.symbol(i, example) for i in until_end(ids)]
        wanted = [self.symbol(i, example) for i in until_end(example.target)]  # a word may be copied from two places
        exact = answer == wanted
        return Score(exact, sorted(answer) == sorted(wanted), exact, edits(answer, wanted), self.separator.join(answer))


def until_end(ids: Sequence[int] | IntArray) -> list[int]:
    """The ids before the first END."""
    plain = [int(i) for i in ids]
    return plain[: plain.index(END)] if END in plain else plain


def pad(examples: Sequence[Example]) -> Padded:
    """Arrays of a batch; the pairs of columns of a source stay together."""
    lengths = np.array([len(e.source) for e in examples], np.int64)
    target_lengths = np.array([len(e.target) for e in examples], np.int64)
    source = np.full((len(examples), int(lengths.max()), *examples[0].source.shape[1:]), END, np.int64)
    target = np.full((len(examples), int(target_lengths.max())), END, np.int64)
    gold = np.full_like(target, UNALIGNED)
    for row, e in enumerate(examples):
        source[row, : len(e.source)] = e.source
        target[row, : len(e.target)] = e.target
        gold[row, : len(e.gold)] = e.gold
    return Padded(source, lengths, target, target_lengths, gold)


def slice_by_length(
    drawn: Sequence[Item], size: int, rng: np.random.Generator, length: Callable[[Item], Any]
) -> list[Item]:
    """One run of `size` neighbours among what was drawn, sorted by `length`."""
    ordered = sorted(drawn, key=length)
    start = size * int(rng.integers(max(1, len(ordered) // size)))
    return ordered[start : start + size]
