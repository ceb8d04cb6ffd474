"""The commitment of Plan, Attend, Generate: when to follow the plan and when to make a new one (page, section 2.5).

B batch, k slots. Slot d of a commitment says: follow for d steps, then plan anew. `hazard` (the released code) draws
again at every step from the shifted logits, `countdown` (the text) draws once and shifts the draw; both give the same
distribution of follow lengths, softmax(l).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

Semantics = Literal["hazard", "countdown"]
Estimator = Literal["ST-Gumbel", "ST", "soft", "REINFORCE"]

# What a shift lets in from the right. The code has -10; with -1e4 the mass there is exactly 0, so the law of the follow
# lengths is exactly softmax(l), and after k - 1 follows slot 0 is the only one left: the plan is used up, re-plan.
NEVER = -1e4
TINY = 1e-20  # keeps log(-log(u)) finite at u = 0 and u = 1


class Commitment(NamedTuple):
    """What is carried from step to step. logits [B, k] l; down [B, k]: the one-hot that is counted down (countdown
    only; straight-through while training).
    """

    logits: Tensor
    down: Tensor


class Decision(NamedTuple):
    """g [B]: what mixes old and new plan (0 or 1 forward, or soft); is_new bool [B]: re-plan; p [B]: probability of
    it (slot 0 after softmax, temperature 1, without noise); relaxed [B]: what the gradient passes through.
    """

    g: Tensor
    is_new: Tensor
    relaxed: Tensor


def shift(x: Tensor, fill: float) -> Tensor:
    """Every slot (last axis) moves one towards now: x[..., 1:], then `fill`."""
    if x.shape[-1] == 1:
        return torch.full_like(x, fill)
    return torch.nn.functional.pad(x[..., 1:], (0, 1), value=fill)


def must_plan(like: Tensor, batch: int, k: int) -> Commitment:
    """The commitment before the first step: slot 0 alone is possible, so g_1 = 1."""
    logits = like.new_full((batch, k), NEVER)
    logits[:, 0] = 0.0
    down = torch.zeros_like(logits)
    down[:, 0] = 1.0
    return Commitment(logits, down)


def gumbel(shape: tuple[int, ...], generator: torch.Generator, device: torch.device | str = "cpu") -> Tensor:
    """Standard Gumbel noise: argmax(l + noise) falls on slot d with probability softmax(l)[d]."""
    u = torch.rand(shape, generator=generator, device=device)
    return -torch.log((-torch.log(u.clamp_(TINY))).clamp_(TINY))


def relax(logits: Tensor, noise: Tensor | None, tau_inv: Tensor | float) -> Tensor:
    """soft = softmax((l + noise) * tau_inv) [.., k]."""
    return torch.softmax((logits if noise is None else logits + noise) * tau_inv, -1)


def one_hot(soft: Tensor) -> Tensor:
    """hard [.., k]: 1 at the largest entry (the first of equals)."""
    return torch.zeros_like(soft).scatter_(-1, soft.argmax(-1, keepdim=True), 1.0)


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """Forward `hard`, to the bit; backward as if it were `soft`."""
    return hard + (soft - soft.detach())


def decide(
    carried: Commitment, noise: Tensor | None, tau_inv: Tensor | float, estimator: Estimator, semantics: Semantics
) -> Decision:
    """g_t from what was carried here. noise [B, k] or None: argmax; tau_inv [B, 1] or a number."""
    if semantics == "countdown":
        g = carried.down[:, 0]
        return Decision(g, g.detach() > 0.5, g)
    noisy = carried.logits if noise is None or estimator in ("ST", "soft") else carried.logits + noise
    soft = torch.softmax(noisy * tau_inv, -1)[:, 0]
    is_new = noisy.detach().argmax(-1) == 0
    if estimator == "soft":
        return Decision(soft, is_new, soft)
    hard = is_new.to(soft.dtype)
    return Decision(hard if estimator == "REINFORCE" else straight_through(hard, soft), is_new, soft)


def carry_on(
    carried: Commitment,
    fresh: Tensor,
    is_new: Tensor,
    noise: Tensor | None,
    tau_inv: Tensor | float,
    estimator: Estimator,
    semantics: Semantics,
) -> Commitment:
    """The commitment after a step: fresh logits [B, k] where it re-planned, shifted ones where it followed.

    The branch is chosen, not mixed by g: the straight-through derivative of a swap against NEVER would be 1e4 times
    too large.
    """
    new = is_new.unsqueeze(-1)
    logits = torch.where(new, fresh, shift(carried.logits, NEVER))
    if semantics == "hazard":
        return Commitment(logits, carried.down)
    soft = relax(fresh, None if estimator in ("ST", "soft") else noise, tau_inv)
    drawn = soft if estimator == "soft" else one_hot(soft.detach())
    if estimator in ("ST-Gumbel", "ST"):
        drawn = straight_through(drawn, soft)
    return Commitment(logits, torch.where(new, drawn, shift(carried.down, 0.0)))


def penalty(soft: Tensor) -> Tensor:
    """sum_j (1/k - soft_j)^2 [..]: 0 for a uniform commitment, 1 - 1/k for a one-hot (section 2.6, without lambda)."""
    return (soft - 1.0 / soft.shape[-1]).square().sum(-1)


def latest(values: Tensor, is_new: Tensor) -> Tensor:
    """values [T, B, k] as they were at the latest re-plan up to each step; is_new bool [T, B], true at the first."""
    steps = torch.arange(len(values), device=values.device).unsqueeze(1)
    when = torch.where(is_new, steps, torch.zeros_like(steps)).cummax(0).values
    return values.gather(0, when.unsqueeze(-1).expand_as(values))


def follow_lengths(logits: Tensor, draws: int, semantics: Semantics, generator: torch.Generator) -> Tensor:
    """How many steps were followed in each of `draws` independent plans with these logits [k]: int64 [draws]."""
    k = len(logits)
    carried = Commitment(logits.expand(draws, k), logits.new_zeros(draws, k))
    if semantics == "countdown":
        noise = gumbel((draws, k), generator)
        carried = Commitment(carried.logits, one_hot(relax(carried.logits, noise, 1.0)))
    length = torch.zeros(draws, dtype=torch.int64)
    is_open = torch.ones(draws, dtype=torch.bool)
    for _ in range(k):
        again = gumbel((draws, k), generator) if semantics == "hazard" else None
        is_open &= ~decide(carried, again, 1.0, "ST-Gumbel", semantics).is_new
        length += is_open
        carried = Commitment(shift(carried.logits, NEVER), shift(carried.down, 0.0))
    return length
