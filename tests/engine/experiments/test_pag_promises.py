"""What the race promises: looking changes nothing, resuming is exact, turns add up to rounds, it learns."""

from __future__ import annotations

import os

import pytest
import torch

from engine.data.images import DataError
from engine.experiments.contract import Diverged, Experiment, Phased, actions_of, views_of
from engine.papers import pag_views as v
from engine.papers.contract import ParameterError
from engine.papers.pag import ACTIONS, CURVES, PRESETS, VIEWS
from tests.engine.experiments import promises
from tests.engine.experiments.pag_runs import GRAPHS, KINDS, NUMBERS, begin, kind
from tests.engine.experiments.runs import Heard, assert_same_state, copied, last, train


def look_at_everything(experiment):
    for view in views_of(experiment).values():
        view(None)
    experiment.film(v.FilmQuery(is_noisy=True, temperature=1.0, beam=1, switches=((1, True),), past=0))
    for long in (experiment.evaluate(v.EvaluateArguments(40, is_noisy=True)), experiment.sweep(v.SweepArguments((2,)))):
        next(long)
        long.close()


@pytest.mark.parametrize("name", ["circuits, equal parameters", "questions, dropout"])
def test_that_a_watched_run_equals_an_unwatched_one_to_the_bit(name):
    watched, unwatched = kind(name), kind(name)
    seen = train(watched, 2)
    look_at_everything(watched)
    watched.step()  # and in the middle of a round
    look_at_everything(watched)
    seen += train(watched, 2)
    assert seen == train(unwatched, 4)
    assert_same_state(watched.state(), unwatched.state())


@pytest.mark.parametrize("name", KINDS)
def test_that_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(name):
    promises.resuming_is_exact(lambda: kind(name), before=2, beyond=1, after=2)


@pytest.mark.parametrize("turns", [1, 3, 4, 8])  # an update, before measuring, amid it, before its last piece
def test_that_a_run_saved_in_the_middle_of_a_round_resumes_to_the_bit(turns):
    whole, first, second = (kind("circuits, equal parameters") for _ in range(3))
    for run in (whole, first):  # the first round is one of those that end with measuring
        for _ in range(turns):
            run.step()
    second.restore(copied(first.state()))
    assert second.phase == whole.phase
    assert_same_state(second.state(), whole.state())
    assert train(second, 2) == train(whole, 2)
    assert_same_state(second.state(), whole.state())


def test_that_going_back_repeats_what_followed():
    promises.going_back_repeats(lambda: kind("circuits, equal parameters"), before=3, after=3)


def test_that_a_batch_changed_in_the_middle_of_a_round_is_for_the_next_round():
    whole, second = kind("numbers"), kind("numbers")
    train(whole, 2)
    whole.step()
    whole.change(whole.params.with_changes(batch=16, price=0.1))
    second.change(whole.params)
    second.restore(copied(whole.state()))
    assert train(second, 2) == train(whole, 2)
    assert_same_state(second.state(), whole.state())


def test_that_all_models_see_the_same_batches_and_begin_with_the_same_shared_weights():
    three, one = kind("numbers"), begin("numbers-de", **NUMBERS, models="PAG")
    start = {n: dict(r.net.named_parameters()) for n, r in three.racers.items()}
    for name in ("encoder.weight_hh_l0", "writer.weight", "gru2.weight_ih", "output.Wo.weight"):
        assert torch.equal(start["baseline"][name], start["pag"][name])
        assert torch.equal(start["baseline"][name], start["rpag"][name])
    a, b = train(three, 3), train(one, 3)
    assert [x["nll_pag"] for x in a] == [x["nll_pag"] for x in b], "the others in the race change nothing"


def test_that_a_turn_is_one_models_update_and_a_round_all_of_them():
    run = kind("numbers")
    assert isinstance(run, Experiment) and isinstance(run, Phased)
    phases, seen = [], 0
    train(run, 1)
    while run.steps_done < 2:
        phases.append(run.phase)
        before = [r.net.attention.Wc.weight.clone() for r in run.racers.values()]
        run.step_phase()
        after = [r.net.attention.Wc.weight for r in run.racers.values()]
        seen += sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert phases == [0, 1, 2] and seen == 3 and run.phase == 0


def test_that_parameter_counts_agree_when_they_are_asked_to():
    run = begin("numbers-equal", models="all three", width=48)
    counts = {kind: r.net.size for kind, r in run.racers.items()}
    assert run.racers["baseline"].shape.width > 48
    for found in counts.values():
        assert found == pytest.approx(counts["pag"], rel=0.02)
    race = run.race(None)
    assert race.matched and race.parameters.sum(1).tolist() == list(counts.values())
    plain = begin("numbers-de", **NUMBERS).race(None)
    assert [r.planner > 0 for r in plain.runners] == [False, True, True]


