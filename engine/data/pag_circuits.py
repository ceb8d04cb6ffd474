"""Eulerian circuits, exactly: has this graph one and if not why, the circuit asked for, and is this walk one.

Graphs are lists of undirected edges (a, b) between labels 0.. . A circuit is written as the nodes it visits in order,
without the return to the first; it starts with the query u, v. A graph may have several components: the circuit is
that of the component of u (the others are distractors, paper page section 5, task B).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Edge = tuple[int, int]
FaultKind = Literal["empty", "self-loop", "duplicate", "odd", "query", "disconnected"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why there is no circuit (or, kind "disconnected", none of the whole graph). nodes: the offenders."""

    kind: FaultKind
    nodes: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk judged. valid: closed and every edge of the component walked once.

    walked: edges walked before the first fault. stranded: edges not walked when it ended. stranded_at: index in the
    answer of the step after which some edge could no longer be reached (-1: never): the wrong turn, before it shows.
    dead_end: the node where no edge was left while others still waited (-1: none). why: the first fault in words.
    """

    valid: bool
    walked: int
    stranded: tuple[Edge, ...]
    stranded_at: int
    dead_end: int
    why: str


def undirected(edges: Sequence[Edge]) -> list[Edge]:
    """Each edge once as (smaller, larger), in order of first appearance."""
    return list(dict.fromkeys((min(e), max(e)) for e in edges))


def component(edges: Sequence[Edge], start: int) -> list[Edge]:
    """The edges reachable from `start`, in their order."""
    reached, frontier = {start}, [start]
    around = _neighbours(edges)
    while frontier:
        for node in around.get(frontier.pop(), ()):
            if node not in reached:
                reached.add(node)
                frontier.append(node)
    return [e for e in edges if e[0] in reached]


def faults(edges: Sequence[Edge], query: Edge | None = None, names: Sequence[str] = ()) -> tuple[Fault, ...]:
    """Why this graph has no Eulerian circuit, () when it has one.

    edges as drawn: self-loops and duplicates are faults. With a query only the component of u has to have a circuit,
    and u-v has to be an edge; a second component is then no fault. Without one, the whole graph is judged.
    """
    if not edges:
        return (Fault("empty", (), "There is no edge."),)
    found = [
        Fault("self-loop", (a,), f"{_name(a, names)} is joined to itself: an edge joins two nodes.")
        for a, b in edges
        if a == b
    ]
    times = Counter((min(e), max(e)) for e in edges if e[0] != e[1])
    for (a, b), count in times.items():
        if count > 1:
            text = f"{_name(a, names)}–{_name(b, names)} is drawn {count} times: an edge is there once."
            found.append(Fault("duplicate", (a, b), text))
    simple = list(times)
    if query is not None and (min(query), max(query)) not in times:
        text = f"The first step {_name(query[0], names)} → {_name(query[1], names)} is not an edge."
        found.append(Fault("query", tuple(query), text))
    judged = component(simple, query[0]) if query is not None else simple
    degrees = Counter(node for e in judged for node in e)
    if odd := tuple(sorted(node for node, degree in degrees.items() if degree % 2)):
        listed = ", ".join(f"{_name(n, names)} ({degrees[n]})" for n in odd)
        found.append(
            Fault("odd", odd, f"Odd number of edges at {listed}: a circuit leaves a node as often as it comes.")
        )
    if query is None and simple:
        apart = [e for e in simple if e not in set(component(simple, simple[0][0]))]
        if apart:
            nodes = tuple(sorted({node for e in apart for node in e}))
            listed = ", ".join(_name(n, names) for n in nodes)
            found.append(Fault("disconnected", nodes, f"Not connected: no edge leads to {listed}."))
    return tuple(found)


def solve(edges: Sequence[Edge], query: Edge) -> list[int] | None:
    """The circuit that starts u, v and then always takes the smallest label that strands no edge; None: there is none.

    On a 2-regular graph it is the only one. Taking an edge strands others when, afterwards, an unwalked edge of the
    component cannot be reached from where one stands (Fleury's rule).
    """
    u, v = query
    if faults(edges, query):
        return None
    left = set(component(undirected(edges), u)) - {_edge(u, v)}
    walk = [u, v]
    while left:
        here = walk[-1]
        there = next(n for n in sorted(_neighbours(left)[here]) if not _strands(left - {_edge(here, n)}, n))
        left.remove(_edge(here, there))
        walk.append(there)
    return walk[:-1]


def circuits(edges: Sequence[Edge], query: Edge) -> Iterator[list[int]]:
    """Every Eulerian circuit of the component that starts u, v, by trying every turn (for small graphs)."""
    u, v = query
    everything = frozenset(component(undirected(edges), u))

    def turn(walk: list[int], left: frozenset[Edge]) -> Iterator[list[int]]:
        if not left and walk[-1] == u:
            yield walk[:-1]
        for there in sorted(_neighbours(left).get(walk[-1], ())):
            yield from turn([*walk, there], left - {_edge(walk[-1], there)})

    if _edge(u, v) in everything:
        yield from turn([u, v], everything - {_edge(u, v)})


def judge(edges: Sequence[Edge], query: Edge, answer: Sequence[int], names: Sequence[str] = ()) -> Walk:
    """An answer (nodes in order, without the return to the first) against the component of u."""
    left = set(component(undirected(edges), query[0]))
    total = len(left)
    if list(answer[:2]) != list(query):
        start, wanted = (" → ".join(_name(n, names) for n in pair) for pair in (answer[:2], query))
        return Walk(False, 0, tuple(sorted(left)), -1, -1, f"It starts {start or 'nowhere'} instead of {wanted}.")
    stranded_at = -1
    for step, (here, there) in enumerate(zip(answer, [*answer[1:], answer[0]], strict=True), 1):
        edge = _edge(here, there)
        if edge not in left:
            why = _missing(edges, left, (here, there), step == len(answer), names)
            dead_end = here if left and here not in _neighbours(left) else -1
            return Walk(False, step - 1, tuple(sorted(left)), stranded_at, dead_end, why)
        left.remove(edge)
        if stranded_at < 0 and step < len(answer) and _strands(left, there):
            stranded_at = step
    if left:
        here = answer[0]
        dead_end = here if here not in _neighbours(left) else -1
        why = f"Back at {_name(here, names)} after {total - len(left)} of {total} edges: {_listed(left, names)} left."
        return Walk(False, total - len(left), tuple(sorted(left)), stranded_at, dead_end, why)
    return Walk(True, total, (), -1, -1, "")


def _missing(edges: Sequence[Edge], left: set[Edge], step: Edge, is_return: bool, names: Sequence[str]) -> str:
    here, there = (_name(n, names) for n in step)
    if _edge(*step) in set(undirected(edges)):
        what = f"{here}–{there} is walked twice"
    else:
        what = f"There is no edge {here}–{there}" + (" to come back by" if is_return else "")
    if left and step[0] not in _neighbours(left):
        return f"Dead end at {here}: {_listed(left, names)} left. {what}."
    return f"{what}."


def _strands(left: set[Edge], here: int) -> bool:
    return len(component(list(left), here)) < len(left)


def _neighbours(edges: Sequence[Edge] | set[Edge] | frozenset[Edge]) -> dict[int, set[int]]:
    around: dict[int, set[int]] = {}
    for a, b in edges:
        around.setdefault(a, set()).add(b)
        around.setdefault(b, set()).add(a)
    return around


def _edge(a: int, b: int) -> Edge:
    return (a, b) if a < b else (b, a)


def _name(label: int, names: Sequence[str]) -> str:
    return names[label] if 0 <= label < len(names) else str(label)


def _listed(edges: set[Edge], names: Sequence[str]) -> str:
    return ", ".join(f"{_name(a, names)}–{_name(b, names)}" for a, b in sorted(edges))
