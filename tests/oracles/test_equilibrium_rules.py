"""Energy, fixed points, signs, locality and learning of equilibrium propagation. Tolerances: section 7 of the page."""

from __future__ import annotations

import pytest
import torch

from engine.models.equilibrium import Network, cost, largest
from engine.models.equilibrium_learning import LearningKnobs, Phases
from engine.models.equilibrium_side import exact_gradient
from engine.models.equilibrium_solvers import Nudge, Relaxation, settle, to_rest
from tests.oracles.equilibrium_cases import (
    E1,
    E2,
    E3,
    F64,
    accuracy,
    all_of,
    converged,
    digits,
    learner,
    network,
    pictures,
    random_batch,
    relative,
    seeded,
    train,
    trained,
)


def prepared(net, x, y, **knobs):
    """A learner with both phases done on this batch."""
    teacher, p = learner(net, **knobs), Phases(net, len(x))
    teacher.begin(p, x, y)
    teacher.free_phase(p)
    teacher.nudged_phase(p)
    return teacher, p


@pytest.mark.parametrize("rho", ["clipped", "smooth", "tanh"])
def test_that_the_force_is_minus_the_slope_of_the_total_energy(rho):
    net = network((12, 9, 8, 7, 5), rho)
    x, y = random_batch(net.sizes)
    g = seeded(2)
    s = [x, *(torch.rand(len(x), n, generator=g, dtype=F64).requires_grad_() for n in net.sizes[1:])]
    for beta in (0.0, 0.3, -0.4):
        slopes = torch.autograd.grad(net.total_energy(s, beta, y).sum(), s[1:])
        for force, slope in zip(net.force(s, beta, y)[1:], slopes, strict=True):
            assert torch.allclose(force, -slope, atol=1e-13)


def test_that_the_cost_carries_the_half_of_the_paper():
    assert float(cost(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]))[0]) == 1.0


@pytest.mark.parametrize("rho", ["smooth", "tanh"])
def test_that_slope_and_curvature_are_the_derivatives_of_the_neuron(rho):
    f = network(E1, rho).rho
    s = torch.linspace(-1.5, 1.5, 31, dtype=F64).requires_grad_()
    (first,) = torch.autograd.grad(f(s).sum(), s, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), s)
    assert torch.allclose(first, f.slope(s)) and torch.allclose(second, f.curvature(s))


@pytest.mark.parametrize(("solver", "epsilon"), [("exact", 0.5), ("euler", 0.1), ("euler", 0.5), ("euler", 1.0)])
@pytest.mark.parametrize("sign", [0.0, 1.0, -1.0])
def test_that_no_sweep_raises_the_energy(solver, epsilon, sign):
    net = trained(E1, 300)
    x, y = pictures(64)
    s, relaxation = net.zeros(x), Relaxation(net)
    base = net.input_drive(x)
    beta = 0.25 * sign
    nudge = Nudge.of(y, torch.full((64, 1), beta, dtype=F64)) if sign else None
    before = net.total_energy(s, beta, y)
    for _ in range(30):
        relaxation.sweep(s, base, solver, epsilon, nudge)
        after = net.total_energy(s, beta, y)
        assert float((after - before).max()) < 1e-13
        before = after


def test_that_euler_steps_that_are_too_large_raise_the_energy():
    net = trained(E1, 300)
    x, _ = pictures(64)
    s, relaxation, rises = net.zeros(x), Relaxation(net), []
    before = net.energy(s)
    for _ in range(30):
        relaxation.sweep(s, net.input_drive(x), "euler", 1.5)
        after = net.energy(s)
        rises.append(float((after - before).max()))
        before = after
    assert max(rises) > 0.1


@pytest.mark.parametrize(("sizes", "updates"), [(E1, 60), (E2, 0)])
def test_that_the_fixed_point_does_not_depend_on_the_solver(sizes, updates):
    net = trained(sizes, updates)
    x, _ = pictures(64)
    blocks, steps = settle(net, x, 500, "exact"), settle(net, x, 3000, "euler", 0.5)
    assert float((all_of(blocks) - all_of(steps)).abs().max()) < 1e-12
    assert largest(net.defect(blocks)) < 1e-12


def test_that_the_autograd_loop_and_the_analytic_steps_are_the_same_numbers():
    for rho in ("clipped", "smooth", "tanh"):
        net = network(E2, rho)
        x, y = random_batch(E2)
        nudge = Nudge.of(y, torch.full((len(x), 1), 0.3, dtype=F64))
        both = [settle(net, x, 12, solver, 0.4, nudge=nudge) for solver in ("autograd", "euler")]
        assert float((all_of(both[0]) - all_of(both[1])).abs().max()) < 1e-13


