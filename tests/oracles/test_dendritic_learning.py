"""The dendritic circuit learns: digits, self-prediction, association, regression, imagination. Fixed seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.models.dendritic import Governor, SoftRectifier, target_rates, uniform
from engine.models.dendritic_continuous import ContinuousCircuit, RegressionTeacher
from engine.models.dendritic_imagine import Imagination
from engine.models.dendritic_reference import ReferenceLearner, angles_to_backprop, feedback_angles
from tests.oracles.dendritic_cases import (
    F64,
    ONE,
    accuracy,
    continuous,
    digits,
    one_area,
    pair,
    seeded,
    train,
    two_step,
)

TRAIN, TEST = digits()


@pytest.fixture(scope="module")
def imagining():
    """One hidden area taught for 6000 updates, top-down weights learning all along."""
    circuit = one_area()
    imagination = Imagination(circuit)
    marks = {}

    def after(a, rows):
        imagination.learn(a, TRAIN.r_star[rows])

    train(circuit, TRAIN, 4000, after=after)
    marks["accuracy"], marks["probe"] = accuracy(circuit, TEST), circuit.probe(TEST.x, TEST.u_star)
    marks["angles"] = angles_to_backprop(circuit, marks["probe"])
    marks["off"] = circuit.probe(TEST.x, None).apical_size(1)
    train(circuit, TRAIN, 2000, seed=1, after=after)
    return imagination, marks


def test_that_one_hidden_area_learns_the_digits_at_an_angle_below_60(imagining):
    _, marks = imagining
    assert marks["accuracy"] > 93.0
    assert marks["angles"][1] < 60.0 and marks["angles"][2] < 3.0
    assert marks["probe"].apical_size(1) < 0.5 and marks["off"] < 0.1


def test_that_without_tracking_it_stays_below_93():
    circuit = one_area(plastic=frozenset("W"))
    train(circuit, TRAIN, 4000)
    assert 50.0 < accuracy(circuit, TEST) < 93.0


def test_that_feedback_and_weights_align():
    circuit = one_area()
    start = feedback_angles(circuit.synapses)[1]
    train(circuit, TRAIN, 2000)
    assert 80 < start < 100 and feedback_angles(circuit.synapses)[1] < 60.0


def test_that_deep_digits_are_learnt_and_a_lesion_destroys_them():
    circuit = two_step(dtype=torch.float32)
    train(circuit, TRAIN, 2900)
    a, off = circuit.probe(TEST.x, TEST.u_star), circuit.probe(TEST.x, None)
    angles = angles_to_backprop(circuit, a)
    assert accuracy(circuit, TEST) > 93.0
    assert angles[1] < 60.0 and angles[2] < 60.0 and angles[3] < 5.0
    assert a.apical_size(1) < 0.5 and off.apical_size(1) < 0.05 and off.apical_size(2) < 0.1
    rewind = circuit.state()
    circuit.change(replace(circuit.knobs, silenced=1.0))
    assert circuit.probe(TEST.x, TEST.u_star).apical_size(1) > 10.0
    train(circuit, TRAIN, 1000)
    assert accuracy(circuit, TEST) < 50.0
    circuit.load(rewind)
    circuit.change(replace(circuit.knobs, silenced=0.0))
    assert accuracy(circuit, TEST) > 93.0


def test_that_errors_reach_the_first_area_past_a_frozen_second():
    circuit = two_step(h=(0.2, 0.0, 0.06), frozen_areas=frozenset({2}), dtype=torch.float32)
    shallow = two_step(h=(0.2, 0.0, 0.06), frozen_areas=frozenset({1, 2}), dtype=torch.float32)
    for net in (circuit, shallow):
        train(net, TRAIN, 3000)
    assert accuracy(circuit, TEST) > max(90.0, accuracy(shallow, TEST) + 3.0)


@pytest.mark.parametrize(("kind", "least"), [("backprop", 95.0), ("feedback_alignment", 93.0), ("shallow", 85.0)])
def test_that_the_reference_learners_learn(kind, least):
    learner = ReferenceLearner(kind, one_area().synapses.W, (0.3, 0.1), one_area().mixing, seeded(), feedback_bound=0.5)
    g = seeded()
    for _ in range(3500):
        rows = torch.randint(0, 1437, (10,), generator=g)
        learner.step(TRAIN.x[rows], TRAIN.u_star[rows])
    assert accuracy(learner, TEST) > least


def test_that_random_interneurons_find_the_self_predicting_state_while_digits_are_learnt():
    circuit = two_step(
        ONE, (0.3, 0.1), 0, torch.float32, bound=0.5, self_predicting=False, plastic=frozenset("WPQ"), eta_Q=0.05
    )
    start = circuit.probe(TEST.x, None).apical_size(1)
    train(circuit, TRAIN, 4000)
    assert start > 1.0 and circuit.probe(TEST.x, None).apical_size(1) < 0.15
    assert accuracy(circuit, TEST) > 93.0


def test_that_learned_feedback_learns_the_digits():
    circuit = two_step(
        ONE, (0.3, 0.1), 0, torch.float32, bound=0.5, self_predicting=False,
        plastic=frozenset("WPQB"), eta_Q=0.2, eta_B=0.02,
    )  # fmt: skip
    drawn = circuit.synapses.B[1].clone()
    train(circuit, TRAIN, 4000)
    assert accuracy(circuit, TEST) > 90.0
    assert float((circuit.synapses.B[1] - drawn).norm() / drawn.norm()) > 0.1
    # B has learnt to reproduce the activity of its own area from above
    a = circuit.probe(TEST.x, None)
    before = torch.sigmoid(a.cells[2] @ drawn.t())
    assert (a.cells[1] - torch.sigmoid(a.top_down[1])).square().mean() < (a.cells[1] - before).square().mean()


def test_that_self_prediction_emerges_from_random_interneurons():
    circuit = continuous(self_predicting=False, eta_P=(0.0002375,), plastic=frozenset("PQ"))
    g, state = seeded(), circuit.rest(16)
    apical, mismatch = [], []
    for _ in range(301):
        circuit.settle(state, uniform((16, 30), 1.0, state.r0, g), None, 6)
        apical.append(float(circuit.compartments(state).vA[1].square().sum(1).mean()))
        mismatch.append(float((state.u[2] - state.uI[1]).square().sum(1).mean()))
        circuit.learn(state, 1000.0)
    assert apical[0] > 10.0 and apical[-1] < 0.03 * apical[0]
    assert mismatch[-1] < 0.2 * mismatch[0]


def test_that_an_association_appears_as_an_apical_error_and_is_explained_away():
    circuit = continuous()
    x, u_star = pair(1)
    state = circuit.rest(1)
    error, apical = [], []
    for _ in range(301):
        circuit.settle(state, x, None, 6)
        error.append(float((state.u[2] - u_star).square().sum()))
        circuit.settle(state, x, u_star, 6)
        apical.append(float(circuit.compartments(state).vA[1].norm()))
        circuit.learn(state, 100.0)
    assert error[0] > 1.0 and error[-1] < 1e-3 * error[0]
    assert apical[0] > 0.1 and apical[-1] < 0.01 * apical[0]


def test_that_regression_is_learnt_better_than_by_a_shallow_learner():
    errors, aligned = {}, 0.0
    for name, share in (("circuit", 0.03), ("shallow", 0.0)):
        g, phi = seeded(), SoftRectifier()
        teacher = RegressionTeacher(phi, g)
        circuit = ContinuousCircuit((30, 50, 10), phi=phi)
        circuit.initialise(g)
        circuit.change(replace(circuit.knobs, plastic=frozenset("WP")))
        governor, state = Governor(hidden_share=share), circuit.rest(32)
        x_test, u_test = teacher.draw(300, g)
        start = float((circuit.predict(x_test) - phi(u_test)).square().sum(1).mean())
        for _ in range(2500):
            x, u_star = teacher.draw(32, g)
            circuit.settle(state, x, u_star, 4)
            circuit.govern(governor, state)
            circuit.learn(state, 1.0)
        errors[name] = float((circuit.predict(x_test) - phi(u_test)).square().sum(1).mean()) / start
        if name == "circuit":
            aligned = feedback_angles(circuit.synapses)[1]
    assert errors["circuit"] < 0.45 and errors["circuit"] < 0.8 * errors["shallow"]
    assert aligned < 75.0


def test_that_disinhibition_denoises_completes_and_attends(imagining):
    imagination, _ = imagining
    g = seeded(3)
    cue = target_rates(TEST.labels, 10)
    wrong = target_rates((TEST.labels + torch.randint(1, 10, TEST.labels.shape, generator=g)) % 10, 10)

    def distance(picture):
        return float((picture - TEST.x).square().sum(1).mean())

    noisy = (TEST.x + 0.4 * torch.randn(TEST.x.shape, generator=g)).clamp(0, 1)
    free = distance(imagination.perceive(noisy, d=0.7).image)
    cued = distance(imagination.perceive(noisy, d=0.7, a=0.5, cue=cue).image)
    misled = distance(imagination.perceive(noisy, d=0.7, a=0.5, cue=wrong).image)
    assert distance(noisy) > 4.5 and free < 3.0 and cued < 0.95 * free and misled > 1.15 * free

    hidden = TEST.x.clone()
    hidden[:, 32:] = 0.0
    completed = distance(imagination.perceive(hidden, d=1.0, a=1.0, cue=cue).image)
    assert completed < 0.5 * distance(hidden)

    other = torch.randperm(360, generator=g)
    differ = TEST.labels != TEST.labels[other]
    both = (TEST.x + TEST.x[other]).clamp(0, 1)[differ]
    labels = TEST.labels[differ]
    attended = imagination.perceive(both, d=1.0, a=0.6, cue=target_rates(labels, 10)).verdict
    ignored = imagination.circuit.predict(both)
    hit = float((attended.argmax(1) == labels).float().mean())
    assert hit > 0.8 and float((ignored.argmax(1) == labels).float().mean()) < 0.5


def test_that_it_dreams_digits_it_recognises_itself(imagining):
    imagination, _ = imagining
    classes = torch.arange(10)
    dream = imagination.generate(target_rates(classes, 10))
    means = torch.stack([TRAIN.x[TRAIN.labels == c].mean(0) for c in range(10)])
    assert torch.equal(dream.verdict.argmax(1), classes)
    assert float((dream.image - means).square().sum(1).max()) < 1.0


def test_that_top_down_weights_are_saved_and_loaded(imagining):
    imagination, _ = imagining
    other = Imagination(one_area(seed=3))
    other.load(imagination.state())
    assert all(torch.equal(G, other.G[k]) for k, G in imagination.G.items())
    assert other.state()["G.0"].dtype == torch.float32 and imagination.circuit.synapses.W[1].dtype != F64
