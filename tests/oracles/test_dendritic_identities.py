"""Identities of the dendritic circuit: self-prediction, fixed points, symmetries, shapes. Float64 unless said."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.models.dendritic import (
    Conductances,
    Logistic,
    Mixing,
    SoftRectifier,
    basal_rates,
    hebb_,
    target_rates,
    teaching_current,
    teaching_current_by_conductances,
    tracking_rates,
    voltages_of_rates,
)
from engine.models.dendritic_imagine import Imagination
from engine.models.dendritic_reference import circuit_updates
from engine.models.dendritic_two_step import TwoStepCircuit, TwoStepKnobs
from tests.oracles.dendritic_cases import (
    DEEP,
    F64,
    continuous,
    digits,
    largest,
    one_area,
    pair,
    same_lam,
    seeded,
    two_step,
)


def test_that_the_conductance_pair_of_the_teacher_is_the_short_nudge():
    g = seeded()
    u, target = (torch.randn(1000, generator=g, dtype=F64) for _ in range(2))
    assert largest(teaching_current_by_conductances(u, target, 0.8) - teaching_current(u, target, 0.8)) < 1e-14


def test_that_the_papers_conductances_mix_as_the_page_says():
    m = Conductances().mixing()
    assert m.lam == pytest.approx(0.8 / 1.9) and m.lam_N == m.lam_I == m.lam
    assert m.basal == pytest.approx(1 / 1.9)
    assert m.basal_N == pytest.approx(1 / 1.1)  # no g_A at the output
    assert m.dendrite == pytest.approx(1 / 1.1)  # g_D / (g_lk + g_D), not g_D / g_lk + g_D
    assert m.tracking_factor(1, 2) == pytest.approx(1.0)  # P = W at the output
    assert m.tracking_factor(1, 3) == pytest.approx(1.1 / 1.9)
    assert Conductances().largest_dt == pytest.approx(2 / 1.9)


def test_that_leak_free_conductances_give_the_mixing_factors_asked_for():
    asked = Mixing.without_leak(0.3, 0.2, 0.1)
    got = Conductances.without_leak(0.3, 0.2, 0.1).mixing()
    for name in ("lam", "lam_N", "lam_I", "basal", "basal_N", "dendrite"):
        assert getattr(got, name) == pytest.approx(getattr(asked, name)), name


def test_that_the_published_rates_are_one_base_rate_divided_by_the_mixing_factor():
    m = Conductances().mixing()
    assert 0.0005 / m.lam == pytest.approx(0.0011875)
    eta = basal_rates((1.0, 2.0, 3.0), Mixing.without_leak(0.4, 0.5, 0.1))
    assert eta[3] == pytest.approx(3.0 / 0.5)
    assert eta[2] == pytest.approx(2.0 / (0.5 * 0.4 * 0.9))
    assert eta[1] == pytest.approx(1.0 / (0.5 * 0.4 * 0.9 * 0.4 * 0.9))
    eta_P = tracking_rates(eta, Mixing.without_leak(0.4, 0.5, 0.1), ratio=2.0)
    assert eta_P == pytest.approx({1: 2.0 * 0.6 * eta[2] / 0.1, 2: 2.0 * eta[3] / 0.1})


@given(
    hidden=st.lists(st.integers(3, 12), min_size=1, max_size=4),
    lam=st.floats(0.01, 0.6),
    lam_I=st.floats(0.01, 0.6),
    seed=st.integers(0, 99),
)
def test_that_a_self_predicting_circuit_is_silent_without_a_teacher_at_any_depth(hidden, lam, lam_I, seed):
    sizes = (7, *hidden, 5)
    circuit = TwoStepCircuit(sizes, TwoStepKnobs((0.1,) * (len(sizes) - 1), lam=lam, lam_I=lam_I), dtype=F64)
    circuit.initialise(seeded(seed))
    a = circuit.probe(torch.rand(4, 7, generator=seeded(seed), dtype=F64), None)
    assert largest(*a.vA.values()) < 1e-12
    assert largest(*circuit_updates(a).values()) < 1e-13


def test_that_silence_holds_in_float32_to_1e_4():
    train, _ = digits()
    circuit = two_step(dtype=torch.float32)
    assert largest(*circuit.probe(train.x[:200], None).vA.values()) < 1e-4


def test_that_transients_started_at_the_twins_potential_are_silent_too():
    circuit = continuous()
    x, _ = pair(4)
    state = circuit.rest(4)
    state.u[2].copy_(pair(4, seed=3)[1])
    state.uI[1].copy_(state.u[2])
    for _ in range(200):
        circuit.euler_step(state, x, None, 0.1, plastic=False)
        assert largest(circuit.compartments(state).vA[1]) < 1e-12


def test_that_a_teacher_at_the_prediction_teaches_nothing():
    train, _ = digits(F64)
    circuit = two_step(plastic=frozenset("WPQ"), eta_Q=0.1)
    x = train.x[:20]
    v_hat = circuit.probe(x, None).v_hat[3].clone()
    before = circuit.state()
    circuit.step(x, v_hat)
    for name, weights in circuit.state().items():
        assert largest(weights - before[name]) < 1e-13, name
    time = continuous()
    x, _ = pair(5)
    state = time.rest(5)
    time.settle(state, x, None, 12)
    time.settle(state, x, state.u[2].clone(), 12)
    for name, (post, pre, _) in time.induction(time.compartments(state)).items():
        assert largest(post.t() @ pre) < 1e-13, name


def test_that_the_output_learns_by_the_delta_rule_exactly():
    train, _ = digits(F64)
    circuit = two_step(frozen_areas=frozenset({1, 2}))
    x, u_star = train.x[:10], train.u_star[:10]
    v = circuit.probe(x, None)
    before = circuit.synapses.W[3].clone()
    a = circuit.step(x, u_star)
    u = 0.58 * v.v_hat[3] + 0.42 * u_star
    error = torch.sigmoid(u) - torch.sigmoid(v.v_hat[3])
    expected = (0.06 / 0.42) * error.t() @ a.r[2] / 10
    assert largest(circuit.synapses.W[3] - before - expected) < 1e-14


@pytest.mark.parametrize("area", [1, 2])
def test_that_relabelling_hidden_cells_relabels_and_changes_nothing_else(area):
    train, _ = digits(F64)
    a, b = two_step(plastic=frozenset("WPQB"), eta_Q=0.01, eta_B=0.01), two_step()
    b.change(a.knobs)
    order = torch.randperm(100, generator=seeded())
    with_bias = torch.cat((order, torch.tensor([100])))

    def relabel(state):
        s = {name: m.clone() for name, m in state.items()}
        for name in (f"W.{area}", f"B.{area}", f"Q.{area}"):
            s[name] = s[name][order]
        for name in (f"W.{area + 1}", f"P.{area}"):
            s[name] = s[name][:, with_bias]
        if area == 2:  # the interneurons of area 1 mirror area 2
            s["P.1"] = s["P.1"][order]
            s["B.1"], s["Q.1"] = s["B.1"][:, order], s["Q.1"][:, order]
        return s

    b.load(relabel(a.state()))
    for i in range(5):
        x, u = train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10]
        a.step(x, u)
        b.step(x, u)
    assert largest(a.predict(train.x) - b.predict(train.x)) < 1e-12
    expected = relabel(a.state())
    for name, weights in b.state().items():
        assert largest(weights - expected[name]) < 1e-12, name


def test_that_the_phases_by_hand_are_one_step():
    train, _ = digits(F64)
    whole, parts = two_step(), two_step()
    a = parts.activity(10)
    for i in range(5):
        x, u = train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10]
        whole.step(x, u)
        parts.forward(a, x)
        assert torch.equal(a.u[1], a.v_hat[1]) and torch.equal(a.u[3], a.v_hat[3])
        parts.teacher(a, u)
        assert torch.equal(a.u[2], a.v_hat[2]) and not torch.equal(a.u[3], a.v_hat[3])
        parts.backward(a, 2)
        assert torch.equal(a.u[1], a.v_hat[1]) and not torch.equal(a.u[2], a.v_hat[2])
        parts.backward(a, 1)
        parts.learn(a)
    assert all(torch.equal(m, parts.state()[name]) for name, m in whole.state().items())


def test_that_every_compartment_shown_is_the_one_of_the_equations():
    train, _ = digits(F64)
    circuit = two_step(silenced=0.3, self_predicting=False)
    a, s, m = circuit.probe(train.x[:6], train.u_star[:6]), circuit.synapses, circuit.mixing
    one = torch.ones(6, 1, dtype=F64)
    r1 = torch.sigmoid(a.v_hat[1])
    vB2 = torch.cat((r1, one), 1) @ s.W[2].t()
    assert largest(a.vB(2, m) - vB2) < 1e-13 and largest(a.v_hat[2] - 0.58 * vB2) < 1e-13
    vI = torch.cat((r1, one), 1) @ s.P[1].t()
    uI = 0.9 * vI + 0.1 * a.u[2]
    sent = 0.7 * torch.sigmoid(uI)
    assert largest(a.vI[1] - vI, a.uI[1] - uI, a.rI[1] - torch.sigmoid(uI), a.sent[1] - sent) < 1e-13
    top_down = torch.sigmoid(a.u[2]) @ s.B[1].t()
    assert largest(a.top_down[1] - top_down, a.cancellation(1) - sent @ s.Q[1].t()) < 1e-12
    assert largest(a.vA[1] - top_down - sent @ s.Q[1].t()) < 1e-12
    assert largest(a.u[1] - a.v_hat[1] - 0.42 * a.vA[1]) < 1e-13
    assert largest(a.u[3] - 0.58 * a.v_hat[3] - 0.42 * train.u_star[:6]) < 1e-13


def test_that_each_rule_reads_the_compartments_of_its_equation():
    train, _ = digits(F64)
    circuit = two_step(
        self_predicting=False, plastic=frozenset("WPQB"), eta_Q=0.03, eta_B=0.02, silenced=0.3, tracking_ratio=0.5
    )
    before, s = circuit.state(), circuit.synapses
    a = circuit.step(train.x[:10], train.u_star[:10])
    eta = basal_rates(circuit.knobs.h, circuit.mixing)
    eta_P = tracking_rates(eta, circuit.mixing, 0.5)
    phi, one = torch.sigmoid, torch.ones(10, 1, dtype=F64)
    r = {0: train.x[:10]} | {k: phi(a.u[k]) for k in (1, 2, 3)}
    for k in (1, 2, 3):
        dW = eta[k] * (r[k] - phi(a.v_hat[k])).t() @ torch.cat((r[k - 1], one), 1) / 10
        assert largest(s.W[k] - before[f"W.{k}"] - dW) < 1e-14
    for k in (1, 2):
        dP = eta_P[k] * (phi(a.uI[k]) - phi(a.vI[k])).t() @ torch.cat((r[k], one), 1) / 10
        dQ = -0.03 * a.vA[k].t() @ (0.7 * phi(a.uI[k])) / 10  # minus the voltage, not its rate
        dB = 0.02 * (r[k] - phi(r[k + 1] @ before[f"B.{k}"].t())).t() @ r[k + 1] / 10
        assert largest(s.P[k] - before[f"P.{k}"] - dP) < 1e-14
        assert largest(s.Q[k] - before[f"Q.{k}"] - dQ) < 1e-14
        assert largest(s.B[k] - before[f"B.{k}"] - dB) < 1e-14


def test_that_Q_grows_positive_to_cancel_negative_feedback():
    circuit = two_step(plastic=frozenset("Q"), eta_Q=0.02)
    circuit.synapses.B[2].fill_(-0.5)
    circuit.synapses.Q[2].zero_()
    x = digits(F64)[0].x[:10]
    start = circuit.probe(x, None).apical_size(2)
    for _ in range(400):
        circuit.step(x, None)
    assert float(circuit.synapses.Q[2].min()) > 0.0
    assert circuit.probe(x, None).apical_size(2) < 0.02 * start


def test_that_weights_have_the_shapes_of_the_page():
    s = two_step((64, 30, 20, 10)).synapses
    assert {k: tuple(m.shape) for k, m in s.W.items()} == {1: (30, 65), 2: (20, 31), 3: (10, 21)}
    assert {k: tuple(m.shape) for k, m in s.P.items()} == {1: (20, 31), 2: (10, 21)}  # to n_{k+1}, not n_k
    assert {k: tuple(m.shape) for k, m in s.B.items()} == {1: (30, 20), 2: (20, 10)}
    assert {k: tuple(m.shape) for k, m in s.Q.items()} == {1: (30, 20), 2: (20, 10)}


def test_that_the_bias_is_a_plastic_weight_from_a_constant_one():
    circuit = two_step()
    x, u_star = torch.zeros(10, 64, dtype=F64), torch.full((10, 10), 1.0, dtype=F64)
    before = circuit.state()
    a = circuit.step(x, u_star)
    change = circuit.synapses.W[1] - before["W.1"]
    eta = basal_rates(circuit.knobs.h, circuit.mixing)[1]
    assert largest(change[:, :-1]) == 0.0  # silent pixels teach nothing
    assert largest(change[:, -1] - eta * (a.cells[1] - a.p_hat[1]).mean(0)) < 1e-15
    assert largest(change[:, -1]) > 1e-4
    circuit.synapses.W[3][:, -1] = 5.0
    assert float(circuit.predict(x).min()) > 0.9
    circuit.restart_feedback("transpose", 1.0, seeded())
    assert torch.equal(circuit.synapses.B[2], circuit.synapses.W[3][:, :-1].t())
    assert torch.equal(circuit.synapses.Q[2], -circuit.synapses.B[2])


def test_that_hebb_averages_the_outer_products_of_the_batch():
    g = seeded()
    M, post, pre = (torch.randn(s, generator=g, dtype=F64) for s in ((3, 4), (7, 3), (7, 4)))
    expected = M + 0.2 * torch.stack([torch.outer(p, q) for p, q in zip(post, pre, strict=True)]).mean(0)
    hebb_(M, post, pre, 0.2)
    assert largest(M - expected) < 1e-15


def test_that_closed_gates_are_bit_identical_to_the_plain_forward_pass():
    _, test = digits()
    circuit = two_step(dtype=torch.float32)
    imagination = Imagination(circuit)
    for G in imagination.G.values():
        G.normal_(generator=seeded())
    percept = imagination.perceive(test.x, d=0.0, a=0.0)
    plain = circuit.probe(test.x, None)
    assert torch.equal(percept.image, test.x)
    assert torch.equal(percept.verdict, plain.cells_up[3])
    assert all(torch.equal(percept.rates[k], plain.cells_up[k]) for k in (1, 2, 3))
    with pytest.raises(ValueError, match=r"d = 1\.2"):
        imagination.perceive(test.x, d=1.2)


def test_that_open_gates_show_what_the_top_down_weights_say():
    circuit = one_area()
    imagination = Imagination(circuit)
    for G in imagination.G.values():
        G.normal_(generator=seeded())
    cue = target_rates(torch.arange(10), 10)
    one = torch.ones(10, 1)
    r1 = torch.sigmoid(torch.cat((cue, one), 1) @ imagination.G[1].t())
    image = torch.sigmoid(torch.cat((r1, one), 1) @ imagination.G[0].t())
    assert torch.allclose(imagination.generate(cue).image, image)
    x = digits()[1].x[:10]
    half = imagination.perceive(x, d=0.25, a=0.5, cue=cue)
    u1 = 0.5 * circuit.probe(x, None).v_hat[1] + 0.5 * torch.cat((cue, one), 1) @ imagination.G[1].t()
    drawn = torch.sigmoid(torch.cat((torch.sigmoid(u1), one), 1) @ imagination.G[0].t())
    assert torch.allclose(half.image, 0.75 * x + 0.25 * drawn, atol=1e-6)


def test_that_top_down_weights_learn_by_the_feedback_rule():
    train, _ = digits(F64)
    circuit = two_step()
    imagination = Imagination(circuit)
    for G in imagination.G.values():
        G.normal_(generator=seeded())
    before = imagination.state()
    a = circuit.probe(train.x[:10], train.u_star[:10])
    imagination.learn(a, train.r_star[:10])
    one = torch.ones(10, 1, dtype=F64)
    above = {0: a.cells_up[1], 1: a.cells_up[2], 2: train.r_star[:10]}
    for k, eta in ((0, 0.05), (1, 0.5), (2, 0.5)):
        pre = torch.cat((above[k], one), 1)
        post = a.cells_up[k] - torch.sigmoid(pre @ before[f"G.{k}"].t())
        assert largest(imagination.G[k] - before[f"G.{k}"] - eta * post.t() @ pre / 10) < 1e-14


def test_that_moving_lam_changes_neither_the_forward_function_nor_the_silence():
    train, test = digits(F64)
    circuit = two_step()
    for i in range(20):
        circuit.step(train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10])
    circuit.synapses.predict_next_area(circuit.mixing)
    before = circuit.predict(test.x)
    circuit.change(replace(circuit.knobs, lam=0.1, lam_N=0.2, lam_I=0.3))
    assert largest(circuit.predict(test.x) - before) < 1e-13
    assert largest(*circuit.probe(test.x, None).vA.values()) < 1e-12
    assert pytest.approx(basal_rates(circuit.knobs.h, circuit.mixing)) == circuit.rates.W
    assert max(circuit.synapses.tracking_error(k, circuit.mixing) for k in (1, 2)) < 1e-14


def test_that_an_impossible_knob_is_refused_with_its_value_and_changes_nothing():
    circuit = two_step()
    before, knobs = circuit.state(), circuit.knobs
    for wrong, words in (
        ({"silenced": 1.5}, "1.5"),
        ({"lam": 0.0}, "0.0"),
        ({"h": (0.1, 0.1)}, "2 rates h for 3"),
        ({"plastic": frozenset("X")}, "X"),
        ({"lam": 0.2, "noise": -1.0}, "noise"),
    ):
        with pytest.raises(ValueError, match=words):
            circuit.change(replace(knobs, **wrong))
        assert circuit.knobs == knobs and circuit.mixing == knobs.mixing()
    assert all(torch.equal(m, before[name]) for name, m in circuit.state().items())


def test_that_frozen_kinds_and_areas_rest():
    train, _ = digits(F64)
    for knobs, moved in (
        ({}, {"W.1", "W.2", "W.3", "P.1", "P.2"}),
        ({"plastic": frozenset("W")}, {"W.1", "W.2", "W.3"}),
        ({"frozen_areas": frozenset({2})}, {"W.1", "W.3", "P.2"}),
        ({"teacher": False}, set()),
        ({"plastic": frozenset("QB"), "eta_Q": 0.1, "eta_B": 0.1}, {"Q.1", "Q.2", "B.1", "B.2"}),
    ):
        circuit = two_step(**knobs)
        before = circuit.state()
        circuit.step(train.x[:10], train.u_star[:10])
        changed = {name for name, m in circuit.state().items() if largest(m - before[name]) > 1e-9}
        assert changed == moved, knobs


def test_that_looking_changes_nothing_and_a_saved_state_comes_back_bit_for_bit():
    train, test = digits()
    watched, alone = (two_step(dtype=torch.float32, noise=0.1) for _ in range(2))
    g, h = seeded(5), seeded(5)
    saved = None
    for i in range(30):
        x, u = train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10]
        watched.step(x, u, g)
        watched.probe(test.x, test.u_star)
        watched.predict(test.x)
        alone.step(x, u, h)
        if i == 14:
            saved, random = alone.state(), h.get_state()
    assert all(torch.equal(m, alone.state()[name]) for name, m in watched.state().items())
    resumed = two_step(dtype=torch.float32, noise=0.1, seed=9)
    resumed.load(saved)
    h.set_state(random)
    for i in range(15, 30):
        resumed.step(train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10], h)
    assert all(torch.equal(m, alone.state()[name]) for name, m in resumed.state().items())
    assert all(m.is_contiguous() for m in saved.values())


def test_that_a_state_that_does_not_fit_is_refused_whole():
    circuit = two_step()
    before, other = circuit.state(), two_step(seed=4).state()
    for spoiled, error, words in (
        ({k: v for k, v in other.items() if k != "P.2"}, KeyError, "P.2"),
        (other | {"Q.1": torch.zeros(3, 3, dtype=F64)}, ValueError, r"\(3, 3\)"),
        ({k: v.float() for k, v in other.items()}, ValueError, "float32"),
    ):
        with pytest.raises(error, match=words):
            circuit.load(spoiled)
        assert all(torch.equal(m, before[name]) for name, m in circuit.state().items())


def test_that_noise_moves_somata_but_not_the_predictions():
    circuit = two_step(noise=0.2)
    x = digits(F64)[0].x[:1].expand(4000, 64)
    a = circuit.activity(4000)
    circuit.present(a, x, None, seeded())
    quiet = circuit.probe(x, None)
    assert largest(a.v_hat[1] - quiet.v_hat[1]) == 0.0
    for k in (1, 2, 3):
        assert float((a.u[k] - a.v_hat[k] - circuit.mixing.lam * (a.vA[k] if k < 3 else 0)).std()) == pytest.approx(
            0.2, rel=0.02
        )
    with pytest.raises(ValueError, match=r"noise = 0\.2"):
        circuit.step(x, None)


def test_that_nothing_is_recorded_for_autograd():
    circuit = two_step(dtype=torch.float32)
    x = torch.rand(10, 64, requires_grad=True)
    u = torch.rand(10, 10, requires_grad=True)
    a = circuit.step(x, u)
    assert not any(t.requires_grad for t in (*circuit.state().values(), *a.u.values(), *a.vA.values()))


def test_that_target_voltages_stay_finite_and_invert_the_rates():
    rates = torch.tensor([0.0, 0.1, 0.8, 1.0], dtype=F64)
    u = voltages_of_rates(rates)
    assert torch.isfinite(u).all()
    assert torch.allclose(torch.sigmoid(u), torch.tensor([1e-3, 0.1, 0.8, 1 - 1e-3], dtype=F64))
    assert target_rates(torch.tensor([2]), 4).tolist() == [pytest.approx([0.1, 0.1, 0.8, 0.1])]


@pytest.mark.parametrize("phi", [Logistic(), SoftRectifier(), SoftRectifier(0.3, 2.0, 1.0)])
def test_that_slopes_are_the_derivatives_of_the_rate_functions(phi):
    u = torch.linspace(-8, 12, 4001, dtype=F64, requires_grad=True)
    r = 1 / (1 + torch.exp(-u)) if phi == Logistic() else phi.gamma * torch.log1p(torch.exp(phi.beta * (u - phi.theta)))
    (slope,) = torch.autograd.grad(r.sum(), u)
    v = u.detach()
    assert largest(phi(v) - r.detach()) < 1e-12
    assert largest(phi(v, out=torch.empty_like(v)) - phi(v)) == 0.0
    assert largest(phi.slope(v) - slope) < 1e-12
    assert 0.99 * phi.max_slope <= float(slope.max()) <= phi.max_slope + 1e-15


def test_that_sizes_without_a_hidden_area_are_refused():
    with pytest.raises(ValueError, match=r"\(64, 10\)"):
        TwoStepCircuit((64, 10), TwoStepKnobs(h=(0.1,)))


def test_that_weak_circuits_share_their_weights_with_strong_ones_of_the_same_seed():
    assert torch.equal(same_lam(0.1).synapses.W[1], two_step(DEEP).synapses.W[1])
    assert torch.equal(two_step(dtype=torch.float32).synapses.W[2], two_step(dtype=F64).synapses.W[2].float())
