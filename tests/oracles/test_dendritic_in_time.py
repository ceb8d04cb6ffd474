"""The continuous circuit: Euler against the steady state, the fused step, filters, white noise. Float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.models.dendritic import Conductances, SoftRectifier
from engine.models.dendritic_continuous import ContinuousCircuit, ContinuousKnobs, ContinuousState
from engine.models.dendritic_fused import FusedEuler
from tests.oracles.dendritic_cases import F64, continuous, digits, largest, pair, seeded, two_step


def apart(a: ContinuousState, b: ContinuousState) -> float:
    names = [name for name in a.named() if not name.startswith("trace")]
    return max(largest(a.named()[name] - b.named()[name]) for name in names)


def output_error(circuit: ContinuousCircuit, x, u_star) -> float:
    state = circuit.rest(x.shape[0])
    circuit.settle(state, x, None, 10)
    return float((u_star - state.u[2]).square().sum())


def test_that_sweeps_reach_the_state_euler_reaches():
    circuit = continuous()
    x, u_star = pair(4)
    slow = circuit.rest(4)
    for _ in range(4000):
        circuit.euler_step(slow, x, u_star, 0.1, plastic=False)
    distance = {}
    for sweeps in (1, 2, 3, 4, 10):
        fast = circuit.rest(4)
        circuit.settle(fast, x, u_star, sweeps)
        distance[sweeps] = apart(fast, slow)
    assert distance[10] < 1e-10 and distance[4] < 1e-5
    assert distance[1] > 5 * distance[2] > 25 * distance[3]  # geometric


def test_that_the_steady_state_is_the_mixture_of_section_2_4():
    circuit = continuous(self_predicting=False)
    x, u_star = pair(3)
    state = circuit.rest(3)
    for _ in range(6000):
        circuit.euler_step(state, x, u_star, 0.1, plastic=False)
    c, lam = circuit.compartments(state), 0.8 / 1.9
    assert largest(state.u[1] - (c.vB[1] / 1.9 + lam * c.vA[1])) < 1e-10
    assert largest(state.u[2] - ((1 - lam) * c.vB[2] / 1.1 + lam * u_star)) < 1e-10
    assert largest(state.uI[1] - ((1 - lam) * c.vI[1] / 1.1 + lam * state.u[2])) < 1e-10
    assert largest(c.vA[1] - c.top_down[1] - c.cancellation[1]) < 1e-14
    assert largest(c.v_hat[2] - c.vB[2] / 1.1, c.v_hat_I[1] - c.vI[1] / 1.1, c.v_hat[1] - c.vB[1] / 1.9) < 1e-14


def test_that_one_euler_step_reads_the_old_state_of_all_areas():
    circuit = ContinuousCircuit(
        (3, 4, 5, 2), ContinuousKnobs(eta_W=(0.1,) * 3, eta_P=(0.2,) * 2, eta_Q=(0.3,) * 2, eta_B=(0.4,) * 2,
                                      plastic=frozenset("WPQB"), silenced=0.25), dtype=F64,
    )  # fmt: skip
    g = seeded()
    circuit.initialise(g, self_predicting=False)
    s = circuit.synapses
    state = circuit.rest(2)
    for tensor in state.named().values():
        tensor.normal_(generator=g)
    old, weights = state.state(), circuit.state()
    x, u_star = torch.rand(2, 3, generator=g, dtype=F64), torch.rand(2, 2, generator=g, dtype=F64)
    dt, phi = 0.2, torch.sigmoid
    circuit.euler_step(state, x, u_star, dt)
    u = {k: old[f"u.{k}"] for k in (1, 2, 3)}
    uI = {k: old[f"uI.{k}"] for k in (1, 2)}
    r = {0: old["r0"]} | {k: phi(v) for k, v in u.items()}
    for k in (1, 2):
        vB = r[k - 1] @ weights[f"W.{k}"].t()
        vA = r[k + 1] @ weights[f"B.{k}"].t() + 0.75 * phi(uI[k]) @ weights[f"Q.{k}"].t()
        vI = r[k] @ weights[f"P.{k}"].t()
        du = -0.1 * u[k] + (vB - u[k]) + 0.8 * (vA - u[k])
        duI = -0.1 * uI[k] + (vI - uI[k]) + 0.8 * (u[k + 1] - uI[k])
        assert largest(state.u[k] - u[k] - dt * du) < 1e-14
        assert largest(state.uI[k] - uI[k] - dt * duI) < 1e-14
        expected = {
            "W": (phi(u[k]) - phi(vB / 1.9)).t() @ r[k - 1] / 2,
            "P": (phi(uI[k]) - phi(vI / 1.1)).t() @ r[k] / 2,
            "Q": -vA.t() @ (0.75 * phi(uI[k])) / 2,
            "B": (r[k] - phi(r[k + 1] @ weights[f"B.{k}"].t())).t() @ r[k + 1] / 2,
        }
        for kind, eta in (("W", 0.1), ("P", 0.2), ("Q", 0.3), ("B", 0.4)):
            name = f"{kind}.{k}"
            trace = old[f"trace.{name}"]
            filtered = trace + dt / 30.0 * (expected[kind] - trace)
            assert largest(state.trace[name] - filtered) < 1e-14, name
            assert largest(s.named()[name] - weights[name] - eta * dt * trace) < 1e-14, name
    du = -0.1 * u[3] + (r[2] @ weights["W.3"].t() - u[3]) + 0.8 * (u_star - u[3])
    assert largest(state.u[3] - u[3] - dt * du) < 1e-14
    assert largest(state.r0 - old["r0"] - dt / 3.0 * (x - old["r0"])) < 1e-14


def test_that_induction_passes_a_filter_of_tau_w_and_is_not_merely_slowed():
    eta, T, tau = 1e-9, 120.0, 30.0
    circuit = continuous(tau_w=tau, eta_W=(eta, eta), plastic=frozenset("W"))
    x, u_star = pair(1)
    state = circuit.rest(1)
    circuit.settle(state, x, u_star, 12)
    before = circuit.state()
    post, pre, _ = circuit.induction(circuit.compartments(state))["W.2"]
    held = post.t() @ pre
    circuit.present(state, x, u_star, T, dt=0.1)
    moved = (circuit.synapses.W[2] - before["W.2"]) / eta
    expected = held * (T - tau * (1 - np.exp(-T / tau)))  # a first-order lag; without one held * T
    assert largest(moved - expected) < 0.002 * largest(expected)
    assert largest(state.trace["W.2"] - held * (1 - np.exp(-T / tau))) < 0.002 * largest(held)


def test_that_inputs_change_as_low_pass_steps():
    circuit = continuous()
    x, _ = pair(1)
    state = circuit.rest(1)
    for _ in range(600):
        circuit.euler_step(state, x, None, 0.005, plastic=False)  # 3 ms, one time constant
    assert largest(state.r0 - x * (1 - np.exp(-1.0))) < 2e-3
    circuit.change(replace(circuit.knobs, tau_in=0.0))
    circuit.euler_step(state, x, None, 0.1, plastic=False)
    assert torch.equal(state.r0, x)


def test_that_settling_and_learning_once_is_the_adiabatic_limit_of_euler():
    circuit = continuous(tau_w=0.0, tau_in=0.0)
    x, u_star = pair(1)
    start, first = circuit.state(), output_error(circuit, x, u_star)
    circuit.present(circuit.rest(1), x, u_star, 1000.0)
    euler = output_error(circuit, x, u_star)
    circuit.load(start)
    state = circuit.rest(1)
    for _ in range(100):
        circuit.settle(state, x, u_star, 4)
        circuit.learn(state, 10.0)
    settled = output_error(circuit, x, u_star)
    assert euler < 0.9 * first
    assert settled == pytest.approx(euler, rel=1e-3)


@pytest.mark.parametrize("phi", [None, SoftRectifier(0.3, 2.0, 0.5)])
@pytest.mark.parametrize("batch", [1, 3])
def test_that_the_fused_step_is_the_step_by_compartments(phi, batch):
    knobs = ContinuousKnobs(eta_W=(0,) * 3, eta_P=(0,) * 2, eta_Q=(0,) * 2, eta_B=(0,) * 2, silenced=0.3)
    g = Conductances(g_inter=0.5)
    circuit = ContinuousCircuit((8, 6, 7, 4), knobs, g, phi=phi, dtype=F64)
    circuit.initialise(seeded(), self_predicting=False)
    slow = circuit.rest(batch)
    fused = FusedEuler(circuit, slow, dt=0.1)
    x, u_star = pair(batch, 8, 4)
    for target, tau_in in ((u_star, 3.0), (None, 3.0), (u_star, 0.0)):
        circuit.change(replace(circuit.knobs, tau_in=tau_in))
        fused.refresh(x, target)
        for _ in range(40):
            circuit.euler_step(slow, x, target, 0.1, plastic=False)
            fused.step()
        fast = circuit.rest(batch)
        fused.give(fast)
        assert apart(fast, slow) < 1e-12
    circuit.synapses.W[2].mul_(1.5)
    fused.refresh(x, u_star, dt=0.2)
    circuit.euler_step(slow, x, u_star, 0.2, plastic=False)
    fused.step()
    fused.give(fast)
    assert apart(fast, slow) < 1e-12


def test_that_a_digit_circuit_in_time_comes_to_rest_where_its_forward_sweep_says():
    train, _ = digits(F64)
    net = two_step(dtype=F64)
    for i in range(20):
        net.step(train.x[10 * i : 10 * i + 10], train.u_star[10 * i : 10 * i + 10])
    net.synapses.predict_next_area(net.mixing)
    still = ContinuousKnobs(eta_W=(0,) * 3, eta_P=(0,) * 2, eta_Q=(0,) * 2, eta_B=(0,) * 2)
    time = ContinuousCircuit(
        net.sizes, still, Conductances.without_leak(0.42, 0.42, 0.1), synapses=net.synapses, dtype=F64
    )
    x, u_star = train.x[:1], train.u_star[:1]
    fused = FusedEuler(time, time.rest(1), dt=0.1)
    fused.refresh(x, None)
    record = fused.run(1500, every=10)
    assert record.u[3].shape == (150, 10)
    assert largest(torch.sigmoid(record.u[3][-1]) - net.predict(x)[0]) < 1e-10
    assert largest(time.compartments(record).vA[1][-1]) < 1e-10
    fused.refresh(x, u_star)
    taught = time.compartments(fused.run(1500, every=10)).vA[2][-1]
    state = time.rest(1)
    time.settle(state, x, u_star, 12)
    assert largest(taught - time.compartments(state).vA[2][0]) < 1e-10
    two = net.probe(x, u_star).vA[2][0]  # one sweep instead of the fixed point
    assert float((taught - two).norm() / two.norm()) < 0.05


def test_that_a_biased_circuit_learns_its_bias_in_time():
    net = two_step((5, 4, 3), h=(0.1, 0.1))
    knobs = ContinuousKnobs(eta_W=(0.1, 0.1), eta_P=(0.1,), plastic=frozenset("WP"))
    time = ContinuousCircuit((5, 4, 3), knobs, synapses=net.synapses, dtype=F64)
    state = time.rest(2)
    x, u_star = torch.zeros(2, 5, dtype=F64), torch.ones(2, 3, dtype=F64)
    time.settle(state, x, u_star)
    before = net.state()
    time.learn(state, 10.0)
    change = net.synapses.W[1] - before["W.1"]
    assert not change[:, :-1].any() and change[:, -1].any()
    assert (net.synapses.P[1] - before["P.1"])[:, -1].any()
    with pytest.raises(ValueError, match="shared synapses"):
        ContinuousCircuit((5, 5, 3), knobs, synapses=net.synapses)


@pytest.mark.parametrize("dt", [0.4, 0.1, 0.02])
def test_that_noise_is_white_its_strength_independent_of_the_step(dt):
    sigma, leak = 0.3, 1.9
    circuit = ContinuousCircuit((1, 4000, 1), ContinuousKnobs(sigma=sigma), dtype=F64)
    g = seeded()
    state = circuit.rest(1)
    fused = FusedEuler(circuit, state, dt)
    for _ in range(round(3.0 / dt)):
        circuit.euler_step(state, state.r0, None, dt, g, plastic=False)
    # stationary variance of this Euler-Maruyama chain; sigma^2 / (2 leak) for dt -> 0
    expected = sigma**2 / (2 * leak - leak**2 * dt)
    assert float(state.u[1].var()) == pytest.approx(expected, rel=0.1)
    small = ContinuousCircuit((1, 300, 1), ContinuousKnobs(sigma=sigma), dtype=F64)
    fused = FusedEuler(small, small.rest(1), dt)
    fused.refresh(torch.zeros(1, 1), None)
    fused.run(round(3.0 / dt), generator=g)
    samples = fused.run(round(12 / dt), every=max(1, round(1.0 / dt)), generator=g).u[1]
    assert float(samples.var()) == pytest.approx(expected, rel=0.1)
    with pytest.raises(ValueError, match=r"sigma = 0\.3"):
        circuit.euler_step(state, state.r0, None, dt)
    with pytest.raises(ValueError, match=r"sigma = 0\.3"):
        fused.run(1)


def test_that_an_unstable_step_is_refused_with_the_limit():
    circuit = continuous()
    state, (x, _) = circuit.rest(1), pair(1)
    for dt in (0.0, -0.1, 1.06):
        with pytest.raises(ValueError, match=r"1\.05 ms"):
            circuit.euler_step(state, x, None, dt)
    with pytest.raises(ValueError, match=r"1\.05 ms"):
        FusedEuler(circuit, state, 1.06).refresh(x, None)
    circuit.euler_step(state, x, None, 1.04)


def test_that_a_circuit_in_time_is_saved_and_resumed_bit_for_bit():
    circuit, g = continuous(sigma=0.05), seeded(2)
    x, u_star = pair(2)
    state = circuit.rest(2)
    circuit.present(state, x, u_star, 5.0, generator=g)
    saved, random = circuit.state() | state.state(), g.get_state()
    circuit.present(state, x, u_star, 5.0, generator=g)
    other = continuous(seed=8, sigma=0.05)
    again = other.rest(2)
    other.load(saved)
    again.load(saved)
    g.set_state(random)
    other.present(again, x, u_star, 5.0, generator=g)
    assert all(torch.equal(m, other.state()[name]) for name, m in circuit.state().items())
    assert all(torch.equal(m, again.named()[name]) for name, m in state.named().items())


def test_that_wrong_knobs_are_refused_and_change_nothing():
    circuit = continuous()
    knobs = circuit.knobs
    for wrong, words in (
        ({"eta_W": (0.1,)}, "2 rates"),
        ({"eta_Q": (-0.1,)}, "eta_Q"),
        ({"silenced": 2.0}, r"2\.0"),
        ({"sigma": -1.0}, "sigma"),
        ({"plastic": frozenset("Z")}, "Z"),
    ):
        with pytest.raises(ValueError, match=words):
            circuit.change(replace(knobs, **wrong))
        assert circuit.knobs is knobs
