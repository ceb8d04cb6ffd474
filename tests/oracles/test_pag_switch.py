"""The commitment: its law, its gradient, its penalty (page, sections 2.5, 2.6 and 7)."""

from __future__ import annotations

import pytest
import torch

from engine.models.pag_learning import RewardBaseline, loss_of
from engine.models.pag_recurrence import SwitchKnobs
from engine.models.pag_switch import (
    NEVER,
    Commitment,
    carry_on,
    decide,
    follow_lengths,
    gumbel,
    latest,
    must_plan,
    one_hot,
    penalty,
    relax,
    shift,
    straight_through,
)
from engine.models.pag_teaching import teach
from tests.oracles.pag_cases import K, batch, network, noise

LOGITS = torch.tensor([0.4, -0.6, 1.1, 0.0, -1.5])
DRAWS = 200_000


def total_variation(p, q):
    return 0.5 * float((p - q).abs().sum())


@pytest.mark.parametrize("semantics", ["hazard", "countdown"])
def test_that_both_readings_follow_for_as_long_as_the_logits_say(semantics):
    lengths = follow_lengths(LOGITS, DRAWS, semantics, torch.Generator().manual_seed(0))
    found = torch.bincount(lengths, minlength=K).double() / DRAWS
    assert len(found) == K, "never more than k - 1 steps"
    assert total_variation(found, torch.softmax(LOGITS.double(), 0)) < 0.01


@pytest.mark.parametrize("tau_inv", [0.2, 1.0, 5.0])
def test_that_the_temperature_never_moves_the_decision(tau_inv):
    kicks = gumbel((DRAWS, K), torch.Generator().manual_seed(1))
    found = one_hot(relax(LOGITS, kicks, tau_inv)).double().mean(0)
    assert total_variation(found, torch.softmax(LOGITS.double(), 0)) < 0.01


