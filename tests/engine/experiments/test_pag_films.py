"""The plan film obeys every hand put into it; graphs are judged exactly; bad input is answered with a sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.papers import pag_views as v
from tests.engine.experiments.pag_runs import GRAPHS, NUMBERS, begin
from tests.engine.experiments.runs import train

TRIANGLE = ((0, 1), (1, 2), (2, 0))
BOW_TIE = ((0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 2))


@pytest.fixture(scope="module")
def numbers():
    run = begin("numbers-de", **NUMBERS)
    train(run, 10)
    with torch.no_grad():
        for kind in ("pag", "rpag"):  # a switch that decides differently from step to step
            run.racers[kind].net.planner.Wcm.weight.mul_(6.0)
    return run


@pytest.fixture(scope="module")
def circuits():
    run = begin("euler", **GRAPHS)
    train(run, 2)
    return run


def film(run, model="pag", longest=12, **query):
    view = run.film(v.FilmQuery(target=model, longest=longest, **query))
    return next(f for f in view.films if f.model == model)


def test_that_a_film_is_one_row_for_each_symbol_and_says_what_happened(numbers):
    view = numbers.film(v.FilmQuery(v.Source(3), longest=12))
    S = len(view.words)
    assert [f.model for f in view.films] == list(v.MODELS)
    assert view.examples == len(numbers.task.held_out) and view.index == 3 and view.step == 10
    assert len(view.reference) == len(view.reference_gold) == len(view.boundary)
    for f, k in zip(view.films, (1, 4, 1), strict=True):
        T = len(f.symbols)
        assert f.alpha.shape == (T, S) and f.scores.shape == f.intended.shape == f.written.shape == (T, S, k)
        assert np.allclose(f.alpha.sum(1), 1.0, atol=1e-5) and np.allclose(f.intended.sum(1), 1.0, atol=1e-5)
        assert np.allclose(f.intended[:, :, 0], f.alpha, atol=1e-5)
        assert f.replanned[0] and f.old_row[0] == 0
        assert np.array_equal(f.old_row == 0, f.replanned)
        assert (f.top_probability[:, 0] >= f.top_probability[:, 1]).all()
        assert f.top_symbols[:, 0].tolist() == f.symbols.tolist(), "greedy"
        assert f.log_probability == pytest.approx(float(np.log(f.probability).sum()), abs=1e-3)
        assert (f.written[~f.replanned] == 0).all()
    pag = view.films[1]
    assert pag.soft.shape == pag.hard.shape == pag.logits.shape == (len(pag.symbols), 4)
    assert (pag.hard.sum(1) == 1).all() and np.array_equal(pag.hard[:, 0] == 1, pag.replanned)
    assert pag.reason[0] == v.FIRST and set(pag.reason[~pag.replanned]) <= {v.FOLLOWED}


@pytest.mark.parametrize("model", ["pag", "rpag"])
def test_that_a_click_on_the_ribbon_sets_the_switch_of_that_step_alone(numbers, model):
    before = film(numbers, model)
    for step in (1, 2, 3):
        wanted = not before.replanned[step]
        after = film(numbers, model, switches=((step, wanted),))
        assert after.replanned[step] == wanted and after.reason[step] == v.BY_HAND
        assert np.array_equal(after.alpha[:step], before.alpha[:step])
        assert not np.array_equal(after.alpha[step], before.alpha[step])
    other = next(f for f in numbers.film(v.FilmQuery(target=model, longest=12, switches=((1, True),))).films
                 if f.model not in (model, "baseline"))  # fmt: skip
    assert other.reason[1] != v.BY_HAND, "the others stand beside as they are"


@pytest.mark.parametrize(
    ("policy", "period", "wanted"),
    [
        ("always", 1, [1] * 9),
        ("every", 2, [1, 0, 1, 0, 1, 0, 1, 0, 1]),
        ("every", 9, [1, 0, 0, 0, 1, 0, 0, 0, 1]),  # a plan of four rows is used up
        ("never", 1, [1, 0, 0, 0, 1, 0, 0, 0, 1]),
        ("manual", 1, [1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_that_a_policy_is_followed_and_a_used_up_plan_renewed(numbers, policy, period, wanted):
    found = film(numbers, policy=policy, period=period, symbols=tuple((t, 3) for t in range(9)))
    assert found.replanned[:9].astype(int).tolist() == wanted
    if policy == "never":
        assert found.reason[4] == v.EXHAUSTED and found.exhausted == 2


def test_that_what_it_was_going_to_do_follows_the_plan_that_stands(numbers):
    found = film(numbers, follow_from=1, symbols=((0, 3), (1, 3), (2, 3), (3, 3), (4, 3)))
    assert not found.replanned[1:].any() and (found.reason[1:] == v.BY_HAND).all()
    for t in (1, 2, 3):
        assert np.allclose(found.alpha[t], found.intended[0, :, t], atol=1e-5)
    assert np.allclose(found.alpha[4], 1.0 / found.alpha.shape[1], atol=1e-6), "then nothing is planned any more"


def test_that_a_painted_row_is_where_it_looks(numbers):
    S = len(numbers.film(None).words)
    here = tuple(1.0 if s == 1 else 0.0 for s in range(S))
    found = film(numbers, painted=(v.PaintedRow(0, 0, here), v.PaintedRow(0, 2, here)), policy="never")
    assert found.alpha[0, 1] > 0.99 and found.alpha[2, 1] > 0.99
    assert found.alpha[1, 1] < 0.9, "the row between was not painted"
    untouched = film(numbers, painted=(v.PaintedRow(0, 0, here[:-1]), v.PaintedRow(0, 9, here)), policy="never")
    assert np.array_equal(untouched.alpha, film(numbers, policy="never").alpha), "rows that do not fit are left out"


def test_that_another_symbol_is_put_out_and_the_rest_goes_on_from_it(numbers):
    before = film(numbers)
    other = int(before.top_symbols[1, 1])
    after = film(numbers, symbols=((1, other),))
    assert after.symbols[0] == before.symbols[0] and after.symbols[1] == other
    assert after.probability[1] == pytest.approx(float(before.top_probability[1, 1]), abs=1e-5)


def test_that_a_beam_shows_its_best_ending_and_the_others(numbers):
    for f in numbers.film(v.FilmQuery(longest=8, beam=4)).films:
        assert len(f.hypotheses) == 4
        assert f.hypotheses[0].text == f.text and f.hypotheses[0].length == len(f.symbols)
        assert f.log_probability == pytest.approx(f.hypotheses[0].log_probability, abs=1e-3)


def test_that_noise_repeats_with_its_seed_and_differs_with_another(numbers):
    one, same, other = (film(numbers, is_noisy=True, noise_seed=seed).replanned.tolist() for seed in (1, 1, 5))
    assert one == same
    assert (
        any(film(numbers, is_noisy=True, noise_seed=s).replanned.tolist() != one for s in range(2, 8)) or other != one
    )


def test_that_earlier_weights_can_be_looked_at_and_the_present_ones_come_back(numbers):
    present = film(numbers)
    view = numbers.film(v.FilmQuery(past=0, longest=12))
    assert view.step == 0 and view.kept.tolist() == [0, 10]
    assert not np.array_equal(view.films[1].alpha[0], present.alpha[0])
    assert np.array_equal(film(numbers).alpha, present.alpha)


def test_that_gold_is_known_only_up_to_where_the_output_goes_wrong(numbers):
    example = numbers.task.held_out[0]
    right = tuple(enumerate(example.target.tolist()))
    whole = film(numbers, longest=40, symbols=right)
    assert whole.exact and whole.gold.tolist() == example.gold.tolist()
    assert whole.hits == pytest.approx(float((whole.alpha.argmax(1) == example.gold)[example.gold >= 0].mean()))
    wrong = (right[0], (1, 1 + int(example.target[1]) % 3), *right[2:])
    part = film(numbers, longest=40, symbols=wrong)
    assert not part.exact and part.gold[0] == example.gold[0] and (part.gold[1:] == -1).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [("   ", "at least one word"), ("twenty bananas", "bananas")],
)
def test_that_text_that_cannot_be_read_is_answered_in_words(numbers, text, words):
    view = numbers.film(v.FilmQuery(v.Source(text=text)))
    assert words in view.trouble or words in view.badge or view.unknown.any()
    assert bool(view.trouble) != bool(view.films)


def test_that_numbers_outside_training_are_decoded_with_a_badge(numbers):
    view = numbers.film(v.FilmQuery(v.Source(text="four hundred twelve"), longest=12))
    assert "xtrapolating" in view.badge and len(view.films) == 3 and view.index == -1


def test_that_a_drawn_graph_is_solved_exactly_and_the_models_try(circuits):
    view = circuits.film(v.FilmQuery(v.Source(edges=BOW_TIE, query=(0, 1), is_drawn=True)))
    graph = view.graph
    assert graph.answer.tolist() == [0, 1, 2, 3, 4, 2, 0] and graph.circuits == 2 and graph.why_not == ""
    assert graph.can_try and len(view.films) == 3
    assert graph.token_nodes[-1].tolist() == [0, 1] and graph.token_edge[-1] == -1
    for s, edge in enumerate(graph.token_edge[:-1]):
        assert sorted(graph.token_nodes[s].tolist()) == graph.edges[edge].tolist()


@pytest.mark.parametrize(
    ("edges", "query", "words", "offending"),
    [
        (((0, 1), (1, 2), (2, 0), (2, 3)), (0, 1), "Odd number", (2, 3)),
        (TRIANGLE, (0, 4), "not an edge", (0, 4)),
        ((*TRIANGLE, (1, 1)), (0, 1), "joined to itself", (1,)),
    ],
)
def test_that_a_graph_without_a_circuit_says_why_and_may_still_be_tried(circuits, edges, query, words, offending):
    view = circuits.film(v.FilmQuery(v.Source(edges=edges, query=query, is_drawn=True)))
    assert words in view.graph.why_not and view.graph.offending == offending
    assert len(view.graph.answer) == 0 and view.graph.can_try and view.films


def test_that_an_empty_canvas_and_too_many_nodes_are_answered_in_words(circuits):
    empty = circuits.film(v.FilmQuery(v.Source(is_drawn=True)))
    assert "no edge" in empty.trouble and not empty.films and not empty.graph.can_try
    large = circuits.film(v.FilmQuery(v.Source(edges=((0, 1), (1, 12), (12, 0)), is_drawn=True)))
    assert "12" in large.trouble and large.graph.largest == 12


def test_that_walks_tell_exact_valid_and_set_apart(circuits):
    def walk(*nodes):
        forced = (*((t, n + 1) for t, n in enumerate(nodes)), (len(nodes), 0))
        return film(circuits, source=v.Source(edges=BOW_TIE, query=(0, 1), is_drawn=True), symbols=forced).walk

    right = walk(0, 1, 2, 3, 4, 2)
    assert right.exact and right.valid and right.same_set and right.nodes.tolist() == [0, 1, 2, 3, 4, 2, 0]
    assert not right.state.any() and right.words == "" and len(right.stranded) == 0
    turned = walk(0, 1, 2, 4, 3, 2)
    assert turned.valid and turned.same_set and not turned.exact
    shuffled = walk(0, 1, 3, 2, 4, 2)
    assert shuffled.same_set and not shuffled.valid and shuffled.state[1] == v.NO_EDGE
    short = walk(0, 1, 2)
    assert not short.valid and short.dead_end == 0 and len(short.stranded) == 3 and "left" in short.words
    twice = walk(0, 1, 0)
    assert v.REPEATED_EDGE in twice.state.tolist()


def test_that_a_graph_drawn_by_chance_has_a_circuit(circuits):
    for seed in range(4):
        drawing = circuits.draw_graph(v.DrawArguments(5, 3, seed))
        view = circuits.film(v.FilmQuery(v.Source(edges=drawing.edges, query=drawing.query, is_drawn=True)))
        assert view.graph.why_not == "" and len(view.graph.answer) == 6 and len(view.graph.edges) == 8


def test_that_temperature_moves_gradients_and_never_frequencies(numbers):
    logits = (1.0, 0.0, -1.0)
    cold, hot = (numbers.temperature(v.TemperatureQuery(logits, tau, 20_000)) for tau in (0.2, 5.0))
    assert np.array_equal(cold.drawn, hot.drawn)
    assert np.abs(cold.drawn - cold.exact).max() < 0.02
    assert np.abs(cold.follow_hazard - cold.follow_countdown).max() < 0.02
    assert np.abs(cold.gradient - hot.gradient).max() > 0.05
    assert cold.gradient.sum() == pytest.approx(0.0, abs=1e-9)


def test_that_the_gallery_shows_the_same_examples_to_all(numbers):
    view = numbers.gallery(v.GalleryQuery(5, 3))
    assert view.index == (5, 6, 7) and view.models == v.MODELS and len(view.maps) == 3
    for words, maps in zip(view.words, view.maps, strict=True):
        assert [m.model for m in maps] == list(v.MODELS)
        assert all(m.alpha.shape == (len(m.shown), len(words)) for m in maps)
    assert np.isfinite(view.hits).all() and ((view.monotone >= 0) & (view.monotone <= 1)).all()


def test_that_look_ahead_and_switching_agree_with_each_other(numbers):
    ahead, switching = numbers.look_ahead(None), numbers.switching(None)
    pag = switching.switching[0]
    assert ahead.has_gold and ahead.count[0] >= ahead.count[1] > 0
    assert ahead.followed.sum() == pytest.approx(1.0)
    assert pag.follow.sum() > 0 and pag.follow[4] == 0, "four rows are followed three times at most"
    assert pag.by_step[0] == 1.0 and 0.0 < pag.rate <= 1.0
    steps = sum(len(e.target) for e in numbers.sample)
    plans = pag.follow.sum() + len(numbers.sample)  # the last plan of each output is not counted
    assert pag.rate == pytest.approx(plans / steps, abs=1e-6)
    assert math.isfinite(pag.at_boundary) and 0.0 < pag.chance < 1.0


def test_that_a_gesture_on_one_model_does_not_decode_the_others_again_until_something_changes():
    run = begin("numbers-de", **NUMBERS)
    train(run, 1)

    def films(**query):
        return {f.model: f for f in run.film(v.FilmQuery(longest=12, **query)).films}

    first = films()
    pulled = films(switches=((2, True),))
    assert pulled["baseline"] is first["baseline"] and pulled["rpag"] is first["rpag"]
    assert pulled["pag"] is not first["pag"]
    assert films(source=v.Source(4))["baseline"] is not first["baseline"]
    assert films(policy="always")["rpag"] is not films(policy="never")["rpag"]
    before = films()
    train(run, 1)
    assert all(film is not before[kind] for kind, film in films().items())
    saved = run.state()
    after = films()
    run.restore(saved)
    assert all(film is not after[kind] for kind, film in films().items())
