"""Teacher-forced sequences: every step with the true symbol before it, for learning and measuring."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.models.pag import Annotations, Network
from engine.models.pag_recurrence import Heard, Recurrence, SwitchKnobs
from engine.models.pag_unrolled import can_unroll, unroll


class Taught(NamedTuple):
    """A teacher-forced sequence. log_p [T, B, V (+ S)]; alpha [T, B, S]; s [T, B, layers*H].

    For the planners (else None): g [T, B] as mixed, is_new bool [T, B], p [T, B]: relaxed probability the switch
    had, fresh [T, B, k]: commitment logits a re-plan at that step gives, logits [T, B, k]: those it decided by, tau_inv
    [T, B, 1] or a number. A [T, B, S, rows] only when asked for.
    """

    log_p: Tensor
    alpha: Tensor
    g: Tensor | None
    is_new: Tensor | None
    p: Tensor | None
    fresh: Tensor | None
    logits: Tensor | None
    tau_inv: Tensor | float
    A: Tensor | None


def teach(
    net: Network,
    read: Annotations,
    target: Tensor,
    knobs: SwitchKnobs,
    *,
    noise: Tensor | None = None,
    forced: Tensor | None = None,
    keep_y: Tensor | None = None,
    keep_hidden: Tensor | None = None,
    recompute: bool = False,
    keeps_plans: bool = False,
) -> Taught:
    """Every step with the true symbol before it. target int64 [B, T]; noise [T, B, k] or None: argmax switch.

    forced bool [T, B]: re-plan or follow at every step (a fixed policy), None: as learned. keep_y [T, B, E],
    keep_hidden [T, B, H]: dropout masks, already scaled.
    """
    T = target.shape[1]
    y = net.embed(target[:, : T - 1].t())
    y = torch.cat((y.new_zeros(1, *y.shape[1:]), y)) if T > 1 else y.new_zeros(1, len(target), net.shape.embedding)
    y = y if keep_y is None else y * keep_y
    steps = Recurrence(net, read, knobs, recompute=recompute)
    heard = steps.hear(y)
    if torch.is_grad_enabled() and not keeps_plans and can_unroll(steps):
        return _unrolled(net, steps, y, heard, noise, forced, keep_hidden)
    heard_gates, heard_energy = heard.gates.unbind(0), heard.energy.unbind(0)
    carry = steps.begin()
    carries, shown, logits = [], [], []
    for t in range(T):
        logits.append(carry.commitment.logits)
        carry, stepped = steps.step(
            carry,
            Heard(heard_gates[t], heard_energy[t]),
            None if noise is None else noise[t],
            None if forced is None else forced[t],
        )
        carries.append(carry)
        shown.append(stepped)
    states = torch.stack([c.s1 for c in carries])
    if net.gru2 is not None:
        states = torch.cat((states, torch.stack([c.s2 for c in carries])), -1)
    alpha = torch.stack([s.alpha for s in shown])
    log_p = net.output(states, y, torch.stack([c.psi for c in carries]), alpha, keep_hidden)
    A = torch.stack([c.A for c in carries]) if keeps_plans else None
    if not net.shape.plans:
        return Taught(log_p, alpha, None, None, None, None, None, 1.0, A)
    decisions = [s.decision for s in shown if s.decision is not None]
    taus = [s.tau_inv for s in shown]
    return Taught(
        log_p,
        alpha,
        torch.stack([d.g for d in decisions]),
        torch.stack([d.is_new for d in decisions]),
        torch.stack([d.relaxed for d in decisions]),
        torch.stack([s.fresh for s in shown if s.fresh is not None]),
        torch.stack(logits),
        torch.stack([tau for tau in taus if isinstance(tau, Tensor)]) if isinstance(taus[0], Tensor) else taus[0],
        A,
    )


def _unrolled(
    net: Network,
    steps: Recurrence,
    y: Tensor,
    heard: Heard,
    noise: Tensor | None,
    forced: Tensor | None,
    keep_hidden: Tensor | None,
) -> Taught:
    """The same by the pass whose gradients are written out."""
    found = unroll(steps, heard.gates, heard.energy, noise, forced)
    log_p = net.output(torch.cat((found.s1, found.s2), -1), y, found.psi, found.alpha, keep_hidden)
    if not net.shape.plans:
        return Taught(log_p, found.alpha, None, None, None, None, None, 1.0, None)
    tau_inv = steps.knobs.tau_inv or found.tau_inv
    return Taught(log_p, found.alpha, found.g, found.is_new, found.relaxed, found.fresh, found.logits, tau_inv, None)
