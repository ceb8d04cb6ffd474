"""Every claim of the GibbsNet paper has a study that runs, and criteria say no when the thing is broken."""

from __future__ import annotations

import pytest

from engine.papers import load_paper
from engine.runtime.executor import InlineExecutor
from engine.studies import gibbsnet_chains, gibbsnet_uses
from engine.studies.contract import Measurement
from engine.studies.measure import measure
from tests.engine.studies.whole_records import assert_every_claim_has_a_study, measured, shrink

PAPER = load_paper("gibbsnet")
TINY = {"UPDATES": 3, "LENGTHS": (1, 3, 20), "SAMPLES": 100, "TESTS": 40, "PLANE_UPDATES": 2, "PLANE_STEPS": 3}


@pytest.fixture
def tiny(monkeypatch):
    """Budgets of seconds in place of minutes; the way there is the same."""
    shrink(monkeypatch, [(gibbsnet_chains, TINY)])


def test_that_every_claim_of_the_paper_has_a_study():
    assert_every_claim_has_a_study(PAPER)


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_that_a_study_gives_a_whole_record_with_its_criterion_and_figures(claim, tiny, tmp_path):
    measured(PAPER, [claim], tmp_path)


def test_that_claims_of_one_go_are_measured_on_the_same_trained_models(tiny, monkeypatch):
    trainings = []
    once = gibbsnet_chains.train_and_measure
    monkeypatch.setattr(gibbsnet_chains, "train_and_measure", lambda **told: trainings.append(told) or once(**told))
    both = [c for c in PAPER.claims if c.id in ("few-steps", "stable")]
    first, second = measure(PAPER, both, InlineExecutor(), seeds=1, device="cpu")
    assert isinstance(first, Measurement) and isinstance(second, Measurement)
    assert len(trainings) == 1
    list(measure(PAPER, both[:1], InlineExecutor(), seeds=1, device="cpu"))
    assert len(trainings) == 2, "another go trains anew"


def test_that_the_criteria_can_say_no():
    assert gibbsnet_chains.suffices([1.0, 1.2], [1.0, 1.0]) and not gibbsnet_chains.suffices([1.0, 1.3], [1.0, 1.0])
    assert gibbsnet_chains.is_kept([1.0], [1.1]) and not gibbsnet_chains.is_kept([1.0, 1.0], [1.0, 1.2])
    assert gibbsnet_chains.is_richer([0.5], [0.1]) and not gibbsnet_chains.is_richer([0.15], [0.1])
    assert not gibbsnet_chains.is_richer([float("nan")], [0.1])
    assert gibbsnet_uses.does_all(([0.5], 0.1), ([0.4], 0.1)) and not gibbsnet_uses.does_all(([0.5], 0.1), ([0.2], 0.1))
    assert gibbsnet_uses.completes_better([8.0], [7.0]) and not gibbsnet_uses.completes_better([7.0], [7.0])
    assert gibbsnet_uses.are_better_latents([0.9], [0.8]) and not gibbsnet_uses.are_better_latents(
        [0.9, 0.7], [0.8, 0.8]
    )
