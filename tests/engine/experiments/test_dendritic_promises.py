"""The dendritic experiments keep their promises: looking changes nothing, resuming is exact, phases add up."""

from __future__ import annotations

import os

import numpy as np
import pytest

from engine.data.mnist import find
from engine.experiments.contract import actions_of, views_of
from engine.papers import dendritic_views as v
from engine.runtime.state import State
from tests.engine.experiments import promises
from tests.engine.experiments.dendritic_runs import KINDS, PAPER, begin, kind
from tests.engine.experiments.runs import assert_same_state, train

PHASES = len(PAPER.phases)
IMAGE_KINDS = ["digits", "noisy digits"]


def look_at_everything(experiment):
    queries = {"scope": v.ScopeQuery(ms_per_frame=2.0), "imagine": v.ImagineQuery(noise=0.4, d=0.7, a=0.5, cue=3)}
    for name, view in views_of(experiment).items():
        view(queries.get(name))
    for name in ("baseline", "sweep"):
        action = actions_of(experiment).get(name)
        if action is not None:
            long = action(v.BaselineArguments("untracked", 12) if name == "baseline" else v.SweepArguments((0.01, 0.1)))
            for _ in long:
                pass


@pytest.mark.parametrize("name", KINDS)
def test_that_a_watched_run_equals_an_unwatched_one_to_the_bit(name):
    promises.looking_changes_nothing(lambda: kind(name), look_at_everything, times=3, updates=14)


@pytest.mark.parametrize("name", KINDS)
def test_that_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(name):
    promises.resuming_is_exact(lambda: kind(name), before=33, beyond=5, after=160)


@pytest.mark.parametrize("name", IMAGE_KINDS)
def test_that_phases_one_by_one_equal_whole_steps(name):
    promises.phases_equal_whole_steps(lambda: kind(name), PHASES, updates=20)


@pytest.mark.parametrize("done", range(1, PHASES))
@pytest.mark.parametrize("name", IMAGE_KINDS)
def test_that_a_run_saved_between_two_phases_resumes_to_the_bit(name, done):
    promises.saving_between_phases_is_exact(lambda: kind(name), done, before=12, after=30)


@pytest.mark.parametrize("change", [{"lam": 0.3}, {"silenced": 1.0}, {"label_noise": 0.8}, {"feedback": "transpose"}])
def test_that_a_knob_turned_between_two_phases_is_saved_with_the_update_that_was_begun(change):
    experiment = kind("noisy digits")
    train(experiment, 12)
    experiment.step_phase()
    experiment.step_phase()
    experiment.change(experiment.params.with_changes(**change))
    assert experiment.phase == 2
    second = begin("digits-one", **{**KINDS["noisy digits"][1], **change})
    second.restore(experiment.state())
    assert train(experiment, 20) == train(second, 20)
    assert_same_state(experiment.state(), second.state())


@pytest.mark.parametrize("name", KINDS)
def test_that_going_back_repeats_what_followed(name):
    promises.going_back_repeats(lambda: kind(name), before=10, after=40)


def test_that_a_regression_resumed_with_its_governor_off_keeps_the_rates_it_had():
    whole, first = (begin("regression", batch=4) for _ in range(2))
    for experiment in (whole, first):
        train(experiment, 15)
        experiment.change(experiment.params.with_changes(governor=False))
        train(experiment, 15)
    second = begin("regression", batch=4, governor=False)
    second.restore(first.state())
    assert train(second, 60) == train(whole, 60)
    assert_same_state(second.state(), whole.state())


@pytest.mark.parametrize("name", ["digits", "association"])
def test_that_a_state_of_another_circuit_is_refused_with_its_shape(name):
    preset, changes = KINDS[name]
    other = begin(preset, **{**changes, "hidden_1": 30})
    experiment = kind(name)
    before = experiment.state()
    with pytest.raises(ValueError, match=r"W\.1 is saved as"):
        experiment.restore(other.state())
    assert_same_state(experiment.state(), before)
    with pytest.raises(ValueError, match="missing"):
        experiment.restore(State({}, {}))


@pytest.mark.parametrize("preset", [p.id for p in PAPER.presets])
def test_that_every_preset_of_the_dendritic_paper_starts(preset):
    needs = PAPER.preset(preset).needs
    if needs and (not os.environ.get("ATELIER_DATA") or find(needs) is None):
        pytest.skip(f"ATELIER_DATA does not hold {needs}")
    experiment = begin(preset)
    values = {}
    for step in range(20):
        values |= experiment.step()
        assert experiment.steps_done == step + 1
    assert values and all(np.isfinite(value) for value in values.values())
    assert values.get("loop_gain", 0.0) < 2.0, "the interneurons would lose track"
    assert set(values) <= {curve.name for curve in PAPER.curves}
    assert set(views_of(experiment)) <= {view.name for view in PAPER.views}
    assert experiment.progress()
    assert all(payload is not None for payload in (experiment.circuit(None), experiment.tracking(None)))


def test_that_another_seed_is_another_run_and_the_same_seed_the_same():
    runs = [train(begin("digits-one", hidden_1=20, seed=seed), 30) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_that_every_view_and_gesture_of_the_paper_is_answered_by_some_experiment():
    answered = [views_of(kind(n)).keys() | actions_of(kind(n)).keys() for n in ("digits", "regression")]
    assert {x.name for x in (*PAPER.views, *PAPER.actions)} == answered[0] | answered[1]
