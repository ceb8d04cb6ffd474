"""What the three models learn by: the loss of section 2.6, and REINFORCE for the switch (section 2.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.pag_switch import latest, penalty
from engine.models.pag_teaching import Taught

REWARD_DECAY = 0.9
POLICY_WEIGHT = 0.1  # the code's 2e-4 and 2e-5 suit a character-level sum of hundreds of symbols
ENTROPY_WEIGHT = 0.01


@dataclass(slots=True)
class RewardBaseline:
    """Running mean of the reward and of its square (decay 0.9), for REINFORCE."""

    mean: float = 0.0
    square: float = 0.0
    count: int = 0

    def advantage(self, reward: Tensor) -> Tensor:
        """(reward - mean) / max(std, 1) [B], and the running mean moves on."""
        now, now_square = float(reward.mean()), float(reward.square().mean())
        decay = REWARD_DECAY if self.count else 0.0
        self.mean = decay * self.mean + (1.0 - decay) * now
        self.square = decay * self.square + (1.0 - decay) * now_square
        self.count += 1
        spread = math.sqrt(max(self.square - self.mean**2, 0.0))
        return (reward - self.mean) / max(spread, 1.0)


@dataclass(frozen=True, slots=True)
class Loss:
    """total: what is differentiated. nll: mean over the batch of the sum over steps, nats; replans: re-plans per step,
    a share; tau_inv: mean inverse temperature. All but total are detached.
    """

    total: Tensor
    nll: Tensor
    replans: Tensor | None
    tau_inv: Tensor | None


def nll_of(log_p: Tensor, target: Tensor, is_symbol: Tensor) -> Tensor:
    """-log p of each sequence [B]. log_p [T, B, V], target int64 [B, T], is_symbol bool [T, B]."""
    picked = log_p.gather(-1, target.t().unsqueeze(-1)).squeeze(-1)
    return torch.neg((picked * is_symbol).sum(0))


def loss_of(
    taught: Taught,
    target: Tensor,
    lengths: Tensor,
    *,
    lam: float,
    eta: float,
    is_learned: bool,
    rewards: RewardBaseline | None,
) -> Loss:
    """L = mean_b sum_t -log p(y_t) + lam L_com + eta sum_t g_t (the last is ours).

    target int64 [B, T] padded, lengths int64 [B]. is_learned: the switch decides (no price on a fixed policy).
    rewards: REINFORCE, with every example's own reward (the released code shares the batch's mean).
    """
    T = target.shape[1]
    is_symbol = torch.arange(T, device=target.device).unsqueeze(1) < lengths
    each = nll_of(taught.log_p, target, is_symbol)
    nll = each.mean()
    if taught.g is None or taught.is_new is None or taught.fresh is None:
        return Loss(nll, nll.detach(), None, None)
    total = nll
    mask = is_symbol.to(nll.dtype)
    steps = mask.sum(0)
    if lam > 0.0:
        soft = torch.softmax(latest(taught.fresh, taught.is_new) * _latest_tau(taught), -1)
        total = total + lam * ((penalty(soft) * mask).sum(0) / steps).mean()
    if eta > 0.0 and is_learned:
        total = total + eta * (taught.g * mask).sum(0).mean()
    if rewards is not None and is_learned and taught.logits is not None:
        total = total + _reinforce(taught, each.detach(), mask, rewards)
    replans = (taught.is_new & is_symbol).sum() / mask.sum()
    tau = taught.tau_inv if isinstance(taught.tau_inv, Tensor) else torch.tensor(taught.tau_inv)
    return Loss(total, nll.detach(), replans.detach(), tau.detach().mean())


def _latest_tau(taught: Taught) -> Tensor | float:
    if not isinstance(taught.tau_inv, Tensor) or taught.is_new is None:
        return taught.tau_inv
    return latest(taught.tau_inv, taught.is_new)


def _reinforce(taught: Taught, nll: Tensor, mask: Tensor, rewards: RewardBaseline) -> Tensor:
    """Policy gradient of the switch: -advantage * sum_t log p(g_t), less an entropy bonus."""
    assert taught.logits is not None and taught.is_new is not None
    log_soft = torch.log_softmax(taught.logits, -1)
    log_new = log_soft[..., 0]
    log_follow = torch.log1p(-log_new.exp().clamp(max=1.0 - 1e-6))
    is_free = mask * (log_new.detach() < -1e-6)  # a forced step is no decision
    chosen = torch.where(taught.is_new, log_new, log_follow)
    p = log_new.exp()
    entropy = -(p * log_new + (1.0 - p) * log_follow)
    policy = -(rewards.advantage(-nll) * (chosen * is_free).sum(0)).mean()
    return POLICY_WEIGHT * policy - ENTROPY_WEIGHT * (entropy * is_free).sum(0).mean()
