"""Graphs and walks as the tab draws them, judged exactly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from engine.data.pag_circuits import Edge, circuits, component, faults, judge, solve, undirected
from engine.data.pag_graphs import CircuitTask
from engine.data.pag_task import Example, until_end
from engine.papers.pag_views import NEW_EDGE, NO_EDGE, REPEATED_EDGE, Graph, Source, Walk

if TYPE_CHECKING:
    from engine.experiments.pag_run import PagExperiment

MOST_CIRCUITS = 100
MOST_EDGES = 20  # beyond that circuits are not counted


def graph_of(run: PagExperiment, example: Example | None, source: Source) -> Graph | None:
    """The graph that is read; None on other tasks. example None: what was drawn cannot be read at all."""
    task = run.task
    if not isinstance(task, CircuitTask):
        return None
    names = task.target_symbols[1:]
    is_drawn = bool(source.edges) or source.is_drawn
    if is_drawn or example is None:
        drawn: list[Edge] = [(int(a), int(b)) for a, b in source.edges]
        query = source.query if min(source.query) >= 0 else (drawn[0] if drawn else (-1, -1))
    else:
        drawn, query = task.graph_of(example)
    edges = undirected(drawn)
    found = faults(drawn, query, names)
    answer = solve(edges, query) if not found else None
    nodes = sorted({n for edge in edges for n in edge} | {n for n in query if n >= 0})
    token_nodes = _token_nodes(task, example)
    place = {edge: i for i, edge in enumerate(edges)}
    token_edge = [place.get((min(a, b), max(a, b)), -1) for a, b in token_nodes]
    if token_edge:
        token_edge[-1] = -1
    return Graph(
        nodes=np.array(nodes, np.int16),
        edges=np.array(edges, np.int16).reshape(-1, 2),
        names=tuple(names[n] if n < len(names) else str(n) for n in nodes),
        token_edge=np.array(token_edge, np.int16),
        token_nodes=np.array(token_nodes, np.int16).reshape(-1, 2),
        query=(int(query[0]), int(query[1])),
        answer=np.array([*answer, answer[0]] if answer else [], np.int16),
        circuits=_count(edges, query) if answer else 0,
        why_not=" ".join(fault.text for fault in found),
        offending=tuple(sorted({n for fault in found for n in fault.nodes})),
        can_try=example is not None,
        largest=task.labels,
    )


def _token_nodes(task: CircuitTask, example: Example | None) -> list[Edge]:
    """The pair of labels each source token belongs to; of a stream, all four tokens of an edge."""
    if example is None:
        return []
    if example.source.ndim == 2:
        return [(int(a), int(b)) for a, b in example.source]
    marks = len(task.source_symbols) - task.labels
    labels = [int(i) - marks for i in example.source if i >= marks]
    pairs = list(zip(labels[::2], labels[1::2], strict=True))
    return [pair for pair in pairs for _ in range(4)]


def _count(edges: Sequence[Edge], query: Edge) -> int:
    if len(component(edges, query[0])) > MOST_EDGES:
        return -1
    count = sum(1 for _ in islice(circuits(edges, query), MOST_CIRCUITS + 1))
    return count if count <= MOST_CIRCUITS else -1


def walk_of(run: PagExperiment, example: Example, ids: Sequence[int]) -> Walk | None:
    """The output as a walk; None on other tasks."""
    task = run.task
    if not isinstance(task, CircuitTask):
        return None
    edges, query = task.graph_of(example)
    answer = [i - 1 for i in until_end(ids)]
    known = set(undirected(edges))
    nodes = list(answer)
    if len(answer) > 1 and _edge(answer[-1], answer[0]) in known:
        nodes.append(answer[0])
    used: set[Edge] = set()
    state = []
    for a, b in pairwise(nodes):
        edge = _edge(a, b)
        state.append(NO_EDGE if edge not in known else REPEATED_EDGE if edge in used else NEW_EDGE)
        used.add(edge)
    verdict = judge(edges, query, answer, task.target_symbols[1:])
    wanted = [i - 1 for i in until_end(example.target)]
    return Walk(
        nodes=np.array(nodes, np.int16),
        state=np.array(state, np.int8),
        exact=bool(wanted) and answer == wanted,
        same_set=bool(wanted) and sorted(answer) == sorted(wanted),
        valid=verdict.valid,
        dead_end=verdict.dead_end,
        stranded=np.array(verdict.stranded, np.int16).reshape(-1, 2),
        words=verdict.why,
    )


def _edge(a: int, b: int) -> Edge:
    return (a, b) if a < b else (b, a)
