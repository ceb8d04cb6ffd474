"""Eulerian circuits: the exact checks, the solver against trying every turn, and the three graph tasks (oracle O10)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.images import DataError
from engine.data.pag import TaskOptions, make_task
from engine.data.pag_circuits import circuits, component, faults, judge, solve, undirected
from engine.data.pag_graphs import DeadEndTask, EulerTask, RawEulerTask
from engine.data.pag_task import END, until_end

BOW_TIE = [(0, 1), (1, 2), (2, 0), (0, 3), (3, 4), (4, 0)]  # two triangles that share A
NAMES = "ABCDEFGHIJKL"


def ids(letters: str) -> list[int]:
    return [NAMES.index(c) + 1 for c in letters]


def brute_force(edges, query):
    """Every order of every edge: shares no line with the module."""
    found = []

    def walk(path, used):
        if len(used) == len(edges) and path[-1] == query[0]:
            found.append(path[:-1])
        for i, (a, b) in enumerate(edges):
            if i not in used and path[-1] in (a, b):
                walk([*path, b if path[-1] == a else a], used | {i})

    first = next(i for i, e in enumerate(edges) if set(e) == set(query))
    walk(list(query), {first})
    return sorted(found)


@pytest.mark.parametrize("task", [EulerTask(count=8), DeadEndTask(8), RawEulerTask(count=8)], ids=lambda t: t.name)
def test_that_every_generated_circuit_is_closed_walks_each_edge_once_and_is_the_solvers(task):
    rng = np.random.default_rng(1)
    for e in [*task.held_out, *task.batch(rng, 12), *task.batch(rng, 12)]:
        edges, query = task.graph_of(e)
        nodes = [i - 1 for i in until_end(e.target)]
        assert judge(edges, query, nodes).valid and nodes == solve(edges, query)
        assert task.score(e.target, e).exact and task.decode(e.target) == e.reference
        degrees = np.bincount(np.array(edges).ravel())
        if max(degrees) == 2:
            assert brute_force(component(edges, query[0]), query) == [nodes]


@given(st.integers(0, 10_000))
def test_that_the_solver_finds_a_circuit_whenever_trying_every_turn_does_and_turns_as_low_as_it_can(seed):
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(6) for b in range(a)]
    edges = [pairs[i] for i in rng.choice(len(pairs), int(rng.integers(3, 9)), replace=False)]
    a, b = edges[0]
    every = brute_force(component(edges, a), (a, b))
    assert sorted(circuits(edges, (a, b))) == every
    assert (solve(edges, (a, b)) or None) == (min(every) if every else None)  # smallest label first is the least word
    assert bool(every) == (not faults(edges, (a, b)))


def test_that_a_graph_without_a_circuit_says_why_and_names_the_nodes():
    found = {f.kind: f for f in faults([(0, 0), (0, 1), (1, 0), (1, 2), (3, 4), (4, 5), (5, 3)], None, NAMES)}
    assert set(found) == {"self-loop", "duplicate", "odd", "disconnected"}
    assert found["self-loop"].nodes == (0,) and "A is joined to itself" in found["self-loop"].text
    assert "A–B is drawn 2 times" in found["duplicate"].text
    assert found["odd"].nodes == (0, 2) and "A (1), C (1)" in found["odd"].text
    assert found["disconnected"].nodes == (3, 4, 5) and "D, E, F" in found["disconnected"].text
    assert faults([], None)[0].kind == "empty"
    assert faults([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)], (0, 1)) == ()  # a distractor is no fault
    assert faults(BOW_TIE, (1, 3))[0].kind == "query"


def test_that_a_drawn_graph_in_two_parts_says_which_nodes_its_circuit_cannot_come_to():
    task = EulerTask()
    triangle, other = [(0, 1), (1, 2), (2, 0)], [(3, 4), (4, 5), (5, 3)]
    note = task.encode_graph([*triangle, *other], (4, 5)).note
    assert "Not connected: no edge leads to A, B, C" in note and "E–F alone" in note
    assert "Not connected" not in task.encode_graph(triangle, (0, 1)).note


@pytest.mark.parametrize(
    ("answer", "valid", "walked", "stranded_at", "dead_end", "why"),
    [
        ("BADEAC", True, 6, -1, -1, ""),
        ("BAC", False, 3, 2, 1, "Back at B after 3 of 6 edges: A–D, A–E, D–E left."),
        ("BACB", False, 3, 2, 1, "Dead end at B"),
        ("BADF", False, 2, -1, -1, "There is no edge D–F."),
        ("BAB", False, 1, -1, -1, "A–B is walked twice."),
        ("BCADEA", False, 0, -1, -1, "It starts B → C instead of B → A."),
        ("", False, 0, -1, -1, "It starts nowhere"),
        ("BADEACBA", False, 6, -1, -1, "B–A is walked twice"),
    ],
)
def test_that_a_walk_is_judged_edge_by_edge_with_its_dead_end_and_stranded_edges(
    answer, valid, walked, stranded_at, dead_end, why
):
    walk = judge(BOW_TIE, (1, 0), [NAMES.index(c) for c in answer], NAMES)
    assert (walk.valid, walk.walked, walk.stranded_at, walk.dead_end) == (valid, walked, stranded_at, dead_end)
    assert walk.why.startswith(why) and len(walk.stranded) == 6 - walked


def test_that_a_set_of_nodes_is_not_a_circuit_and_a_circuit_need_not_be_the_target():
    task = DeadEndTask(4)
    e = task.encode("A-B B-C C-A A-D D-E E-A ? B A")
    assert task.decode(e.target) == "B A D E A C" and e.note == ""
    shuffled = task.score([*ids("BCADEA"), END], e)
    assert shuffled.set_match and not shuffled.exact and not shuffled.valid and shuffled.edits == 2
    other_way = task.score(ids("BAEDAC"), e)
    assert other_way.valid and other_way.set_match and not other_way.exact and other_way.why == ""
    assert not task.score(ids("BA"), e).set_match and task.score([], e).text == ""


def test_that_sizes_are_mixed_in_training_held_out_graphs_are_8_and_4_and_never_trained_on():
    task = EulerTask(count=200)
    assert task.longest == 9 and len(task.held_out) == 200
    assert {(len(e.source), e.size) for e in task.held_out} == {(25, 8)}
    assert len(EulerTask((3, 4), (0,), (3, 0)).held_out) == 132  # a tenth of the 1,320 triangles with a query
    small = EulerTask((3, 3), (0,), (3, 0))
    kept_out = {(frozenset(edges), query) for edges, query in map(small.graph_of, small.held_out)}
    rng = np.random.default_rng(0)
    for _ in range(40):
        for e in small.batch(rng, 32):
            edges, query = small.graph_of(e)
            assert (frozenset(edges), query) not in kept_out
    sizes = {(e.size, len(e.source)) for _ in range(120) for e in task.batch(rng, 2)}
    wanted = {(n, 2 * (n + m) + 1) for n in range(3, 9) for m in (0, 3, 4)}
    assert sizes == wanted


def test_that_a_batch_of_graphs_mixes_sizes_and_its_gold_names_the_edge_walked():
    task = EulerTask(count=4)
    batch = task.batch(np.random.default_rng(2), 32)
    assert len({(e.size, len(e.source)) for e in batch}) > 8
    for e in batch:
        edges, query = task.graph_of(e)
        nodes = [i - 1 for i in until_end(e.target)]
        assert tuple(e.source[-1]) == query and e.gold[0] == e.gold[1] == len(e.source) - 1 and e.gold[-1] == -1
        assert [tuple(e.source[g]) for g in e.gold[2:-1]] == list(pairwise(nodes[1:]))
        assert len(e.source) == 2 * len(edges) + 1 and len(set(map(tuple, e.source[:-1]))) == 2 * len(edges)


def test_that_the_papers_stream_has_four_tokens_an_edge():
    task = RawEulerTask((8, 8), (4,), count=5)
    e = task.held_out[0]
    assert (
        len(e.source) == 100
        and e.words[1::4][:3] == ("edge",) * 3
        and e.words[-4] == "query"
        and e.words[-1] == "answer"
    )
    assert task.kind == "text" and [e.words[g] for g in e.gold[:-1]] == e.reference.split()


def test_that_drawn_graphs_are_read_with_their_faults_and_the_impossible_is_refused_by_node():
    task = EulerTask(count=4)
    e = task.encode_graph([(0, 1), (1, 2), (2, 0)], (0, 1))
    assert task.decode(e.target) == "A B C" and e.note == "" and len(e.source) == 7
    again = task.encode_graph([(0, 1), (1, 2), (2, 0)], (0, 1))
    assert (again.source == e.source).all()
    odd = task.encode_graph([(0, 1), (1, 2)], (0, 1))
    assert odd.target.tolist() == [END] and "Odd number of edges at A (1), C (1)" in odd.note
    twice = task.encode_graph([(0, 1), (1, 0), (1, 2), (2, 0)], (0, 1))
    assert len(twice.source) == 7 and "drawn 2 times" in twice.note
    big = task.encode_graph([(i, (i + 1) % 10) for i in range(10)], (0, 1))
    assert "Extrapolating" in big.note and big.size == 10
    with pytest.raises(DataError, match="Node 12 has no label: euler knows 12"):
        task.encode_graph([(0, 12)], (0, 12))
    with pytest.raises(DataError, match="no edge"):
        task.encode_graph([], (0, 1))
    for text, why in (("A-Z1 ? A B", "“Z1” is no node"), ("A-B C ? A B", "3 nodes before"), ("", "There is no edge")):
        with pytest.raises(DataError, match=why):
            task.encode(text)
    with pytest.raises(DataError, match="reads text, not graphs"):
        make_task("dates", TaskOptions(held_out=2)).encode_graph([(0, 1)], (0, 1))


@pytest.mark.parametrize("options", [
    TaskOptions(cycle=(2, 4)), TaskOptions(distractors=(2,)), TaskOptions(test_cycle=10), TaskOptions(cycle=(9, 12)),
    TaskOptions(cycle=(5, 4)),
])  # fmt: skip
def test_that_sizes_that_cannot_be_drawn_are_refused(options):
    with pytest.raises(DataError, match=r"cycle"):
        make_task("euler", options)


def test_that_undirected_edges_are_listed_once():
    assert undirected([(2, 1), (1, 2), (0, 1)]) == [(1, 2), (0, 1)]
