"""What the equilibrium experiment promises: looking changes nothing, resuming is exact, phases add up."""

from __future__ import annotations

import os

import numpy as np
import pytest

from engine.data.mnist import find
from engine.experiments.contract import Diverged, Experiment, Phased, actions_of, views_of
from engine.papers import equilibrium_views as v
from engine.papers.equilibrium import ACTIONS, CURVES, PRESETS, VIEWS
from engine.runtime.state import State
from tests.engine.experiments import promises
from tests.engine.experiments.equilibrium_runs import KINDS, begin, kind
from tests.engine.experiments.runs import assert_same_state, train

PHASES = 3
QUERIES = {
    "moments": v.MomentsQuery(images=2, steps=12),
    "slope": v.SlopeQuery(images=1, steps=10),
    "bias": v.BiasQuery(sweeps=3, images=4),
    "play": v.PlayQuery(cue=3, input_on=False, steps_per_frame=3, clamps=(v.Clamp(1, 2, 1.0),)),
}


def look_at_everything(experiment):
    for name, view in views_of(experiment).items():
        view(QUERIES.get(name))
    for long in (
        experiment.ghost(v.GhostArguments("rbp", steps=6)),
        experiment.classes(v.ClassesArguments(betas=(0.0, 0.25), seeds=1, steps=50)),
    ):
        next(long, None)
        long.close()


@pytest.mark.parametrize("name", KINDS)
def test_that_a_watched_run_equals_an_unwatched_one_to_the_bit(name):
    promises.looking_changes_nothing(lambda: kind(name), look_at_everything, times=3, updates=4)


@pytest.mark.parametrize("name", KINDS)
def test_that_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(name):
    promises.resuming_is_exact(lambda: kind(name), before=13, beyond=3, after=40)


@pytest.mark.parametrize("name", KINDS)
def test_that_phases_one_by_one_equal_whole_steps(name):
    promises.phases_equal_whole_steps(lambda: kind(name), PHASES, updates=6)


@pytest.mark.parametrize("done", range(1, PHASES))
@pytest.mark.parametrize("name", ["one layer", "persistent, random sign, Euler"])
def test_that_a_run_saved_between_two_phases_resumes_to_the_bit(name, done):
    promises.saving_between_phases_is_exact(lambda: kind(name), done, before=8, after=12)


CHANGES = [{"beta": 0.1}, {"asymmetry": 0.4}, {"batch": 7}, {"persistent": False}, {"trainer": "rbp"}, {"alpha_1": 0.3}]


@pytest.mark.parametrize("change", CHANGES)
def test_that_a_knob_turned_between_two_phases_is_saved_with_the_update_that_was_begun(change):
    name = "persistent, random sign, Euler"
    experiment = kind(name)
    train(experiment, 5)
    experiment.step_phase()
    experiment.step_phase()
    experiment.change(experiment.params.with_changes(**change))
    assert experiment.phase == 2
    second = begin(KINDS[name][0], **{**KINDS[name][1], **change})
    second.restore(experiment.state())
    assert train(experiment, 12) == train(second, 12)
    assert_same_state(experiment.state(), second.state())


@pytest.mark.parametrize("name", KINDS)
def test_that_going_back_repeats_what_followed(name):
    promises.going_back_repeats(lambda: kind(name), before=6, after=12)


def test_that_a_changed_batch_goes_on_at_the_same_place_of_the_epoch():
    experiment = begin("digits-one", width=12)
    train(experiment, 20)
    before = experiment.progress()
    experiment.change(experiment.params.with_changes(batch=64))
    assert experiment.progress() == before
    train(experiment, 60)
    experiment.change(experiment.params.with_changes(batch=1))
    assert np.isfinite(experiment.step().get("cost", 0.0))


def test_that_a_state_of_another_network_is_refused_with_its_shape():
    experiment, other = kind("one layer"), begin("digits-one", width=30)
    before = experiment.state()
    with pytest.raises(ValueError, match=r"W\.0 is saved as"):
        experiment.restore(other.state())
    assert_same_state(experiment.state(), before)
    with pytest.raises(ValueError, match="missing"):
        experiment.restore(State({}, {}))
    persistent = kind("persistent, random sign, Euler")
    with pytest.raises(ValueError, match="particles"):
        persistent.restore(State({n: t for n, t in persistent.state().tensors.items() if "part" not in n}, {}))


def test_that_numbers_that_are_no_longer_finite_stop_the_run_with_a_sentence():
    experiment = kind("one layer")
    experiment.step()
    experiment.net.W[0][0, 0] = float("nan")
    with pytest.raises(Diverged, match="no longer finite"):
        train(experiment, 10)


@pytest.mark.parametrize("preset", [p.id for p in PRESETS])
def test_that_every_preset_of_the_equilibrium_paper_starts(preset):
    needs = next(p.needs for p in PRESETS if p.id == preset)
    if needs and (not os.environ.get("ATELIER_DATA") or find(needs) is None):
        return  # the real data is not on this machine; the presets without it stand for their code
    experiment = begin(preset)
    assert isinstance(experiment, Experiment) and isinstance(experiment, Phased)
    values = {}
    for step in range(2):
        values |= experiment.step()
        assert experiment.steps_done == step + 1
    assert values and all(np.isfinite(value) for value in values.values())
    assert set(values) <= {curve.name for curve in CURVES}
    assert experiment.progress()
    assert experiment.states(None) is not None and experiment.gauges(None) is not None


def test_that_another_seed_is_another_run_and_the_same_seed_the_same():
    runs = [train(begin("digits-one", width=20, seed=seed), 6) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_that_every_view_and_gesture_of_the_paper_is_answered_with_its_declared_type():
    experiment = kind("one layer")
    views, actions = views_of(experiment), actions_of(experiment)
    assert set(views) == {spec.name for spec in VIEWS} and set(actions) == {spec.name for spec in ACTIONS}
    for spec in VIEWS:
        assert type(views[spec.name](QUERIES.get(spec.name))) is spec.payload, spec.name


def test_that_digits_are_learnt_within_three_hundred_updates_of_the_first_preset():
    experiment = begin("digits-one")
    values = {}
    for found in train(experiment, 300):
        values |= found
    assert values["test_accuracy"] >= 90.0 and values["cosine_1"] > 0.5
    assert values["dead_outputs"] == 0.0