def test_that_a_block_goes_to_its_exact_minimum():
    net = trained(E1, 60)
    x, y = pictures(8)
    s = settle(net, x, 3)
    nudge = Nudge.of(y, torch.full((8, 1), 0.25, dtype=F64))
    after = settle(net, x, 1, start=s, nudge=nudge)  # the last block taken is layer 1
    lowest = net.total_energy(after, 0.25, y)
    g = seeded(4)
    for _ in range(20):
        other = (after[1] + 0.02 * torch.randn(after[1].shape, generator=g, dtype=F64)).clamp(0, 1)
        assert bool((net.total_energy([x, other, after[2]], 0.25, y) >= lowest).all())


@pytest.mark.parametrize("nudging", ["centred", "positive", "random_sign"])
@pytest.mark.parametrize("sizes", [E1, E2, E3])
def test_that_nothing_is_learnt_when_the_output_already_is_the_target(nudging, sizes):
    net = network(sizes)
    x, _ = random_batch(sizes)
    s = settle(net, x, 800)
    teacher, p = prepared(net, x, s[-1], nudging=nudging, free_sweeps=800, nudged_sweeps=50)
    W, b = teacher.direction(p)
    assert max(float(d.abs().max()) for d in (*W.values(), *b.values())) < 1e-12


def test_that_a_second_phase_without_a_nudge_teaches_nothing():
    net = network(E2)
    x, _ = random_batch(E2)
    s = settle(net, x, 500)
    again = settle(net, x, 50, start=s)
    for k in range(net.L):
        change = again[k].t() @ again[k + 1] - s[k].t() @ s[k + 1]
        assert float(change.abs().max()) < 1e-12


def test_that_swapping_the_sign_of_the_centred_nudge_changes_nothing():
    net = trained(E2, 40)
    x, y = pictures(16)
    teacher, p = prepared(net, x, y)
    W, b = teacher.direction(p)
    for v in (*p.s[1:], p.weight):
        v.copy_(torch.cat([v[16:], v[:16]]))  # plus below, minus above
    W_swapped, b_swapped = teacher.direction(p)
    for k in range(net.L):
        assert torch.allclose(W[k], W_swapped[k], rtol=0, atol=1e-15)
        assert torch.allclose(b[k + 1], b_swapped[k + 1], rtol=0, atol=1e-15)


def test_that_both_phases_in_one_batch_equal_one_after_the_other():
    net = trained(E2, 40)
    x, y = pictures(16)
    teacher, p = prepared(net, x, y)
    rest = settle(net, x, 15)
    for sign, rows in ((1.0, slice(0, 16)), (-1.0, slice(16, 32))):
        nudge = Nudge.of(y, torch.full((16, 1), 0.25 * sign, dtype=F64))
        alone = settle(net, x, 6, start=rest, nudge=nudge)
        for together, single in zip(p.s[1:], alone[1:], strict=True):
            assert torch.allclose(together[rows], single, rtol=0, atol=1e-14)
    W, b = teacher.direction(p)
    plus, minus = ([v[rows] for v in p.s] for rows in (slice(0, 16), slice(16, 32)))
    for k in range(net.L):
        by_the_page = (plus[k].t() @ plus[k + 1] - minus[k].t() @ minus[k + 1]) / (2 * 0.25 * 16)
        assert torch.allclose(W[k], by_the_page, atol=1e-13)
        assert torch.allclose(b[k + 1], (plus[k + 1] - minus[k + 1]).mean(0) / 0.5, atol=1e-13)
        assert min(float(d.abs().max()) for d in (W[k], b[k + 1])) > 1e-3  # zeros would agree, too


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_that_a_one_sided_update_is_the_rule_of_the_paper_with_either_sign(sign):
    net = trained(E1, 40)
    x, y = pictures(16)
    teacher, p = learner(net, nudging="random_sign"), Phases(net, 16)
    teacher.begin(p, x, y)
    teacher.free_phase(p)
    teacher.nudged_phase(p, sign)
    W, _ = teacher.direction(p)
    rest = settle(net, x, 10)
    nudged = settle(net, x, 4, start=rest, nudge=Nudge.of(y, torch.full((16, 1), 0.25 * sign, dtype=F64)))
    for k in range(net.L):
        rule = (nudged[k].t() @ nudged[k + 1] - rest[k].t() @ rest[k + 1]) / (sign * 0.25 * 16)
        assert torch.allclose(W[k], rule, atol=1e-13)