def test_that_straight_through_is_hard_forward_and_soft_backward():
    logits = torch.randn(7, K, dtype=torch.float64, generator=torch.Generator().manual_seed(2), requires_grad=True)
    weights = torch.randn(7, K, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    soft = relax(logits, None, 1.7)
    (by_softmax,) = torch.autograd.grad((soft * weights).sum(), logits, retain_graph=True)
    hard = one_hot(soft.detach())
    through = straight_through(hard, soft)
    assert torch.equal(through, hard)
    (by_hand,) = torch.autograd.grad((through * weights).sum(), logits)
    assert float((by_softmax - by_hand).abs().max()) <= 1e-12 < float(by_hand.abs().max())


def test_that_the_switch_passes_the_gradient_of_slot_zero():
    logits = torch.tensor([[0.2, -0.4, 0.9]], dtype=torch.float64, requires_grad=True)
    decision = decide(Commitment(logits, torch.zeros(1, 3)), None, 2.0, "ST-Gumbel", "hazard")
    assert float(decision.g.detach()) == 0.0
    (found,) = torch.autograd.grad(decision.g.sum(), logits)
    soft = torch.softmax(2.0 * logits.detach(), -1)[0]
    wanted = 2.0 * soft[0] * (torch.eye(3, dtype=torch.float64)[0] - soft)
    assert torch.allclose(found[0], wanted, atol=1e-12)


def test_that_the_penalty_of_a_one_hot_is_one_less_one_kth_and_of_a_uniform_commitment_nothing():
    assert float(penalty(torch.eye(10)[3])) == pytest.approx(0.9, abs=1e-6)
    assert float(penalty(torch.full((10,), 0.1))) == pytest.approx(0.0, abs=1e-6)


def test_that_the_first_step_can_only_plan_and_a_used_up_plan_must_be_renewed():
    start = must_plan(torch.zeros(1), 3, K)
    kicks = gumbel((3, K), torch.Generator().manual_seed(4))
    for semantics in ("hazard", "countdown"):
        assert bool(decide(start, kicks, 1.0, "ST-Gumbel", semantics).is_new.all())
    carried = Commitment(torch.full((3, K), -3.0), torch.zeros(3, K))
    followed = torch.zeros(3, dtype=torch.bool)
    for _ in range(K - 1):
        carried = carry_on(carried, torch.zeros(3, K), followed, kicks, 1.0, "ST-Gumbel", "hazard")
    assert bool((carried.logits[:, 1:] == NEVER).all())
    assert bool(decide(carried, kicks, 1.0, "ST-Gumbel", "hazard").is_new.all())


def test_that_a_countdown_follows_exactly_as_drawn():
    fresh = torch.full((1, K), -20.0)
    fresh[0, 3] = 20.0
    carried = carry_on(must_plan(torch.zeros(1), 1, K), fresh, torch.ones(1, dtype=torch.bool), None, 1.0, "ST",
                       "countdown")  # fmt: skip
    news = []
    for _ in range(4):
        decision = decide(carried, None, 1.0, "ST", "countdown")
        news.append(bool(decision.is_new))
        carried = carry_on(carried, fresh, decision.is_new, None, 1.0, "ST", "countdown")
    assert news == [False, False, False, True]


def test_that_the_latest_re_plan_is_found():
    values = torch.arange(5.0).view(5, 1, 1).expand(5, 2, 3)
    is_new = torch.tensor([[1, 1], [0, 0], [1, 0], [0, 0], [0, 1]], dtype=torch.bool)
    assert latest(values, is_new)[..., 0].t().tolist() == [[0, 0, 2, 2, 2], [0, 0, 0, 0, 4]]


def test_that_shifting_drops_now_and_lets_in_from_the_right():
    assert shift(torch.tensor([[1.0, 2.0, 3.0]]), -9.0).tolist() == [[2.0, 3.0, -9.0]]
    assert shift(torch.tensor([[1.0]]), 0.0).tolist() == [[0.0]]


@pytest.mark.parametrize("estimator", ["ST-Gumbel", "ST", "soft", "REINFORCE"])
@pytest.mark.parametrize("semantics", ["hazard", "countdown"])
def test_that_the_commitment_learns_under_every_estimator(estimator, semantics):
    net = network("pag")
    source, lengths, target = batch(T=10)
    taught = teach(net, net.read(source, lengths), target, SwitchKnobs(estimator, semantics), noise=noise(10, 4))
    rewards = RewardBaseline() if estimator == "REINFORCE" else None
    loss = loss_of(taught, target, torch.full((4,), 10), lam=0.0, eta=0.0, is_learned=True, rewards=rewards)
    loss.total.backward()
    moved = net.planner.Wcm.weight.grad
    assert moved is not None and float(moved.abs().sum()) > 0.0
    assert torch.isfinite(moved).all()


def test_that_reinforce_pushes_towards_what_was_rewarded():
    """A sequence better than the mean makes its own decisions likelier: the loss falls with their log probability."""
    rewards = RewardBaseline(mean=-5.0, square=26.0, count=3)
    before = rewards.mean
    advantage = rewards.advantage(torch.tensor([-2.0, -8.0]))
    assert float(advantage[0]) > 0.0 > float(advantage[1])
    assert rewards.mean == pytest.approx(0.9 * before + 0.1 * -5.0)


def test_that_price_and_pull_act_in_the_direction_they_are_named_for():
    net = network("pag")
    source, lengths, target = batch(T=10)
    counts = torch.full((4,), 10)

    def gradient(lam, eta):
        net.zero_grad()
        taught = teach(net, net.read(source, lengths), target, SwitchKnobs(), noise=noise(10, 4))
        plain = loss_of(taught, target, counts, lam=0.0, eta=0.0, is_learned=True, rewards=None).total
        (loss_of(taught, target, counts, lam=lam, eta=eta, is_learned=True, rewards=None).total - plain).backward()
        return net.planner.Wcm.bias.grad.clone()

    assert float(gradient(0.0, 1.0)[0]) > 0.0, "a price lowers the first logit"
    with torch.no_grad():
        net.planner.Wcm.bias[2] = 3.0
    pull = gradient(1.0, 0.0)
    assert float(pull[2]) > 0.0 > float(pull[0]), "the pull lowers what is large"
