"""The failures of the method: recognised within a hundred updates, told in one sentence, mended by one button."""

from __future__ import annotations

import pytest

from tests.engine.experiments.equilibrium_runs import begin
from tests.engine.experiments.runs import Heard, last, train

FAULTS = [
    ("stuck", "stuck", {}, "stuck in one valley"),
    ("unstable", "digits-one", {"solver": "euler", "epsilon": 1.5}, "oscillates"),
    ("not-at-rest", "digits-two", {"free_sweeps": 2, "seed": 1}, "Not at rest"),
    ("not-arrived", "digits-two", {"nudged_sweeps": 1, "seed": 1}, "error has not arrived"),
    ("lost-class", "side-network", {}, "silent for nearly all their own pictures"),
]


@pytest.mark.parametrize(("code", "preset", "changes", "words"), FAULTS, ids=[f[0] for f in FAULTS])
def test_that_a_fault_is_told_within_a_hundred_updates_and_mended_by_its_button(code, preset, changes, words):
    heard = Heard()
    experiment = begin(preset, heard, **changes)
    train(experiment, 100)
    told = [notice for notice in heard.notices if notice[1] == code]
    assert len(told) == 1, "once, and in time"
    level, _, text, remedies, _ = told[0]
    assert level == "warning" and words in text
    assert [remedy.action for remedy in remedies] == ["repair"] and remedies[0].label
    assert words in experiment.gauges(None).words or experiment.faults.words != ""
    repaired = experiment.repair(None)
    assert repaired.text and repaired.changes.items() <= experiment.params.model_dump().items()
    assert code in heard.cleared and code not in experiment.faults.told
    heard.notices.clear()
    values = last(experiment, 300)
    assert code not in heard.codes()
    assert values["test_accuracy"] > 90.0


@pytest.mark.parametrize("preset", ["digits-one", "digits-two", "digits-three"])
@pytest.mark.parametrize("seed", [0, 1])
def test_that_a_healthy_run_is_left_in_peace(preset, seed):
    heard = Heard()
    train(begin(preset, heard, seed=seed), 100)
    assert not heard.codes()


def test_that_a_centred_nudge_beyond_nine_tenths_is_held_there_and_said():
    heard = Heard()
    experiment = begin("digits-one", heard)
    experiment.change(experiment.params.with_changes(beta=1.0))
    assert heard.codes() == {"centred-beta"}
    assert experiment.learner.knobs.beta == 0.9
    assert heard.notices[0][0] == "info"
    experiment.repair(None)
    assert experiment.params.beta == 0.25 and heard.cleared == ["centred-beta"]


def test_that_nothing_is_repaired_where_nothing_is_wrong():
    experiment = begin("digits-one")
    train(experiment, 10)
    before = experiment.net.state()
    repaired = experiment.repair(None)
    assert repaired.text == "Nothing was wrong." and repaired.changes == {}
    assert all((before[name] == tensor).all() for name, tensor in experiment.net.state().items())


def test_that_a_fault_survives_a_checkpoint_and_is_told_again():
    heard = Heard()
    first = begin("stuck", heard)
    train(first, 100)
    again = Heard()
    second = begin("stuck", again)
    second.restore(first.state())
    train(second, 20)
    assert "stuck" in again.codes()
