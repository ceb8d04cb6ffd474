"""Eulerian circuits as a task: two-cycle graphs as the paper's, graphs where a wrong turn ends the tour, raw streams.

One token per directed edge and a query token (u, v); the target names the nodes of the circuit that starts u, v, the
return to u left out. Labels are shuffled over the nodes, tokens over the source. (Paper page, section 5, B and C.)
"""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.data.images import DataError
from engine.data.pag_circuits import Edge, component, faults, judge, solve, undirected
from engine.data.pag_task import END, UNALIGNED, Example, IntArray, Kind, Score, Task, until_end
from engine.edit_distance import edits

LABELS = 12  # what the paper's vocabulary of 17 leaves for nodes
DEAD_END_LABELS = 9
_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HELD_OUT_SEED = 20_171_129
_TOKEN_ORDER_SEED = 7  # graphs drawn by hand: always the same order for the same number of tokens
_RAW = ("⏎", "?", "edge", "line", "query", "answer")  # the paper's stream marks every edge and every line
_SMALLEST_PART = 10  # at most a tenth of all graphs of the held-out size is held out

Graph = tuple[list[Edge], Edge]
Drawn = tuple[list[Edge], Edge, list[int] | None]  # edges, query and, where it is known, the circuit


class CircuitTask(Task):
    """What all graph tasks share: how a graph becomes tokens and how an answer is judged."""

    kind: Kind = "graph"
    separator = " "

    _marks: tuple[str, ...] = ()  # source symbols before the labels

    def __init__(self, labels: int) -> None:
        self.labels = labels
        self.source_symbols: tuple[str, ...] = (*self._marks, *_NAMES[:labels])
        self.target_symbols = ("⏎", *_NAMES[:labels])
        self._kept_out: frozenset[object] = frozenset()

    @abstractmethod
    def _draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Drawn:
        """A graph of one size with its query, and its circuit unless the solver is to find it."""

    @abstractmethod
    def _sizes(self) -> list[tuple[int, ...]]:
        """The sizes of training graphs."""

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` graphs, each of a size drawn by itself: with one size a batch the models forget the others in turn."""
        sizes = self._sizes()
        return [self.fresh(rng, sizes[int(rng.integers(len(sizes)))]) for _ in range(size)]

    def _length(self, size: tuple[int, ...]) -> tuple[int, int]:
        """Nodes written and edges read for a size."""
        return size[0], sum(size)

    def fresh(self, rng: np.random.Generator, size: tuple[int, ...]) -> Example:
        """A new graph of one size with its circuit, none of those held out."""
        while True:
            edges, query, circuit = self._draw(rng, size)
            if _key(edges, query) not in self._kept_out:
                return self.example(edges, query, rng, circuit=circuit)

    def _hold_out(self, size: tuple[int, ...], count: int) -> None:
        rng = np.random.default_rng(_HELD_OUT_SEED)
        graphs: dict[object, Graph] = {}
        while len(graphs) < count:
            edges, query, _ = self._draw(rng, size)
            graphs.setdefault(_key(edges, query), (edges, query))
        self.held_out = [self.example(edges, query, rng) for edges, query in graphs.values()]
        self._kept_out = frozenset(graphs)

    def example(
        self, edges: Sequence[Edge], query: Edge, rng: np.random.Generator, note: str = "",
        circuit: list[int] | None = None,
    ) -> Example:  # fmt: skip
        """Undirected edges and a query as tokens in an order drawn from `rng`; without a circuit the target is END."""
        directed = [pair for a, b in edges for pair in ((a, b), (b, a))]
        pairs = [directed[i] for i in rng.permutation(len(directed))]
        circuit = circuit or solve(edges, query) or []
        target = np.array([*(n + 1 for n in circuit), END], np.int64)
        gold = np.full(len(target), UNALIGNED, np.int64)
        places = {pair: i for i, pair in enumerate(pairs)}
        if circuit:
            gold[:2] = len(pairs)
            gold[2:-1] = [places[pair] for pair in pairwise(circuit[1:])]
        return self._tokens(pairs, query, target, gold, note)

    def _tokens(self, pairs: list[Edge], query: Edge, target: IntArray, gold: IntArray, note: str) -> Example:
        words = (*(f"{_NAMES[a]}{_NAMES[b]}" for a, b in pairs), f"{_NAMES[query[0]]}→{_NAMES[query[1]]}")
        source = np.array([*pairs, query], np.int64)
        return Example(source, target, gold, words, len(target) - 1, note=note, reference=self.decode(target))

    def graph_of(self, example: Example) -> Graph:
        """The undirected edges and the query that an example's source says."""
        rows = [(int(a), int(b)) for a, b in example.source]
        return undirected(rows[:-1]), rows[-1]

    def score(self, ids: Sequence[int] | IntArray, example: Example) -> Score:
        """Exact match, set match (the released code's accuracy) and validity as a circuit, apart."""
        edges, query = self.graph_of(example)
        answer, wanted = until_end(ids), until_end(example.target)
        walk = judge(edges, query, [i - 1 for i in answer], _NAMES)
        same = sorted(answer) == sorted(wanted)
        return Score(answer == wanted, same, walk.valid, edits(answer, wanted), self.decode(ids), walk.walked, walk.why)

    def encode_graph(self, edges: Sequence[Edge], query: Edge) -> Example:
        """See `Task.encode_graph`; a self-loop or a doubled edge is read once and said in the note."""
        if not edges:
            raise DataError("There is no edge: draw a graph first.")
        for node in sorted({n for pair in (*edges, query) for n in pair}):
            if not 0 <= node < self.labels:
                raise DataError(f"Node {node} has no label: {self.name} knows {self.labels} ({_NAMES[: self.labels]}).")
        note = " ".join(fault.text for fault in faults(edges, query, _NAMES))
        simple = [e for e in undirected(edges) if e[0] != e[1]]
        if not simple:
            raise DataError(note)
        note = note or " ".join(said for said in (_apart(simple, query), self._unseen(simple, query)) if said)
        return self.example(simple, query, np.random.default_rng(_TOKEN_ORDER_SEED), note)

    def _unseen(self, edges: list[Edge], query: Edge) -> str:
        own = len(component(edges, query[0]))
        read = len(edges)
        if (own, read) in {self._length(size) for size in self._sizes()}:
            return ""
        return f"Extrapolating: no training graph has a circuit of {own} edges and {read - own} other edges."

    def encode(self, text: str) -> Example:
        """Edges and a first step: "A-B B-C C-A ? A B". Without "?" the first edge is the first step."""
        shown, _, asked = text.partition("?")
        nodes = [self._label(word) for word in re.findall(r"\w+", shown)]
        query = [self._label(word) for word in re.findall(r"\w+", asked)] or nodes[:2]
        if not nodes:
            raise DataError('There is no edge: write edges and the first step, as "A-B B-C C-A ? A B".')
        if len(nodes) % 2 or len(query) != 2:
            raise DataError(
                f"{len(nodes)} nodes before “?” and {len(query)} after it: an edge and the first step take two each, "
                'as in "A-B B-C C-A ? A B".'
            )
        return self.encode_graph(list(zip(nodes[::2], nodes[1::2], strict=True)), (query[0], query[1]))

    def _label(self, word: str) -> int:
        if len(word) != 1 or word.upper() not in _NAMES[: self.labels]:
            raise DataError(f"“{word}” is no node here: nodes are {', '.join(_NAMES[: self.labels])}.")
        return _NAMES.index(word.upper())


class EulerTask(CircuitTask):
    """A cycle of n nodes and a distractor cycle of m: all sizes mixed in training, one size held out (task B).

    cycle: smallest and largest n, from 3; distractors: m, each 0 or at least 3; test: (n, m) held out.
    At most a tenth of the graphs of the held-out size, and `count`, is held out. Raises `DataError` for sizes that
    do not fit the 12 labels.
    """

    name = "euler"

    def __init__(
        self, cycle: tuple[int, int] = (3, 8), distractors: Sequence[int] = (0, 3, 4), test: tuple[int, int] = (8, 4),
        count: int = 1_000,
    ) -> None:  # fmt: skip
        super().__init__(LABELS)
        low, high = cycle
        sizes = [(n, m) for n in range(low, high + 1) for m in distractors]
        self._all = [(n, m) for n, m in sizes if n + m <= LABELS]
        for n, m in [*self._all[:1], *sizes[-1:], test]:
            if n < 3 or not (m == 0 or m >= 3) or n + m > LABELS:
                raise DataError(
                    f"A cycle of {n} nodes with a second one of {m} cannot be drawn: cycles have at least 3 nodes "
                    f"(the second may be missing: 0) and both together at most {LABELS}."
                )
        if not self._all:
            raise DataError(f"No cycle has from {low} to {high} nodes: the largest size is the smaller one.")
        self._hold_out(test, max(1, min(count, _graphs_of(*test) // _SMALLEST_PART)))
        self.longest = 1 + max(n for n, _ in self._all)

    def _sizes(self) -> list[tuple[int, ...]]:
        return list(self._all)

    def _draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Drawn:
        n, m = size
        nodes = [int(i) for i in rng.permutation(self.labels)[: n + m]]
        ring, other = nodes[:n], nodes[n:]
        edges = [*_ring(ring), *_ring(other)]
        return edges, (ring[0], ring[1]), ring  # a permutation starts anywhere and turns either way


class DeadEndTask(CircuitTask):
    """One or two cycles of 3-4 nodes, two share a node; the circuit takes the smallest label that strands no edge.

    Nine labels; tested on two cycles only; ours, not the paper's (task C).
    """

    name = "euler-deadend"

    def __init__(self, count: int = 1_000) -> None:
        super().__init__(DEAD_END_LABELS)
        self._all = [(3, 0), (4, 0), (3, 3), (3, 4), (4, 4)]
        self._tests = [size for size in self._all if size[1]]
        self._hold_out((), count)
        self.longest = 1 + max(self._length(size)[0] for size in self._all)

    def _sizes(self) -> list[tuple[int, ...]]:
        return list(self._all)

    def _length(self, size: tuple[int, ...]) -> tuple[int, int]:
        return sum(size), sum(size)

    def _draw(self, rng: np.random.Generator, size: tuple[int, ...]) -> Drawn:
        n, m = size or self._tests[int(rng.integers(len(self._tests)))]
        nodes = [int(i) for i in rng.permutation(self.labels)]
        edges = _ring(nodes[:n]) + (_ring([nodes[0], *nodes[n : n + m - 1]]) if m else [])
        a, b = edges[int(rng.integers(len(edges)))]
        return edges, (a, b) if rng.integers(2) else (b, a), None


class RawEulerTask(EulerTask):
    """The paper's own stream, four tokens an edge (A edge B line), then query u v answer; S = 8(n+m) + 4."""

    name = "euler-raw"
    kind = "text"
    _marks = _RAW

    def _tokens(self, pairs: list[Edge], query: Edge, target: IntArray, gold: IntArray, note: str) -> Example:
        stream = [i for a, b in pairs for i in (a + len(_RAW), _RAW.index("edge"), b + len(_RAW), _RAW.index("line"))]
        stream += [_RAW.index("query"), query[0] + len(_RAW), query[1] + len(_RAW), _RAW.index("answer")]
        words = tuple(self.source_symbols[i] for i in stream)
        second = np.where(gold == len(pairs), 4 * len(pairs) + 2, 4 * gold + 2)  # the second node of the edge walked
        places = np.where(gold == UNALIGNED, UNALIGNED, second)
        if len(target) > 1:
            places[0] = 4 * len(pairs) + 1
        size = len(target) - 1
        return Example(
            np.array(stream, np.int64), target, places, words, size, note=note, reference=self.decode(target)
        )

    def graph_of(self, example: Example) -> Graph:
        """See `CircuitTask.graph_of`."""
        nodes = [int(i) - len(_RAW) for i in example.source if i >= len(_RAW)]
        pairs = list(zip(nodes[::2], nodes[1::2], strict=True))
        return undirected(pairs[:-1]), pairs[-1]


def _ring(nodes: list[int]) -> list[Edge]:
    return list(zip(nodes, [*nodes[1:], *nodes[:1]], strict=True))


def _key(edges: Sequence[Edge], query: Edge) -> object:
    return frozenset(undirected(edges)), query


def _graphs_of(n: int, m: int) -> int:
    """How many different graphs with a query have a cycle of n labels and one of m, out of 12."""

    def rings(of: int, size: int) -> int:
        return math.comb(of, size) * math.factorial(size - 1) // 2 if size else 1

    return rings(LABELS, n) * rings(LABELS - n, m) * 2 * n


def _apart(edges: list[Edge], query: Edge) -> str:
    """Which nodes the circuit cannot come to; "" when there are none."""
    own = set(component(edges, query[0]))
    if not (nodes := sorted({node for e in edges if e not in own for node in e})):
        return ""
    u, v = (_NAMES[node] for node in query)
    listed = ", ".join(_NAMES[node] for node in nodes)
    return f"Not connected: no edge leads to {listed}; the circuit asked for is that of {u}–{v} alone."