def test_that_the_update_of_a_weight_depends_on_its_two_layers_alone():
    net = trained(E3, 20).copy(F64)
    x, y = pictures(16)
    W, _ = converged(net, x, y, 0.25, sweeps=60)
    order = torch.randperm(128, generator=seeded(6))
    other = net.copy(F64)
    other.W[2].copy_(net.W[2][:, order])  # the neurons of layer 3, in another order
    other.W[3].copy_(net.W[3][order])
    other.b[3].copy_(net.b[3][order])
    W_other, _ = converged(other, x, y, 0.25, sweeps=60)
    for k in (0, 1):
        assert float((W[k] - W_other[k]).abs().max()) < 1e-12
    assert float((W[2][:, order] - W_other[2]).abs().max()) < 1e-12
    assert float((W[2] - W_other[2]).abs().max()) > 1e-6


def test_that_few_sweeps_of_nudge_and_side_network_say_the_same_in_the_limit():
    """Output block first in both: after K sweeps the small nudge is K sweeps of the side network, in all layers."""
    net = trained(E2, 40)
    x, y = pictures(16)
    for sweeps in (2, 3, 6):
        knobs = {"free_sweeps": 500, "nudged_sweeps": sweeps}
        nudged, p = prepared(net, x, y, beta=1e-6, **knobs)
        side, q = prepared(net, x, y, trainer="rbp", **knobs)
        for k in range(net.L):
            # the estimate compares products of moved states; the side network is linear in the movement
            assert relative(nudged.direction(p)[0][k], side.direction(q)[0][k]) < 1e-5


def test_that_the_error_needs_sweeps_to_reach_the_first_layer():
    for sizes in (E1, E2, E3):
        net = network(sizes)
        x, y = random_batch(sizes)
        for solver in ("exact", "euler"):
            needed = Relaxation(net).arrival(solver)
            for sweeps in (needed - 1, needed):
                if sweeps < 1:
                    continue
                teacher, p = prepared(
                    net, x, y, solver=solver, nudged_sweeps=sweeps, free_sweeps=600, beta=0.25, nudging="centred"
                )
                first = float(teacher.direction(p)[0][0].abs().max())
                assert (first > 1e-6) == (sweeps >= needed), (sizes, solver, sweeps, first)


def test_that_a_large_centred_nudge_is_biased_and_a_small_one_is_not():
    net = trained(E1, 200)
    x, y = pictures(32)
    gradient = exact_gradient(net, to_rest(net, x), y, 300)

    def cosine(beta, nudging):
        W, _ = converged(net, x, y, beta, nudging, sweeps=200)
        found, wanted = (torch.cat([w.flatten() for w in v.values()]) for v in (W, gradient.W))
        return float(-(found @ wanted) / found.norm() / wanted.norm())

    assert cosine(0.02, "centred") > 0.99
    assert cosine(0.02, "centred") > cosine(0.2, "centred") > cosine(0.9, "centred")


def test_that_digits_are_learnt_by_nudges_alone():
    net = network(E1, dtype=torch.float32)
    teacher = learner(net)
    train(teacher, 300)
    assert accuracy(net) >= 90.0
    train(teacher, 700, seed=2)
    assert accuracy(net) >= 96.0


def test_that_weights_twice_as_large_leave_the_network_stuck():
    net = network(E1, gain=1.0, seed=1, dtype=torch.float32)
    train(learner(net), 500)
    assert accuracy(net) <= 20.0


@pytest.mark.parametrize("solver", ["euler", "autograd"])
def test_that_the_other_solvers_learn_as_well(solver):
    net = network(E1, dtype=torch.float32)
    train(learner(net, solver=solver, free_sweeps=12, nudged_sweeps=6), 100)
    assert accuracy(net) >= 80.0


def test_that_exact_gradients_lose_classes_which_finite_nudges_keep():
    x, labels = digits("train", torch.float32)
    lost, recognised = {}, {}
    for trainer in ("rbp", "ep"):
        net = network(E1, dtype=torch.float32)
        train(learner(net, trainer=trainer), 400)
        own = settle(net, x, 10)[-1].gather(1, labels.unsqueeze(1)).squeeze(1) > 0
        lost[trainer] = [c for c in range(10) if float(own[labels == c].double().mean()) < 0.05]
        recognised[trainer] = accuracy(net)
    assert lost["rbp"] and not lost["ep"]
    assert recognised["ep"] > recognised["rbp"] + 5.0


def test_that_impossible_knobs_are_refused_with_their_numbers():
    net = Network(E1)
    with pytest.raises(ValueError, match="3 rates alpha for 2"):
        learner(net, alpha=(0.1, 0.1, 0.1))
    with pytest.raises(ValueError, match=r"beta = 1.0"):
        LearningKnobs(alpha=(0.1,), beta=1.0, nudging="centred")
    with pytest.raises(ValueError, match=r"beta = -0.1"):
        LearningKnobs(alpha=(0.1,), beta=-0.1)
    with pytest.raises(ValueError, match="asymmetric"):
        bad = Network(E1)
        bad.set_asymmetry(0.1, seeded())
        bad.load(Network(E1).state())
