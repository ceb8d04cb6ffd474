"""The theorem of equilibrium propagation, step by step in float64, by every road there is. Tolerances: section 7."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.func import jacrev, vjp

from engine.models.equilibrium import Network, cost
from engine.models.equilibrium_side import SideNetwork, exact_gradient
from engine.models.equilibrium_solvers import settle, to_rest
from engine.models.equilibrium_theorem import (
    correlation,
    finite_runs,
    forward_mode_run,
    nudged_run,
    side_run,
    total_gap,
    unit_gaps,
    weight_entries,
    weight_gradient,
    worst_gap,
)
from tests.oracles.equilibrium_cases import (
    E1,
    E2,
    F64,
    converged,
    network,
    pictures,
    random_batch,
    relative,
    seeded,
    trained,
)

SMALL = (64, 32, 16, 10)
NEURONS = ("smooth", "tanh", "clipped")


@pytest.fixture(scope="module", params=NEURONS)
def at_rest(request):
    """A network, its rest to 1e-14, and a target."""
    net = network(SMALL, request.param)
    x, y = random_batch(SMALL)
    s = to_rest(net, x)
    assert max(float(d.max()) for d in net.defect(s)[1:]) < 1e-13
    return net, s, y


def test_that_the_exact_derivative_equals_the_side_network_at_every_step(at_rest):
    net, s, y = at_rest
    side, exact = side_run(net, s, y, 0.1, 60), nudged_run(net, s, y, 0.1, 60, "exact", 0.0)
    assert total_gap(exact, side) < 1e-12
    assert worst_gap(exact, side) < 1e-10
    differentiated = forward_mode_run(net, s, y, 0.1, 60)
    assert total_gap(differentiated, exact) < 1e-12 and worst_gap(differentiated, side) < 1e-10
    for by_hand, automatic in zip(exact.V, differentiated.V, strict=True):
        assert torch.allclose(by_hand, automatic, rtol=0, atol=1e-12)
    assert correlation(exact, side) > 1.0 - 1e-12
    for layer in exact.S:
        assert float(layer[-1].norm()) > 1e-6  # the error has arrived everywhere: zeros would agree, too


def test_that_the_side_network_is_back_propagation_through_the_unrolled_free_steps(at_rest):
    net, s, y = at_rest
    side = side_run(net, s, y, 0.1, 40)
    for steps in (1, 7, 39):

        def projected_cost(*start, steps=steps):
            state = [s[0], *start]
            for _ in range(steps):
                state = net.euler_step(state, 0.1)
            return cost(state[-1], y).sum()

        _, back = vjp(projected_cost, *s[1:])
        for S, gradient in zip(side.S, back(torch.ones((), dtype=F64)), strict=True):
            wanted = gradient if not net.rho.is_clipped else gradient * (S[steps] != 0.0)
            assert float((S[steps] - wanted).norm()) < 1e-12 * max(1.0, float(wanted.norm()))


def test_that_finite_nudges_approach_the_theorem_with_slopes_one_and_two():
    net = network(SMALL, "smooth")
    x, y = random_batch(SMALL)
    s = to_rest(net, x)
    side = side_run(net, s, y, 0.1, 60)
    betas = (1e-1, 1e-2, 1e-3, 1e-4)
    one = [total_gap(r, side) for r in finite_runs(net, s, y, 0.1, 60, betas, centred=False)]
    both = [total_gap(r, side) for r in finite_runs(net, s, y, 0.1, 60, betas, centred=True)]
    for coarse, fine in pairwise(one[1:]):
        assert 9 < coarse / fine < 11
    for coarse, fine in pairwise(both[1:]):
        assert 80 < coarse / fine < 120
    assert one[3] < 1e-3 and both[3] < 1e-7


def test_that_betas_side_by_side_in_one_batch_equal_one_after_the_other(at_rest):
    net, s, y = at_rest
    for centred in (False, True):
        together = finite_runs(net, s, y, 0.2, 20, (1e-2, 1e-3), centred)
        road = "centred" if centred else "one_sided"
        for beta, run in zip((1e-2, 1e-3), together, strict=True):
            assert total_gap(run, nudged_run(net, s, y, 0.2, 20, road, beta)) < 1e-9


@pytest.mark.parametrize("rho", NEURONS)
def test_that_running_weight_gradients_agree_after_the_same_number_of_steps(rho):
    net = network(SMALL, rho)
    x, y = random_batch(SMALL)
    s = to_rest(net, x)
    side, nudged = side_run(net, s, y, 0.1, 400), nudged_run(net, s, y, 0.1, 400, "centred", 1e-4)
    exact = nudged_run(net, s, y, 0.1, 400, "exact", 0.0)
    for k in range(net.L):
        for n in (20, 100, 399):
            wanted = weight_gradient(net, s, side, k, n)
            assert relative(weight_gradient(net, s, nudged, k, n), wanted) < 1e-5
            assert relative(weight_gradient(net, s, exact, k, n), wanted) < 1e-10
        off_by_one = relative(weight_gradient(net, s, nudged, k, 21), weight_gradient(net, s, side, k, 20))
        assert off_by_one > 1e-3  # the comparison can tell neighbouring steps apart


def test_that_single_weights_are_entries_of_the_whole_gradient(at_rest):
    net, s, y = at_rest
    for run in (side_run(net, s, y, 0.1, 30), nudged_run(net, s, y, 0.1, 30, "centred", 1e-3)):
        for k in range(net.L):
            rows, columns = torch.tensor([0, 3, 7]), torch.tensor([1, 0, 5])
            entries = weight_entries(net, s, run, k, rows, columns)
            for n in (0, 5, 29):
                whole = weight_gradient(net, s, run, k, n)[rows, columns]
                assert torch.allclose(entries[n], whole, rtol=1e-9, atol=1e-12)


def test_that_the_clipped_network_keeps_to_the_theorem_on_its_active_neurons():
    net = trained(E1, 60)
    x, y = pictures(16)
    s = to_rest(net, x)
    side = side_run(net, s, y, 0.3, 80)
    one, both = (nudged_run(net, s, y, 0.3, 80, road, 1e-4) for road in ("one_sided", "centred"))
    assert total_gap(one, side) < 1e-3
    assert total_gap(both, side) < 1e-3
    exact = nudged_run(net, s, y, 0.3, 80, "exact", 0.0)
    assert total_gap(exact, side) < 1e-10
    is_off_the_walls = [float(((p > 1e-2) & (p < 0.99)).double().mean()) for p in s[1:]]
    assert max(is_off_the_walls) > 0.1


def test_that_without_the_mask_saturated_outputs_spoil_the_comparison():
    net = trained(E1, 60)
    x, y = pictures(16)
    s = to_rest(net, x)
    exact = nudged_run(net, s, y, 0.3, 80, "exact", 0.0)
    unmasked = SideNetwork(net, s)
    unmasked.m = [torch.ones_like(m) for m in unmasked.m]
    v, terms = unmasked.error(y), []
    for _ in range(80):
        terms.append(v[-1])
        v = unmasked.step(v, 0.3)
    assert relative(torch.stack(terms), exact.S[-1]) > 0.3


def test_that_the_gap_grows_in_proportion_to_the_asymmetry_of_the_weights():
    gaps = {}
    for a in (0.01, 0.03, 0.1, 0.3, 1.0):
        net = trained(E1, 60).copy(F64)
        net.set_asymmetry(a, seeded(3))
        x, y = pictures(16)
        s = to_rest(net, x)
        gaps[a] = total_gap(nudged_run(net, s, y, 0.3, 80, "exact", 0.0), side_run(net, s, y, 0.3, 80))
    assert gaps[0.03] / gaps[0.01] == pytest.approx(3, rel=0.1)
    assert gaps[0.1] / gaps[0.01] == pytest.approx(10, rel=0.1)
    assert 0.2 < gaps[0.01] / 0.01 < 0.8 and gaps[1.0] > 0.2


def test_that_the_adjoint_of_asymmetric_weights_is_that_of_automatic_differentiation():
    net = network(SMALL, "smooth")
    net.set_asymmetry(0.5, seeded(3))
    x, _ = random_batch(SMALL, 1)
    s = to_rest(net, x)
    side = SideNetwork(net, s)
    g = seeded(8)
    error = [x, *(torch.randn(v.shape, generator=g, dtype=F64) for v in s[1:])]

    def force(flat):
        parts = flat.split(SMALL[1:])
        return torch.cat([f[0] for f in net.force([x, *(p.unsqueeze(0) for p in parts)])[1:]])

    flat = torch.cat([v[0] for v in s[1:]])
    jacobian = jacrev(force)(flat)
    wanted = jacobian.t() @ torch.cat([e[0] for e in error[1:]])
    assert torch.allclose(torch.cat([f[0] for f in side.flow(error)[1:]]), wanted, atol=1e-13)
    assert float((jacobian - jacobian.t()).abs().max()) > 1e-3


def test_that_the_converged_nudge_is_the_gradient_of_the_side_network():
    net = trained(E2, 40)
    x, y = pictures(16)
    s = settle(net, x, 500)
    gradient = exact_gradient(net, s, y, 300)
    direction, biases = converged(net, x, y, 1e-5)
    for k in range(net.L):
        assert relative(-direction[k], gradient.W[k]) < 1e-6
        assert relative(-biases[k + 1], gradient.b[k + 1]) < 1e-6


def test_that_single_weights_agree_with_finite_differences_of_the_objective():
    net = trained(E2, 40).copy(F64)
    x, y = pictures(16)
    gradient = exact_gradient(net, settle(net, x, 500), y, 300)

    def objective() -> float:
        return float(cost(settle(net, x, 500)[-1], y).mean())

    for k, i, j in ((0, 20, 3), (0, 36, 60), (1, 5, 9), (1, 77, 12), (2, 40, 3), (2, 9, 7)):
        h, kept = 1e-5, float(net.W[k][i, j])
        net.W[k][i, j] = kept + h
        above = objective()
        net.W[k][i, j] = kept - h
        below = objective()
        net.W[k][i, j] = kept
        assert (above - below) / (2 * h) == pytest.approx(float(gradient.W[k][i, j]), abs=1e-8)


def test_that_a_quadratic_energy_has_the_closed_form_of_a_matrix_exponential():
    """H constant: S_t = expm(-H t) c, Euler is of first order, and the sum of all moments is H^-1 c."""
    sizes = (4, 6, 5, 3)
    net = network(sizes, gain=0.3)
    net.rho = _Linear()
    x, y = random_batch(sizes, 1)
    s = to_rest(net, x, 1e-15)
    blocks = sizes[1:]
    H = torch.eye(sum(blocks), dtype=F64)
    at = np.cumsum((0, *blocks))
    for k in (1, 2):
        H[at[k - 1] : at[k], at[k] : at[k + 1]] = -net.W[k]
        H[at[k] : at[k + 1], at[k - 1] : at[k]] = -net.W[k].t()
    c = torch.cat([v[0] for v in SideNetwork(net, s).error(y)[1:]])
    errors = []
    for epsilon in (0.01, 0.001):
        steps = round(1.0 / epsilon) + 1
        run = side_run(net, s, y, epsilon, steps)
        last = torch.cat([S[-1, 0] for S in run.S])
        errors.append(relative(last, torch.linalg.matrix_exp(-H) @ c))
    assert errors[0] < 2e-2 and errors[0] / errors[1] == pytest.approx(10, rel=0.1)
    long = side_run(net, s, y, 0.3, 1200)
    total = torch.cat([V[-1, 0] for V in long.V])
    assert relative(total, torch.linalg.solve(H, c)) < 1e-12


class _Linear:
    """rho(s) = s without a box."""

    name, is_clipped = "linear", False

    def __call__(self, s):
        return s

    def slope(self, s):
        return torch.ones_like(s)

    def curvature(self, s):
        return torch.zeros_like(s)


def test_that_gaps_are_reported_where_they_are_and_not_where_nothing_moved():
    net = network(SMALL, "smooth")
    x, y = random_batch(SMALL)
    s = to_rest(net, x)
    side = side_run(net, s, y, 0.1, 5)
    gaps = unit_gaps(nudged_run(net, s, y, 0.1, 5, "centred", 1e-3), side)
    assert gaps.shape == (5, 3)
    assert bool(torch.isnan(gaps[0, 0])) and bool(torch.isnan(gaps[1, 0]))  # layer 1 hears of it after two steps
    assert not bool(torch.isnan(gaps[2:]).any())


def test_that_a_network_needs_a_hidden_layer():
    with pytest.raises(ValueError, match="at least input"):
        Network((4, 2))
