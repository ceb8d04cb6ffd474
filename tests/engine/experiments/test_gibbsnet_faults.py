"""Failures of adversarial chains are recognised, explained in one sentence and mended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.experiments.gibbsnet_health import GRACE, NEARER_BY, WON_STEPS, HealthWatch, Pulse
from engine.experiments.gibbsnet_measures import Signs
from engine.papers import gibbsnet_views as v
from tests.engine.experiments.gibbsnet_runs import begin
from tests.engine.experiments.runs import Heard, train
from tests.oracles.gibbsnet_cases import KNOBS

WELL = Pulse(loss_d=1.1, logit_square=0.3, signal=0.5, noise=0.5, z_rms=1.0, pair_spread=0.8)
GOOD = Signs(fd=0.9, entropy=3.1, agree=0.7, score=7.0, diversity=0.8, z_rms=1.0)


def told(pulse: Pulse = WELL, signs: Signs = GOOD, late=None, steps: int = NEARER_BY + WON_STEPS) -> set[str]:
    heard = Heard()
    watch = HealthWatch(heard.context(), total_variance=4.7)
    watch.late = late
    for step in (GRACE, steps):
        watch.felt(step, pulse)
        watch.look(step, KNOBS, signs)
    return heard.codes()


def test_that_a_healthy_run_is_left_in_peace():
    assert told() == set()


@pytest.mark.parametrize("code, pulse, signs, late", [
    ("discriminator-won", replace(WELL, loss_d=0.1), GOOD, None),
    ("collapsed", replace(WELL, pair_spread=0.05), GOOD, None),
    ("collapsed", replace(WELL, loss_d=1.2), replace(GOOD, fd=4.0), None),
    ("absorbed", WELL, GOOD, (3.0, 0.4)),
    ("z-scale", replace(WELL, z_rms=0.01), GOOD, None),
    ("z-scale", replace(WELL, z_rms=50.0), GOOD, None),
    ("empty-latent", replace(WELL, signal=0.1, noise=0.5), GOOD, None),
])  # fmt: skip
def test_that_every_failure_of_the_page_is_told(code, pulse, signs, late):
    assert told(pulse, signs, late) == {code}


def test_that_a_discriminator_must_win_for_two_hundred_updates():
    assert told(replace(WELL, loss_d=0.1), steps=GRACE + WON_STEPS - 1) == set()


def test_that_a_large_distance_early_in_training_is_no_collapse():
    far = replace(GOOD, fd=4.0)
    assert told(signs=far, steps=NEARER_BY - 1) == set() and told(signs=far, steps=NEARER_BY) == {"collapsed"}


def test_that_what_passes_is_cleared_and_the_meter_names_the_worst():
    heard = Heard()
    watch = HealthWatch(heard.context(), 4.7)
    watch.felt(GRACE, replace(WELL, pair_spread=0.01))
    watch.look(GRACE, KNOBS, GOOD)
    view = watch.view(3, GRACE)
    assert view.level == "bad" and "collapsed" in view.words and view.remedy
    assert {g.name for g in view.gauges} == {"loss", "spread", "fd", "entropy", "z", "noise"}
    watch.felt(GRACE + 10, WELL)
    watch.look(GRACE + 10, KNOBS, GOOD)
    assert heard.cleared == ["collapsed"] and watch.view(3, GRACE).level == "good"


def test_that_a_collapse_is_mended_with_earlier_weights_and_the_aids():
    heard = Heard()
    experiment = begin("digits-joint", heard, baselines="none", paper_mode=True)
    assert experiment.repair(v.Nothing()).text == "Nothing was wrong."
    train(experiment, 10)
    experiment.steps_done = 500
    experiment._mending.keep(experiment)
    good = {k: t.clone() for k, t in experiment.learners["gibbsnet"].nets.p.state_dict().items()}
    with torch.no_grad():
        for weight in experiment.learners["gibbsnet"].nets.p.parameters():
            weight.zero_()
    experiment.steps_done = 2 * GRACE
    experiment.faults.felt(2 * GRACE, replace(WELL, pair_spread=0.0))
    experiment.faults.look(2 * GRACE, KNOBS, GOOD)
    assert heard.codes() == {"collapsed"}
    done = experiment.repair(v.Nothing())
    assert done.changes["paper_mode"] is False and done.changes["r1"] >= 0.5 and "step 500 are back" in done.text
    assert experiment.p.paper_mode is False
    assert all(torch.equal(t, good[k]) for k, t in experiment.learners["gibbsnet"].nets.p.state_dict().items())
    assert experiment.faults.told == {}
