"""The whole recurrence with its backward pass written out: what training uses where it can.

Same numbers and gradients as stepping `pag_recurrence.Recurrence` under autograd, in about half the time: nothing is
recorded step by step, the gradient of every weight is one product over all steps at the end, and where an example
followed its plan nothing is sent back through the candidate it did not take (it enters through g alone). Default
shapes only: two decoder layers, query s2, hazard, straight-through, no layer norm. Symbols as in `pag.py`; d before a
name: the gradient of the loss with respect to it; rows r2: [U2; Wq; Gs; Wcm; wtau] s2 and their like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.models.pag import TAU_FLOOR
from engine.models.pag_recurrence import Recurrence
from engine.models.pag_switch import NEVER, must_plan, shift


@dataclass(frozen=True, slots=True)
class Layout:
    """What the pass needs besides tensors. sizes2, sizes_x: rows of M2 and Mx.

    recompute: keep neither energies nor summaries, compute them again on the way back (section 9 of the page).
    """

    kind: str
    k: int
    has_gate: bool
    has_summary: bool
    sizes2: tuple[int, ...]
    sizes_x: tuple[int, ...]
    tau_inv: float
    is_noisy: bool
    points: bool
    recompute: bool


class Unrolled(NamedTuple):
    """s1, s2 [T, B, H]; psi [T, B, C]; alpha [T, B, S]; for the planners g [T, B], fresh [T, B, k], tau_inv [T, B, 1],
    and without gradient logits [T, B, k], relaxed [T, B], is_new bool [T, B].
    """

    s1: Tensor
    s2: Tensor
    psi: Tensor
    alpha: Tensor
    g: Tensor
    fresh: Tensor
    tau_inv: Tensor
    logits: Tensor
    relaxed: Tensor
    is_new: Tensor


class _Moment(NamedTuple):
    """What one step leaves behind for its backward pass."""

    s1: Tensor
    s2: Tensor
    gru1: tuple[Tensor, ...]
    gru2: tuple[Tensor, ...]
    A: Tensor
    asked: Tensor
    beta: Tensor | None
    e: Tensor | None
    candidate: Tensor
    u: Tensor | None
    mixed: Tensor
    alpha: Tensor
    is_new: Tensor | None
    soft: Tensor | None
    noisy: Tensor | None
    tau: Tensor | None
    to_tau: Tensor | None


def can_unroll(steps: Recurrence) -> bool:
    """Whether the written-out pass knows this model and switch."""
    shape, knobs = steps.shape, steps.knobs
    is_plain = shape.layers == 2 and shape.query == "s2" and not shape.has_layer_norm
    return is_plain and knobs.semantics == "hazard" and knobs.estimator in ("ST-Gumbel", "ST")


def unroll(steps: Recurrence, gates: Tensor, energy: Tensor, noise: Tensor | None, forced: Tensor | None) -> Unrolled:
    """All steps at once. gates [T, B, 3H], energy [T, B, C]: what they read of y; noise [T, B, k]; forced [T, B]."""
    net, shape, knobs = steps.net, steps.shape, steps.knobs
    planner = net.planner
    layout = Layout(
        shape.kind, shape.k, planner is not None and planner.Gs is not None,
        planner is not None and planner.Wi is not None, tuple(steps.second.sizes), tuple(steps.contexts.sizes),
        knobs.tau_inv, noise is not None and knobs.estimator == "ST-Gumbel", shape.pointer, steps.recompute,
    )  # fmt: skip
    Wi = bi = Wb = None
    if planner is not None and planner.Wi is not None and planner.Wb is not None:
        Wi, bi, Wb = planner.Wi.weight, planner.Wi.bias, planner.Wb.weight
    start = steps.read.start
    found = _Unroll.apply(  # type: ignore[no-untyped-call]
        layout, noise, forced, steps.read.bias, gates, energy, steps.Hc, steps.Gh, steps.read.h, start[0], start[1],
        steps.first.weight, steps.first.bias, steps.second.weight, steps.second.bias, steps.contexts.weight,
        net.attention.Wp.weight, net.attention.Wp.bias, Wi, bi, Wb,
    )  # fmt: skip
    return Unrolled(*found)


def _gru(x: Tensor, h: Tensor, state: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    H = state.shape[1]
    rz = torch.sigmoid(x[:, : 2 * H] + h[:, : 2 * H])
    hn = h[:, 2 * H :]
    n = torch.tanh(torch.addcmul(x[:, 2 * H :], rz[:, :H], hn))
    return torch.lerp(n, state, rz[:, H:]), (rz, hn, n, state)


def _gru_back(ds: Tensor, kept: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """d of what the input gives to the gates, of what the state gives, and of the old state itself."""
    rz, hn, n, state = kept
    H = n.shape[1]
    r, z = rz[:, :H], rz[:, H:]
    kept_part = ds * z
    dn = (ds - kept_part) * (1.0 - n * n)
    drz = torch.cat((dn * hn, ds * (state - n)), 1) * (rz - rz * rz)
    return torch.cat((drz, dn), 1), torch.cat((drz, dn * r), 1), kept_part


def _energies(
    Hc: Tensor, asked: Tensor, A: Tensor, Wi: Tensor | None, bi: Tensor | None, Wb: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """tanh(Hc + Wq q + Wy y + Wb beta) [B, S, C] and beta [B, S, D]."""
    before = Hc + asked.unsqueeze(1)
    if Wi is None or Wb is None:
        return torch.tanh(before), None
    beta = torch.tanh(functional.linear(A, Wi, bi))
    before = torch.addmm(before.view(-1, before.shape[2]), beta.view(-1, beta.shape[2]), Wb.t()).view_as(before)
    return torch.tanh(before), beta


def _switch(
    layout: Layout, asked: tuple[Tensor, ...], psi: Tensor, Mx: Tensor, logits: Tensor, noise: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Fresh logits [B, k], wtau q [B, 1], tau_inv [B, 1], and what is decided by: noisy logits and their softmax."""
    fresh, to_tau = asked[-2], asked[-1]
    if len(layout.sizes_x) == 3:
        fresh = fresh + functional.linear(psi, Mx[-layout.k :])
    tau = functional.softplus(to_tau) + TAU_FLOOR
    if layout.tau_inv:
        tau = torch.full_like(to_tau, layout.tau_inv)
    noisy = logits + noise if layout.is_noisy and noise is not None else logits
    return fresh, to_tau, tau, noisy, torch.softmax(noisy * tau, -1)


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, layout: Layout, noise: Tensor | None, forced: Tensor | None, bias: Tensor, gates: Tensor,
        energy: Tensor, Hc: Tensor, Gh: Tensor | None, h: Tensor, s1: Tensor, s2: Tensor, M1: Tensor, b1: Tensor,
        M2: Tensor, b2: Tensor, Mx: Tensor, Wp: Tensor, bp: Tensor, Wi: Tensor | None, bi: Tensor | None,
        Wb: Tensor | None,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        T, B = gates.shape[:2]
        H3, C = gates.shape[2], h.shape[2]
        A = h.new_zeros(B, h.shape[1], layout.k if layout.kind == "pag" else 1)
        logits = must_plan(h, B, layout.k).logits
        r1 = functional.linear(s1, M1[:H3], b1[:H3])
        psi = h.new_zeros(B, C)
        moments: list[_Moment] = []
        out: list[list[Tensor]] = [[] for _ in Unrolled._fields]
        plans = layout.kind != "baseline"
        for t in range(T):
            asked = functional.linear(s2, M2, b2).split(layout.sizes2, 1)  # type: ignore[no-untyped-call]
            energies = asked[1] + energy[t]
            e, beta = _energies(Hc, energies, A, Wi, bi, Wb)
            candidate = functional.linear(e, Wp, bp)
            A_old, mixed, u = A, candidate, None
            is_new = soft = noisy = tau = to_tau = None
            if plans:
                kick = None if noise is None else noise[t]
                fresh, to_tau, tau, noisy, soft = _switch(layout, asked, psi, Mx, logits, kick)
                is_new = noisy.argmax(-1) == 0 if forced is None else forced[t]
                if Gh is not None:
                    u = torch.sigmoid(Gh + asked[2].unsqueeze(1))
                    mixed = torch.lerp(A, candidate, u)
                followed = shift(A, 0.0) if layout.kind == "pag" else A
                A = torch.where(is_new.view(-1, 1, 1), mixed, followed)
                shown = (is_new.to(h.dtype), fresh, tau, logits, soft[:, 0], is_new)
                for place, value in zip(out[4:], shown, strict=True):
                    place.append(value)
                logits = torch.where(is_new.unsqueeze(-1), fresh, shift(logits, NEVER))
            else:
                A = candidate
            alpha = torch.softmax(A[:, :, 0] + bias, 1)
            psi = torch.bmm(alpha.unsqueeze(1), h).squeeze(1)
            reads = functional.linear(psi, Mx[: 2 * H3])
            old1, old2 = s1, s2
            s1, kept1 = _gru(gates[t] + reads[:, :H3], r1, s1)
            r = functional.linear(s1, M1, b1)
            r1 = r[:, :H3]
            s2, kept2 = _gru(r[:, H3:] + reads[:, H3:], asked[0], s2)
            moments.append(
                _Moment(old1, old2, kept1, kept2, A_old, energies, None if layout.recompute else beta,
                        None if layout.recompute else e, candidate, u, mixed, alpha, is_new, soft, noisy, tau,
                        to_tau)
            )  # fmt: skip
            for place, value in zip(out[:4], (s1, s2, psi, alpha), strict=True):
                place.append(value)
        stacked = [torch.stack(x) if x else h.new_zeros(0) for x in out]
        ctx.layout, ctx.moments, ctx.forced = layout, moments, forced
        ctx.save_for_backward(h, Hc, M1, M2, Mx, Wp, Wi, bi, Wb, stacked[2], stacked[0])
        ctx.mark_non_differentiable(*stacked[7:])
        return tuple(stacked)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d_out: Tensor) -> tuple[Tensor | None, ...]:
        return _Back(ctx).gradients(*d_out[:7])


