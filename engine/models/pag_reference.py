"""The page's formulas one by one, step by step, nothing computed ahead: what `pag_recurrence.py` is checked against.

Slow on purpose (`benchmarks/pag.py` measures how slow): every product is taken inside the loop over output steps.
Shapes as in `pag.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.models.pag import TAU_FLOOR, Annotations, Network
from engine.models.pag_recurrence import SwitchKnobs
from engine.models.pag_switch import carry_on, decide, must_plan, shift
from engine.models.pag_teaching import Taught


def teach_naively(
    net: Network, read: Annotations, target: Tensor, knobs: SwitchKnobs, *, noise: Tensor | None = None
) -> Taught:
    """As `pag_recurrence.teach`, with the true symbol before every step. target int64 [B, T]; noise [T, B, k]."""
    shape, planner, h = net.shape, net.planner, read.h
    s1, s2 = read.start[0], read.start[-1]
    psi, A = h.new_zeros(len(h), 2 * shape.width), h.new_zeros(*h.shape[:2], shape.rows)
    commitment = must_plan(s1, len(h), shape.k)
    y = h.new_zeros(len(h), shape.embedding)
    log_p, alphas, gs, news, ps, freshs, logits, taus = [], [], [], [], [], [], [], []
    for t in range(target.shape[1]):
        q = s2 if net.gru2 is not None and shape.query == "s2" else s1
        candidate = _candidate(net, h, q, y, A)
        if planner is None:
            A = candidate
        else:
            tau_inv: Tensor | float = knobs.tau_inv or functional.softplus(planner.wtau(q)) + TAU_FLOOR
            fresh = planner.Wcm(q) if planner.Wcx is None else planner.Wcm(q) + planner.Wcx(psi)
            now = None if noise is None else noise[t]
            decision = decide(commitment, now, tau_inv, knobs.estimator, knobs.semantics)
            logits.append(commitment.logits)
            commitment = carry_on(commitment, fresh, decision.is_new, now, tau_inv, knobs.estimator, knobs.semantics)
            A = _update(net, h, q, A, candidate, decision.g.view(-1, 1, 1))
            gs.append(decision.g)
            news.append(decision.is_new)
            ps.append(decision.relaxed)
            freshs.append(fresh)
            taus.append(tau_inv)
        alpha = torch.softmax(A[:, :, 0] + read.bias, 1)
        psi = (alpha.unsqueeze(-1) * h).sum(1)
        s1 = net.gru1(torch.cat((y, psi), -1), s1)
        s2 = s1 if net.gru2 is None else net.gru2(torch.cat((s1, psi), -1), s2)
        states = s1 if net.gru2 is None else torch.cat((s1, s2), -1)
        log_p.append(net.output(states, y, psi, alpha))
        alphas.append(alpha)
        y = net.embed(target[:, t])
    if planner is None:
        return Taught(torch.stack(log_p), torch.stack(alphas), None, None, None, None, None, 1.0, None)
    tau = torch.stack([x for x in taus if isinstance(x, Tensor)]) if isinstance(taus[0], Tensor) else taus[0]
    return Taught(
        torch.stack(log_p), torch.stack(alphas), torch.stack(gs), torch.stack(news), torch.stack(ps),
        torch.stack(freshs), torch.stack(logits), tau, None,
    )  # fmt: skip


def _candidate(net: Network, h: Tensor, q: Tensor, y: Tensor, A: Tensor) -> Tensor:
    """Abar, or the baseline's energies e_t [B, S, rows]."""
    attention, planner = net.attention, net.planner
    inside = attention.Wc(h) + attention.Wq(q).unsqueeze(1) + attention.Wy(y).unsqueeze(1)
    if planner is not None and planner.Wi is not None and planner.Wb is not None:
        inside = inside + planner.Wb(torch.tanh(planner.Wi(A)))
    if attention.norm is not None:
        inside = attention.norm(inside)
    return torch.as_tensor(attention.Wp(torch.tanh(inside)))


def _update(net: Network, h: Tensor, q: Tensor, A: Tensor, candidate: Tensor, g: Tensor) -> Tensor:
    """A_t from A_{t-1}: section 2.3, step 6, or 2.4."""
    planner = net.planner
    if net.shape.kind == "rpag" or planner is None:
        return g * candidate + (1.0 - g) * A
    mixed = candidate
    if planner.Gs is not None and planner.Gh is not None:
        u = torch.sigmoid(planner.Gs(q).unsqueeze(1) + planner.Gh(h))
        mixed = (1.0 - u) * A + u * candidate
    return g * mixed + (1.0 - g) * shift(A, 0.0)
