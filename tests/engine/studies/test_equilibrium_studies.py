"""Every claim of the equilibrium paper has a study that runs, and criteria say no when the thing is broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.papers import load_paper
from engine.runtime.executor import InlineExecutor
from engine.studies import equilibrium_learning, equilibrium_theorem
from engine.studies.contract import StudyContext
from engine.studies.equilibrium_jobs import learn, theorem
from engine.studies.measure import studies_of
from tests.engine.studies.whole_records import assert_every_claim_has_a_study, measured, shrink

PAPER = load_paper("equilibrium")
BUDGETS = (
    (equilibrium_theorem, {"UPDATES": 10, "STEPS": 20, "IMAGES": 2, "VELOCITY_UPDATES": 6,
                           "ASYMMETRIES": (0.0, 0.01, 0.03, 0.1, 1.0)}),
    (equilibrium_learning, {"UPDATES": 10, "DEEP_UPDATES": 6, "RACE_UPDATES": 10, "RACE_BETAS": (0.0, 0.25)}),
)  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """Budgets of seconds in place of minutes; the way there is the same."""
    shrink(monkeypatch, BUDGETS)


def test_that_every_claim_of_the_paper_has_a_study():
    assert_every_claim_has_a_study(PAPER)


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_that_a_study_gives_a_whole_record_with_its_criterion_and_figures(claim, tiny, tmp_path):
    measured(PAPER, [claim], tmp_path)


def test_that_the_full_size_without_mnist_says_what_is_missing(tiny, monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    claim = next(c for c in PAPER.claims if c.id == "depth")
    context = replace(StudyContext(PAPER, claim, InlineExecutor(), seeds=(0,), device="cpu"), full=True)
    with pytest.raises(RuntimeError, match="MNIST was not found"):
        studies_of(PAPER)["depth"](context)


def test_that_the_theorem_is_measured_on_the_weights_of_the_preset():
    params = {"width": 20, "seed": 1}
    found = theorem("small", "digits-one", params, 20, "smooth", 2, 0.1, 30)
    assert found.exact < 1e-12 and found.automatic < 1e-10 and found.worst < 1e-10
    assert found.slope_one_sided == pytest.approx(1.0, abs=0.02)
    assert found.slope_centred == pytest.approx(2.0, abs=0.02)
    assert found.weights_exact < 1e-10 and found.weights_centred < 1e-5
    assert found.moments.shape == (30, 2)


def test_that_a_learner_is_tested_on_the_whole_test_set_from_the_start_to_the_end():
    found = learn("nudges", "digits-one", {"seed": 0}, 150)
    assert found.steps[0] == 0 and found.steps[-1] == 150
    assert found.error[0] > 70.0 > 20.0 > found.final and found.lost == 0


def test_that_the_criteria_can_say_no():
    assert equilibrium_theorem.are_equal([1e-14, 1e-12], [1e-8])
    assert not equilibrium_theorem.are_equal([1e-14, 1e-6], [1e-8])
    assert not equilibrium_theorem.are_equal([1e-14], [5e-3])
    assert not equilibrium_theorem.are_equal([float("nan")], [1e-8])
    assert equilibrium_theorem.have_slopes_one_and_two([1.01], [1.95])
    assert not equilibrium_theorem.have_slopes_one_and_two([1.01], [1.0])
    assert not equilibrium_theorem.have_slopes_one_and_two([float("nan")], [2.0])
    assert equilibrium_theorem.do_velocities_code_errors([0.99999], [0.9])
    assert not equilibrium_theorem.do_velocities_code_errors([0.9], [0.8])
    assert not equilibrium_theorem.do_velocities_code_errors([0.99999], [0.9999])
    assert equilibrium_learning.is_as_good_as_the_side_network([2.0, 3.0], [2.0, 2.0])
    assert not equilibrium_learning.is_as_good_as_the_side_network([4.0], [2.0])
    assert not equilibrium_learning.do_all_learn({"a": [2.0], "b": [9.0]}, 6.0)
    assert equilibrium_learning.do_only_exact_gradients_lose_classes([1, 2, 0], [0, 0, 0])
    assert not equilibrium_learning.do_only_exact_gradients_lose_classes([1, 0, 0], [0, 0, 0])
    assert not equilibrium_learning.do_only_exact_gradients_lose_classes([1, 1, 1], [0, 1, 0])