class _Back:
    """The backward pass, step by step from the last, and the products over all steps at the end."""

    def __init__(self, ctx: Any) -> None:
        self.layout: Layout = ctx.layout
        self.moments: list[_Moment] = ctx.moments
        self.is_learned = ctx.forced is None
        self.h, self.Hc, self.M1, self.M2, self.Mx, self.Wp, self.Wi, self.bi, self.Wb, *rest = ctx.saved_tensors
        self.psi, self.s1 = rest
        self.H3 = self.M1.shape[0] // 2
        self.kept: list[tuple[Tensor | None, ...]] = []  # d_cand, e, d_before, beta, d_beta, A: flat, a step or more
        self.dWp, self.dbp = torch.zeros_like(self.Wp), self.Wp.new_zeros(len(self.Wp))
        self.dWi, self.dbi, self.dWb = (None if x is None else torch.zeros_like(x) for x in (self.Wi, self.bi, self.Wb))
        like = self.h
        self.dHc, self.dGh = torch.zeros_like(like), None
        if self.layout.has_gate:
            self.dGh = like.new_zeros(*like.shape[:2], self.layout.k)

    def gradients(
        self, ds1_out: Tensor, ds2_out: Tensor, dpsi_out: Tensor, dalpha_out: Tensor, dg_out: Tensor,
        dfresh_out: Tensor, dtau_out: Tensor,
    ) -> tuple[Tensor | None, ...]:  # fmt: skip
        """In the order of the inputs of `_Unroll.forward`."""
        T, layout, H3 = len(self.moments), self.layout, self.H3
        U1, Ws2, Mx2 = self.M1[:H3], self.M1[H3:], self.Mx[: 2 * H3]
        plans, sees = layout.kind != "baseline", len(layout.sizes_x) == 3
        ds1, ds2 = torch.zeros_like(ds1_out[0]), torch.zeros_like(ds2_out[0])
        dA = torch.zeros_like(self.moments[-1].A)
        dl = self.h.new_zeros(len(self.h), layout.k)
        dpsi_next: Tensor | None = None
        trail: list[tuple[Tensor, ...]] = []
        for t in range(T - 1, -1, -1):
            m = self.moments[t]
            dx2, dh2, ds2 = _gru_back(ds2 + ds2_out[t], m.gru2)
            ds1 = torch.addmm(ds1 + ds1_out[t], dx2, Ws2)
            dx1, dh1, ds1 = _gru_back(ds1, m.gru1)
            dpsi = torch.addmm(dpsi_out[t], torch.cat((dx1, dx2), 1), Mx2)
            if dpsi_next is not None:
                dpsi = dpsi + dpsi_next
            dalpha = torch.bmm(self.h, dpsi.unsqueeze(2)).squeeze(2)
            if layout.points:
                dalpha = dalpha + dalpha_out[t]
            weighted = m.alpha * dalpha
            da = weighted - m.alpha * weighted.sum(1, keepdim=True)
            dA[:, :, 0] += da
            dfresh = None
            if plans:
                dA, dq, dfresh, dl, rest = self._plan_back(m, dA, dl, dg_out[t], dfresh_out[t], dtau_out[t])
            else:
                dq, _ = self._energy_back(m, dA, None)
                dA, rest = torch.zeros_like(dA), []
            dr2 = torch.cat((dh2, dq, *rest), 1)
            dpsi_next = None
            if sees and dfresh is not None:
                dpsi_next = torch.mm(dfresh, self.Mx[2 * H3 :])
            trail.append((dx1, dx2, dh1, dr2, dpsi, dq, *((dfresh,) if sees and dfresh is not None else ())))
            ds1 = torch.addmm(ds1, dh1, U1)
            ds2 = torch.addmm(ds2, dr2, self.M2)
        return self._collect(trail[::-1], ds1, ds2)

    def _plan_back(
        self, m: _Moment, dA: Tensor, dl: Tensor, dg_out: Tensor, dfresh_out: Tensor, dtau_out: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, list[Tensor]]:
        """Through update, candidate and switch: d of the old plan, of Wq q, of the fresh logits, of the old logits, and
        of [Gs q, Wcm q, wtau q].
        """
        assert m.is_new is not None and m.soft is not None and m.noisy is not None
        assert m.tau is not None and m.to_tau is not None
        is_pag = self.layout.kind == "pag"
        new = m.is_new.view(-1, 1, 1)
        followed = shift(m.A, 0.0) if is_pag else m.A
        dg = (dA * (m.mixed - followed)).sum((1, 2)) + dg_out
        d_followed = dA.masked_fill(new, 0.0)
        d_old = functional.pad(d_followed, (1, 0))[..., :-1] if is_pag else d_followed
        if m.is_new.device.type == "cpu":
            rows = m.is_new.nonzero().squeeze(1)
            is_part = len(rows) < len(m.is_new)
            part = dA.index_select(0, rows) if is_part else dA
        else:  # shapes that depend on the data would make the GPU wait
            rows, is_part, part = m.is_new, False, dA.masked_fill(~new, 0.0)
        d_new, dq, du = self._candidate_back(m, part, rows if is_part else None)
        if is_part:
            d_old.index_add_(0, rows, d_new)
            du = None if du is None else du.new_zeros(len(dA), du.shape[1]).index_add_(0, rows, du)
            dq = dq.new_zeros(len(dA), dq.shape[1]).index_add_(0, rows, dq)
        else:
            d_old = d_old + d_new
        new2 = m.is_new.unsqueeze(1)
        dfresh = dl.masked_fill(~new2, 0.0) + dfresh_out
        dl_old = functional.pad(dl.masked_fill(new2, 0.0), (1, 0))[..., :-1]
        dto_tau = dtau_out
        if self.is_learned:
            s0 = m.soft[:, :1]
            dz = -dg.unsqueeze(1) * s0 * m.soft
            dz[:, :1] += dg.unsqueeze(1) * s0
            dl_old = dl_old + dz * m.tau
            dto_tau = dto_tau + (dz * m.noisy).sum(1, keepdim=True)
        dto_tau = torch.zeros_like(dto_tau) if self.layout.tau_inv else dto_tau * torch.sigmoid(m.to_tau)
        rest = [dfresh, dto_tau] if du is None else [du, dfresh, dto_tau]
        return d_old, dq, dfresh, dl_old, rest

    def _candidate_back(self, m: _Moment, dA: Tensor, rows: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Through gate and candidate of the members of the batch that re-planned."""
        A = m.A if rows is None else m.A.index_select(0, rows)
        du: Tensor | None = None
        d_old = torch.zeros_like(A)
        if m.u is not None:
            u = m.u if rows is None else m.u.index_select(0, rows)
            candidate = m.candidate if rows is None else m.candidate.index_select(0, rows)
            d_gate = dA * (candidate - A) * (u - u * u)
            assert self.dGh is not None
            if rows is None:
                self.dGh += d_gate
            else:
                self.dGh.index_add_(0, rows, d_gate)
            du = d_gate.sum(1)
            d_cand = dA * u
            d_old = dA - d_cand
        else:
            d_cand = dA
        dq, from_beta = self._energy_back(m, d_cand, rows)
        return d_old if from_beta is None else d_old + from_beta, dq, du

    def _energy_back(self, m: _Moment, d_cand: Tensor, rows: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Through Wp tanh(Hc + Wq q + Wb beta): d of Wq q [B', C] and of the old plan by its summary."""
        A, asked = (x if rows is None else x.index_select(0, rows) for x in (m.A, m.asked))
        if m.e is None:
            e, beta = _energies(self.Hc if rows is None else self.Hc.index_select(0, rows), asked, A, self.Wi, self.bi,
                                self.Wb)  # fmt: skip
        else:
            e = m.e if rows is None else m.e.index_select(0, rows)
            beta = m.beta if rows is None or m.beta is None else m.beta.index_select(0, rows)
        flat, d_flat = e.flatten(0, 1), d_cand.flatten(0, 1)
        d_before = torch.mm(d_flat, self.Wp) * (1.0 - flat * flat)
        shaped = d_before.view_as(e)
        if rows is None:
            self.dHc += shaped
        else:
            self.dHc.index_add_(0, rows, shaped)
        if beta is None or self.Wb is None or self.Wi is None:
            self._keep(d_flat, flat, None, None, None, None)
            return shaped.sum(1), None
        beta = beta.flatten(0, 1)
        d_beta = torch.mm(d_before, self.Wb) * (1.0 - beta * beta)
        self._keep(d_flat, flat, d_before, beta, d_beta, A.flatten(0, 1))
        return shaped.sum(1), torch.mm(d_beta, self.Wi).view(*e.shape[:2], self.Wi.shape[1])

    def _keep(self, *factors: Tensor | None) -> None:
        """Factors of the weights' gradients: multiplied at the end in one go, at once where memory counts."""
        self.kept.append(factors)
        if self.layout.recompute:
            self._multiply()

    def _multiply(self) -> None:
        """Adds what is kept to the gradients of Wp, Wb and Wi."""
        if not self.kept:
            return
        d_cand, e, d_before, beta, d_beta, A = (
            None if column[0] is None else torch.cat([x for x in column if x is not None])
            for column in zip(*self.kept, strict=True)
        )
        self.kept = []
        assert d_cand is not None and e is not None
        self.dWp += d_cand.t() @ e
        self.dbp += d_cand.sum(0)
        if d_before is None or beta is None or d_beta is None or A is None:
            return
        assert self.dWb is not None and self.dWi is not None and self.dbi is not None
        self.dWb += d_before.t() @ beta
        self.dWi += d_beta.t() @ A
        self.dbi += d_beta.sum(0)

    def _collect(self, trail: list[tuple[Tensor, ...]], ds1: Tensor, ds2: Tensor) -> tuple[Tensor | None, ...]:
        """One product for each weight, over all steps."""
        moments = self.moments
        stacked = [torch.stack(column) for column in zip(*trail, strict=True)]
        gates, to2, h1, r2 = (x.flatten(0, 1) for x in stacked[:4])
        psi, dpsi, d_energy = self.psi, stacked[4], stacked[5]
        s1_old = torch.stack([m.s1 for m in moments]).flatten(0, 1)
        s2_old = torch.stack([m.s2 for m in moments]).flatten(0, 1)
        s1_new = self.s1.flatten(0, 1)
        dM1 = torch.cat((h1.t() @ s1_old, to2.t() @ s1_new))
        db1 = torch.cat((h1.sum(0), to2.sum(0)))
        dM2, db2 = r2.t() @ s2_old, r2.sum(0)
        dMx = torch.cat((gates, to2), 1).t() @ psi.flatten(0, 1)
        if len(stacked) > 6:  # fresh_t reads psi_{t-1}
            dMx = torch.cat((dMx, stacked[6][1:].flatten(0, 1).t() @ psi[:-1].flatten(0, 1)))
        alpha = torch.stack([m.alpha for m in moments], 2)  # [B, S, T]
        dh = torch.bmm(alpha, dpsi.transpose(0, 1))
        self._multiply()
        return (
            None, None, None, None, stacked[0], d_energy, self.dHc, self.dGh, dh, ds1, ds2,
            dM1, db1, dM2, db2, dMx, self.dWp, self.dbp, self.dWi, self.dbi, self.dWb,
        )  # fmt: skip
