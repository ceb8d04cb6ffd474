"""Every claim of the dendritic paper has a study that runs, and criteria say no when the thing is broken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.papers import load_paper
from engine.runtime.executor import InlineExecutor, LocalExecutor
from engine.studies import (
    dendritic_digits,
    dendritic_error_signal,
    dendritic_imagination,
    dendritic_in_time,
    dendritic_jobs,
)
from engine.studies.contract import StudyContext
from engine.studies.measure import measure, studies_of
from tests.engine.studies.whole_records import assert_every_claim_has_a_study, measured, shrink

PAPER = load_paper("dendritic")
BUDGETS = (
    (dendritic_in_time, {"SELF_PREDICTION_PATTERNS": 60, "ASSOCIATION_STEPS": 40, "REGRESSION_STEPS": 60}),
    (dendritic_digits, {"UPDATES": 60}),
    (dendritic_error_signal, {"UPDATES": 60, "TRAINED": 20, "ALIGNMENT_STEPS": 60, "LESION_AT": 60, "LESION_FOR": 60,
                              "AFTERWARDS": 60, "LAMBDAS": (0.01, 0.1)}),
    (dendritic_imagination, {"UPDATES": 60}),
)  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """Budgets of seconds in place of minutes; the way there is the same."""
    shrink(monkeypatch, BUDGETS)


def context(claim: str, executor, **changes) -> StudyContext:
    found = next(c for c in PAPER.claims if c.id == claim)
    return replace(StudyContext(PAPER, found, executor, seeds=(0,), device="cpu"), **changes)


def test_that_every_claim_of_the_paper_has_a_study():
    assert_every_claim_has_a_study(PAPER)


@pytest.mark.parametrize("claim", PAPER.claims, ids=lambda claim: claim.id)
def test_that_a_study_gives_a_whole_record_with_its_criterion_and_figures(claim, tiny, tmp_path):
    (record,) = measured(PAPER, [claim], tmp_path, seeds=2)
    assert "accuracy" not in (record.measured + " ".join(record.notes) if claim.id in ("denoise", "generate") else "")


def test_that_a_study_repeats_to_the_digit_in_other_processes(tiny):
    study = studies_of(PAPER)["interneurons"]
    here = study(context("interneurons", InlineExecutor()))
    with LocalExecutor(2) as executor:
        there = study(context("interneurons", executor))
    assert here.values == there.values and here.measured == there.measured


def test_that_the_full_size_without_mnist_says_what_is_missing(tiny, monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    claims = [c for c in PAPER.claims if c.id in ("digits", "frozen-second", "learned-feedback")]
    for result in measure(PAPER, claims, InlineExecutor(), seeds=1, full=True, device="cpu"):
        assert "MNIST" in result.reason


# --- criteria -----------------------------------------------------------------------------------------------------


def test_that_weak_feedback_holds_and_fails_when_the_feedback_is_not_the_transpose(monkeypatch):
    study = studies_of(PAPER)["weak-feedback"]
    monkeypatch.setattr(dendritic_error_signal, "TRAINED", 50)
    sound = study(context("weak-feedback", InlineExecutor()))
    assert sound.holds is True

    def with_random_feedback(sizes, forward, value):
        circuit = whole(sizes, forward, value)
        circuit.restart_feedback("random", 1.0, dendritic_jobs.stream(0, "broken"))
        return circuit

    from engine.experiments import dendritic_baselines

    whole = dendritic_baselines.circuit_at
    for module in (dendritic_baselines, dendritic_jobs):
        monkeypatch.setattr(module, "circuit_at", with_random_feedback)
    broken = study(context("weak-feedback", InlineExecutor()))
    assert broken.holds is False


def test_that_self_prediction_holds_and_fails_when_the_apical_synapses_do_not_learn(monkeypatch):
    study = studies_of(PAPER)["self-prediction"]
    assert study(context("self-prediction", InlineExecutor())).holds is True
    monkeypatch.setattr(dendritic_in_time, "LEARNING", {"plastic_p": True, "plastic_q": False})
    assert study(context("self-prediction", InlineExecutor())).holds is False


@pytest.mark.parametrize(
    ("circuit", "backprop", "one_layer", "verdict"),
    [
        ([2.0, 2.2], [1.1, 1.3], [4.6, 4.8], True),
        ([3.5, 3.9], [1.1, 1.3], [8.4, 8.4], False),  # too far from backprop
        ([2.0, 2.2], [1.1, 1.3], [3.0, 3.5], False),  # not far enough above one layer
    ],
)
def test_that_digits_hold_only_near_backprop_and_far_above_one_layer(circuit, backprop, one_layer, verdict):
    assert dendritic_digits.is_near_backprop_and_above_one_layer(circuit, backprop, one_layer) is verdict


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (dendritic_in_time.is_explained_away, ([1e-15], [0.5], [0.001]), ([1e-15], [0.5], [0.2])),
        (dendritic_in_time.is_explained_away, ([0.0], [0.5], [0.001]), ([0.1], [0.5], [0.001])),
        (dendritic_in_time.is_clearly_below, ([0.02, 0.02], [0.07, 0.05]), ([0.02, 0.08], [0.1, 0.07])),
        (dendritic_digits.does_error_reach_first_area, ([3.0], [9.0]), ([6.0], [9.0])),
        (dendritic_digits.does_it_learn_from_random, ([3.0], [2.0], [9.0]), ([5.0], [2.0], [9.0])),
        (dendritic_error_signal.is_backprop_in_the_limit, ([1.0, 0.98], [1.01]), ([1.0, 0.5], [1.01])),
        (dendritic_error_signal.is_about_45, ([88.0, 91.0], [44.0, 50.0]), ([88.0, 91.0], [60.0, 62.0])),
        (
            dendritic_error_signal.do_interneurons_matter,
            ([4.0], [20.0], [300.0], [90.0]),
            ([4.0], [20.0], [2.0], [90.0]),
        ),
        (dendritic_imagination.does_it_denoise, ([5.0], [2.0], [1.8], [3.0]), ([5.0], [2.0], [3.1], [3.0])),
        (
            dendritic_imagination.are_digits_generated,
            ([np.arange(10)], [1.0 - np.eye(10)]),
            ([np.zeros(10)], [1.0 - np.eye(10)]),
        ),
    ],
)  # fmt: skip
def test_that_each_criterion_says_yes_to_what_it_asks_for_and_no_to_less(judge, good, bad):
    assert judge(*good) is True and judge(*bad) is False


def test_that_the_final_error_is_the_mean_of_the_last_tenth_and_not_the_best():
    learnt = dendritic_jobs.Learnt("circuit", np.arange(0, 101, 5), np.linspace(40.0, 4.0, 21), 1.0, "CPU")
    assert learnt.final == pytest.approx(np.mean([7.6, 5.8, 4.0]))
