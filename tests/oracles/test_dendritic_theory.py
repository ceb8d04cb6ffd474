"""The theorem and its neighbours: backprop in the weak-feedback limit, tracking, stability. Float64."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from engine.models.dendritic import (
    Conductances,
    Governor,
    SoftRectifier,
    linearised_tracking_gain,
    mean_square,
    tracking_gain,
)
from engine.models.dendritic_continuous import ContinuousCircuit, RegressionTeacher
from engine.models.dendritic_reference import (
    ReferenceLearner,
    angle,
    angles_to_backprop,
    backprop_updates,
    circuit_updates,
    feedback_angles,
)
from tests.oracles.dendritic_cases import F64, digits, one_area, pair, same_lam, seeded, two_step

TRAIN, _ = digits(F64)
X, U = TRAIN.x[:100], TRAIN.u_star[:100]


def weak_angles(lam: float) -> dict[int, float]:
    circuit = same_lam(lam, feedback="transpose")
    return angles_to_backprop(circuit, circuit.probe(X, U), "voltage")


def test_that_the_angle_to_backprop_is_proportional_to_lam():
    strong, weak = weak_angles(0.1), weak_angles(0.01)
    for k in (1, 2, 3):
        assert strong[k] == pytest.approx(1.4, abs=0.25)  # the page: 1.37, 1.48, 1.35
        assert 0.08 <= weak[k] / strong[k] <= 0.12


def test_that_the_update_has_the_length_of_backprop_times_the_dilution():
    for lam, expected, tolerance in ((0.01, (0.982, 0.992, 1.002), 0.004), (0.1, (0.82, 0.92, 1.02), 0.02)):
        circuit = same_lam(lam, feedback="transpose")
        a = circuit.probe(X, U)
        own, bp = circuit_updates(a), backprop_updates(circuit, a, "voltage")
        for k in (1, 2, 3):
            share = float((own[k] * bp[k]).sum() / bp[k].square().sum()) / lam ** (4 - k)
            assert share == pytest.approx(expected[k - 1], abs=tolerance)


def test_that_float32_cannot_carry_the_error_of_weak_feedback():
    angles = {}
    for dtype in (F64, torch.float32):
        circuit = same_lam(0.003, feedback="transpose", dtype=dtype)
        a = circuit.probe(X.to(dtype), U.to(dtype))
        angles[dtype] = angles_to_backprop(circuit, a, "voltage")[1]
    assert angles[F64] < 0.1 and angles[torch.float32] > 10.0


def test_that_the_output_angle_vanishes_with_lam_N():
    found = []
    for lam_N in (0.1, 0.01, 0.001):
        circuit = two_step(lam_N=lam_N)
        found.append(angles_to_backprop(circuit, circuit.probe(X, U), "voltage")[3])
    assert found[0] < 3.0 and found[1] < 0.12 * found[0] and found[2] < 0.12 * found[1]


@pytest.mark.parametrize("form", ["nudge", "voltage", "rate"])
def test_that_the_yardstick_is_the_gradient_autograd_finds(form):
    circuit = two_step((64, 30, 20, 10))
    a = circuit.probe(X, U)
    W = {k: m.clone().requires_grad_() for k, m in circuit.synapses.W.items()}
    one, r, v = torch.ones(100, 1, dtype=F64), X, None
    for k in (1, 2, 3):
        v = (1.0 if k == 3 else 0.58) * torch.cat((r, one), 1) @ W[k].t()
        r = torch.sigmoid(v)
    p = r.detach()
    if form == "rate":
        loss = 0.5 * (torch.sigmoid(U) - r).square().sum() / 100
    else:  # these errors are no gradient of a loss: give them to the output voltage from outside
        error = U - v.detach()
        delta = p * (1 - p) * error if form == "voltage" else (torch.sigmoid(v.detach() + 0.42 * error) - p) / 0.42
        loss = -(delta * v).sum() / 100
    loss.backward()
    bp = backprop_updates(circuit, a, form)
    for k in (1, 2, 3):  # the attenuations 0.58 from area k up are left out of bp by definition
        assert torch.allclose(-W[k].grad, 0.58 ** (3 - k) * bp[k], rtol=1e-10, atol=1e-14)


def test_that_the_reference_learner_takes_the_steps_of_the_yardstick():
    circuit = two_step(h=(0.3, 0.2, 0.1))
    a = circuit.probe(X, U)
    for form in ("voltage", "rate", "nudge"):
        bp = backprop_updates(circuit, a, form)
        for kind, exact in (("backprop", {1, 2, 3}), ("feedback_alignment", {3}), ("shallow", {3})):
            learner = ReferenceLearner(kind, circuit.synapses.W, (0.3, 0.2, 0.1), circuit.mixing, seeded(), form=form)
            before = learner.state()
            assert torch.allclose(learner.predict(X), circuit.predict(X), atol=1e-14)
            learner.step(X, U)
            for k, h in ((1, 0.3), (2, 0.2), (3, 0.1)):
                change = learner.W[k] - before[f"W.{k}"]
                if k in exact:
                    assert torch.allclose(change, h * bp[k], atol=1e-14), (kind, form, k)
                elif kind == "shallow":
                    assert not change.any()
                else:
                    assert 60 < angle(change, bp[k]) < 120


def test_that_angles_are_right_also_when_tiny_and_undefined_when_nothing_points():
    x = torch.tensor([1.0, 0.0], dtype=F64)
    for degrees in (1e-9, 1e-4, 1.0, 45.0, 90.0, 179.0):
        t = math.radians(degrees)
        y = 3.0 * torch.tensor([math.cos(t), math.sin(t)], dtype=F64)
        assert angle(x, y) == pytest.approx(degrees, rel=1e-6)
    assert math.isnan(angle(x, torch.zeros(2))) and math.isnan(angle(x, torch.tensor([math.inf, 0.0])))
    circuit = two_step(feedback="transpose")
    assert feedback_angles(circuit.synapses) == pytest.approx({1: 0.0, 2: 0.0}, abs=1e-6)
    assert all(80 < v < 100 for v in feedback_angles(two_step().synapses).values())


def first_tracking_deviation(lam: float) -> dict[int, float]:
    """||P - a W|| / ||a dW|| after one update with the rates of 2.7."""
    circuit = same_lam(lam)
    before = circuit.state()
    circuit.step(X[:10], U[:10])
    s, m, found = circuit.synapses, circuit.mixing, {}
    for k in (1, 2):
        a = m.tracking_factor(k, 3)
        moved = a * (s.W[k + 1] - before[f"W.{k + 1}"])
        found[k] = float((s.P[k] - a * s.W[k + 1]).norm() / moved.norm())
    return found


def test_that_interneurons_follow_the_weights_they_mirror_to_first_order():
    strong, weak = first_tracking_deviation(0.1), first_tracking_deviation(0.01)
    assert strong[2] == pytest.approx(0.026, rel=0.2) and weak[2] == pytest.approx(0.0033, rel=0.2)
    assert strong[2] / weak[2] >= 7.0
    assert strong[1] / weak[1] >= 70.0


def test_that_tracking_diverges_exactly_above_its_linearised_gain():
    circuit = one_area(plastic=frozenset("P"))
    x = X[:10].float()
    a = circuit.probe(x, None)
    unit = circuit.linearised_tracking_gains(a)[1]
    assert unit <= circuit.tracking_gains(a)[1]
    start = circuit.state()
    g = seeded()
    nudge = 1e-4 * torch.randn(circuit.synapses.P[1].shape, generator=g)
    for gain, grows in ((1.8, False), (2.2, True)):
        circuit.load(start)
        circuit.change(replace(circuit.knobs, tracking_ratio=gain / unit))
        circuit.synapses.P[1].add_(nudge)
        sizes = []
        for _ in range(60):
            sizes.append(circuit.step(x, None).apical_size(1))
        assert (sizes[-1] > 20 * sizes[0]) is grows
        assert (sizes[-1] < 0.2 * sizes[0]) is not grows


def test_that_the_Q_rule_shrinks_the_apical_potential_by_one_minus_its_gain():
    circuit = two_step((64, 30, 10), h=(0.1, 0.1), plastic=frozenset("Q"), eta_Q=0.1, self_predicting=False)
    x = X[:1]
    gain = circuit.cancellation_gains(circuit.probe(x, None))[1]
    for aim in (0.5, 1.9, 2.1):
        circuit.change(replace(circuit.knobs, eta_Q=circuit.knobs.eta_Q * aim / gain))
        gain = aim
        before = circuit.probe(x, None).vA[1].clone()
        circuit.step(x, None)
        assert torch.allclose(circuit.probe(x, None).vA[1], (1 - aim) * before, atol=1e-12)


def test_that_gains_are_the_formulas_of_the_page_and_the_exact_one_is_never_larger():
    circuit = two_step(eta_Q=0.02)
    a = circuit.probe(X, U)
    for k, h, area_factor in ((1, 0.03, 0.58 / (0.42 * 0.9)), (2, 0.06, 1.0)):
        eta_P = area_factor * h / 0.42 / 0.1
        square = float(a.cells_up[k].square().sum(1).mean()) + 1.0  # the bias is a rate of 1
        assert circuit.tracking_gains(a)[k] == pytest.approx(eta_P * 0.1 * 0.25 * square)
        assert circuit.linearised_tracking_gains(a)[k] <= circuit.tracking_gains(a)[k]
        assert circuit.cancellation_gains(a)[k] == pytest.approx(0.02 * float(a.rI[k].square().sum(1).mean()))
    r, slopes = torch.rand(1, 5, dtype=F64), torch.full((1, 3), 0.25, dtype=F64)
    assert linearised_tracking_gain(2.0, 0.1, slopes, r) == pytest.approx(tracking_gain(2.0, 0.1, 0.25, mean_square(r)))


def test_that_the_small_lam_default_of_section_8_breaks_the_bound():
    weak = two_step(h=(0.1, 0.02, 0.02), lam=0.1, lam_N=0.1)
    strong = two_step()
    assert max(weak.tracking_gains(weak.probe(X, U)).values()) > 2.0
    assert max(strong.tracking_gains(strong.probe(X, U)).values()) < 2.0


def test_that_the_governor_holds_the_loop_gain_at_kappa_while_rates_grow():
    phi = SoftRectifier()
    circuit = ContinuousCircuit((30, 50, 10), phi=phi, dtype=F64)
    circuit.initialise(seeded())
    governor, state = Governor(kappa=0.5, memory=0.0), circuit.rest(32)
    x, u_star = pair(32)
    for scale in (1.0, 3.0, 10.0):
        circuit.settle(state, scale * x, u_star)
        circuit.govern(governor, state)
        assert circuit.tracking_gains(state)[1] == pytest.approx(0.5, rel=1e-3)
        assert circuit.knobs.eta_W[0] == pytest.approx(0.03 * circuit.knobs.eta_W[1])
        assert circuit.knobs.eta_P[0] == pytest.approx(circuit.knobs.eta_W[1] / Conductances().mixing().lam_I)


def test_that_the_governor_averages_and_survives_silence():
    governor = Governor(memory=0.98)
    with pytest.raises(RuntimeError, match="observe"):
        governor.rates(2, 0.1)
    governor.observe(torch.ones(4, 3))
    governor.observe(torch.zeros(4, 3))
    assert governor.average == pytest.approx(0.98 * 3.0)
    silent = Governor()
    silent.observe(torch.zeros(4, 3))
    assert math.isfinite(silent.rates(2, 0.1)[2])


def test_that_without_the_governor_grown_rates_run_away():
    errors = {}
    for governed in (True, False):
        g, phi = seeded(), SoftRectifier()
        teacher = RegressionTeacher(phi, g, dtype=F64)
        circuit = ContinuousCircuit((30, 50, 10), phi=phi, dtype=F64)
        circuit.initialise(g)
        circuit.change(replace(circuit.knobs, plastic=frozenset("WP"), eta_W=(1200.0, 40000.0), eta_P=(95000.0,)))
        governor, state = Governor(), circuit.rest(32)
        x_test, u_test = teacher.draw(200, g)
        target = phi(u_test)
        for _ in range(150):
            x, u_star = teacher.draw(32, g)
            circuit.settle(state, x, u_star)
            if governed:
                circuit.govern(governor, state)
            circuit.learn(state, 1.0)
        predict_the_mean = float((target - target.mean(0)).square().sum(1).mean())
        errors[governed] = float((circuit.predict(x_test) - target).square().sum(1).mean()) / predict_the_mean
    assert errors[True] < 1.0 and not errors[False] < 1.0