def test_that_a_state_of_another_network_is_refused_by_the_name_of_the_tensor():
    run, other = kind("numbers"), begin("numbers-de", **{**NUMBERS, "width": 20})
    with pytest.raises(ValueError, match=r"baseline\.weights"):
        other.restore(run.state())


def test_that_a_model_whose_numbers_break_stops_alone_and_is_mended():
    heard = Heard()
    run = begin("numbers-de", heard, **NUMBERS)
    train(run, 2)
    with torch.no_grad():
        run.racers["rpag"].net.attention.Wq.weight[0, 0] = float("nan")
    values = train(run, 2)
    assert run.racers["rpag"].fault == "attention.Wq.weight"
    assert "nll_pag" in values[-1] and "nll_rpag" not in values[-1]
    (notice,) = heard.notices
    assert notice[0] == "error" and "rPAG has stopped: attention.Wq.weight" in notice[2]
    assert notice[3][0].action == "repair"
    assert "stopped" in run.progress() and run.race(None).runners[2].state == "stopped"
    again = begin("numbers-de", Heard(), **NUMBERS)
    again.restore(copied(run.state()))
    assert again.racers["rpag"].fault
    rate = run.params.lr
    assert "rPAG" in run.repair(v.Nothing()).text and run.params.lr == rate / 2
    assert "nll_rpag" in train(run, 1)[-1] and heard.cleared == ["broken-rpag"]
    assert run.repair(v.Nothing()).text == "Nothing was wrong."


def test_that_a_race_in_which_all_have_stopped_says_so():
    run = begin("numbers-de", **NUMBERS, models="PAG")
    with torch.no_grad():
        run.racers["pag"].net.start.bias[0] = float("nan")
    with pytest.raises(Diverged, match="no model is left"):
        train(run, 1)


@pytest.mark.parametrize("preset", [p for p in PRESETS if not p.needs], ids=lambda p: p.id)
def test_that_every_preset_of_the_pag_paper_that_needs_no_data_starts(preset):
    has_weights = preset.values.get("start") == "trained"
    run = begin(preset.id, **({} if has_weights else {"width": 16, "embedding": 8, "batch": 8, "models": "PAG"}))
    values = train(run, 1)[-1]
    assert {name.rsplit("_", 1)[0] for name in values} >= {"nll", "test_nll", "exact", "replans", "gradient"}
    assert set(values) <= {curve.name for curve in CURVES}
    assert run.memory() > 0


@pytest.mark.parametrize("preset", ["wmt15-enfi", "squad-qg"])
def test_that_presets_of_the_pag_paper_start_on_real_text(preset):
    if not os.environ.get("ATELIER_DATA"):
        pytest.skip("ATELIER_DATA with WMT'15 and SQuAD")
    run = begin(preset, width=16, embedding=8, batch=8, source_words=2000, target_length=60, models="PAG")
    assert "test_nll_pag" in train(run, 1)[-1]
    view = run.film(None)
    assert view.films and (view.flagged.any() or preset != "squad-qg")
    assert len(view.films[0].symbols) <= run.longest


def test_that_every_view_and_gesture_of_the_paper_is_answered_with_its_declared_type():
    run = kind("circuits, equal parameters")
    train(run, 1)
    assert views_of(run).keys() == {spec.name for spec in VIEWS}
    assert actions_of(run).keys() == {spec.name for spec in ACTIONS}
    for spec in VIEWS:
        assert isinstance(views_of(run)[spec.name](None), spec.payload)
    small = {
        "evaluate": v.EvaluateArguments(8, beam=2), "sweep": v.SweepArguments((2,), 20),
        "grow": v.GrowArguments((3, 4), 0, 4),
    }  # fmt: skip
    for spec in ACTIONS:
        answer = actions_of(run)[spec.name](small.get(spec.name, spec.arguments()))
        if spec.partial is not None:
            partials = []
            while True:
                try:
                    partials.append(next(answer))
                except StopIteration as end:
                    answer = end.value
                    break
            assert partials and all(isinstance(p.result, spec.partial) for p in partials)
        assert isinstance(answer, spec.result)


def test_that_another_seed_is_another_run():
    one, other = kind("numbers"), begin("numbers-de", **NUMBERS, seed=1)
    assert train(one, 1) != train(other, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"circuit_from": 6, "circuit_to": 5}, "swap them"),
        ({"distractor": 2}, "0 or at least 3"),
        ({"circuit_from": 8, "circuit_to": 8, "distractor": 6}, "at most 12"),
    ],
)
def test_that_graph_sizes_that_do_not_fit_are_refused_in_words(changes, words):
    with pytest.raises((ParameterError, DataError), match=words):
        begin("euler", **{**GRAPHS, **changes})


def test_that_all_three_models_learn_dates_within_seconds():
    run = begin("dates", width=24, embedding=16, lr=1e-2, k=4, batch=16)
    first = train(run, 1)[-1]
    values = last(run, 29)
    for name in v.MODELS:
        assert values[f"test_nll_{name}"] < 0.7 * first[f"test_nll_{name}"]
