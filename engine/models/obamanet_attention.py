"""The part of the reader that must go step by step: GRU 1 with its window over the text, and its backward by hand.

B batch, T decoder steps, N symbols, H units, C memory width, K components (page, 2.3 and 5.6). At step t

    gates   = X_t + w_{t-1} W_w,  h_{t-1} W_h + b_h          X_t = W_x prenet(x_{t-1}) + b_x, all t at once, outside
    h_t     = GRU(gates)
    a, b, k = h_t W_att + b_att
    kappa_t = kappa_{t-1} + A exp(k) / timing
    phi_t(u) = sum_k alpha_k N_k exp(-beta_k (kappa_tk - u)^2),   w_t = sum_u phi_t(u) C_u
    normalised: alpha = softmax(a), beta = sharpen exp(b), N_k = sqrt(beta_k / pi)
    plain:      alpha = exp(a) + 1e-5, beta = sharpen (exp(b) + 1e-5), N_k = 1

The logits are clamped (page, 8): b in [-5, 4], a and k at most 3; the paper has no clamp. `attend_by_autograd` is the
naive form; `attend` computes the same with a backward that keeps gates, windows and their gradients in tensors and
makes every weight's gradient one product after the loop instead of T of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_LOW_B, _HIGH_B, _HIGH = -5.0, 4.0, 3.0
_LEAST = 1e-5


@dataclass(frozen=True, slots=True)
class Window:
    """How the window moves. alignment: A, symbols a step at the start. normalised: the softmax variant. sharpen: factor
    on beta. timing: divides every advance; above 1 speaks slower."""

    alignment: float
    normalised: bool = True
    sharpen: float = 1.0
    timing: float = 1.0


@dataclass(frozen=True, slots=True)
class Weights:
    """W_w [C, 3H], W_h [H, 3H], b_h [3H], W_att [H, 3K], b_att [3K]; gates in the order r, z, n."""

    W_w: Tensor
    W_h: Tensor
    b_h: Tensor
    W_att: Tensor
    b_att: Tensor


@dataclass(frozen=True, slots=True)
class Moment:
    """The state between two steps: h [B, H], kappa [B, K], w [B, C]."""

    h: Tensor
    kappa: Tensor
    w: Tensor


@dataclass(frozen=True, slots=True)
class Attended:
    """h [T, B, H], w [T, B, C], phi [T, B, N]; centre [T, B] the mean of kappa under alpha; last: the state to go on
    from (carry it between the segments of truncated back-propagation)."""

    h: Tensor
    w: Tensor
    phi: Tensor
    centre: Tensor
    last: Moment


def start(memory: Tensor, units: int, components: int) -> Moment:
    """The state before the first step: all zero."""
    B, _, C = memory.shape
    return Moment(memory.new_zeros(B, units), memory.new_zeros(B, components), memory.new_zeros(B, C))


def gru(gx: Tensor, gh: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """New h, and r, z, n; gx, gh [B, 3H]."""
    xr, xz, xn = gx.chunk(3, 1)
    hr, hz, hn = gh.chunk(3, 1)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    n = torch.tanh(xn + r * hn)
    return n + z * (h - n), r, z, n


def aim(logits: Tensor, kappa: Tensor, how: Window) -> tuple[Tensor, Tensor, Tensor]:
    """alpha, beta, kappa [B, K] of one step from logits [B, 3K] and the kappa before."""
    a, b, k = logits.chunk(3, 1)
    if how.normalised:
        alpha, beta = a.softmax(1), how.sharpen * b.clamp(_LOW_B, _HIGH_B).exp()
    else:
        alpha, beta = a.clamp_max(_HIGH).exp() + _LEAST, how.sharpen * (b.clamp(_LOW_B, _HIGH_B).exp() + _LEAST)
    return alpha, beta, kappa + (how.alignment / how.timing) * k.clamp_max(_HIGH).exp()


def bells(beta: Tensor, kappa: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """exp(-beta d^2) and d = kappa - u, both [B, K, N]; places u [N]."""
    d = kappa.unsqueeze(2) - places
    return torch.exp(-beta.unsqueeze(2) * d * d), d


def heights(alpha: Tensor, beta: Tensor, how: Window) -> Tensor:
    """What each bell is multiplied by [B, K]."""
    return alpha * (beta / math.pi).sqrt() if how.normalised else alpha


def step(
    weights: Weights, gx: Tensor, moment: Moment, memory: Tensor, places: Tensor, is_symbol: Tensor, how: Window
) -> tuple[Moment, Tensor, Tensor]:
    """One step: gx [B, 3H] without the context's part -> the next state, phi [B, N], the mean of kappa [B]."""
    gates = torch.addmm(gx, moment.w, weights.W_w)
    h, *_ = gru(gates, torch.addmm(weights.b_h, moment.h, weights.W_h), moment.h)
    alpha, beta, kappa = aim(torch.addmm(weights.b_att, h, weights.W_att), moment.kappa, how)
    bell, _ = bells(beta, kappa, places)
    phi = torch.bmm(heights(alpha, beta, how).unsqueeze(1), bell).squeeze(1) * is_symbol
    w = torch.bmm(phi.unsqueeze(1), memory).squeeze(1)
    centre = (alpha * kappa).sum(1) / alpha.sum(1)
    return Moment(h, kappa, w), phi, centre


def attend_by_autograd(
    weights: Weights, X: Tensor, memory: Tensor, is_symbol: Tensor, how: Window, moment: Moment
) -> Attended:
    """The naive loop. X [T, B, 3H]; memory [B, N, C]; is_symbol [B, N] of 0 and 1."""
    places = torch.arange(memory.shape[1], dtype=memory.dtype, device=memory.device)
    hs, ws, phis, centres = [], [], [], []
    for gx in X.unbind(0):
        moment, phi, centre = step(weights, gx, moment, memory, places, is_symbol, how)
        hs.append(moment.h)
        ws.append(moment.w)
        phis.append(phi)
        centres.append(centre)
    return Attended(torch.stack(hs), torch.stack(ws), torch.stack(phis), torch.stack(centres).detach(), moment)


def attend(weights: Weights, X: Tensor, memory: Tensor, is_symbol: Tensor, how: Window, moment: Moment) -> Attended:
    """The same with the backward written by hand. Gradients reach the weights, X and the memory, through h, w and phi;
    none reaches the state that was carried in, as truncated back-propagation wants it."""
    h, w, phi, centre, kappa = _Loop.apply(
        X, weights.W_w, weights.W_h, weights.b_h, weights.W_att, weights.b_att, memory, is_symbol, how, moment
    )  # type: ignore[no-untyped-call]
    return Attended(h, w, phi, centre, Moment(h[-1].detach(), kappa, w[-1].detach()))


class _Loop(torch.autograd.Function):
    """Forward as above; the backward in the order of the chain rule from the last step to the first."""

    @staticmethod
    def forward(
        ctx: Any, X: Tensor, W_w: Tensor, W_h: Tensor, b_h: Tensor, W_att: Tensor, b_att: Tensor, memory: Tensor,
        is_symbol: Tensor, how: Window, moment: Moment,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        T, (B, N, C), H, K = len(X), memory.shape, len(W_h), len(b_att) // 3
        places = torch.arange(N, dtype=X.dtype, device=X.device)
        hs, ws, kappas = X.new_empty(T + 1, B, H), X.new_empty(T + 1, B, C), X.new_empty(T + 1, B, K)
        hs[0], ws[0], kappas[0] = moment.h, moment.w, moment.kappa
        phis, gates, hidden = X.new_empty(T, B, N), X.new_empty(T, 3, B, H), X.new_empty(T, B, H)
        alphas, betas, logits = X.new_empty(T, B, K), X.new_empty(T, B, K), X.new_empty(T, B, 3 * K)
        kept = []
        for t in range(T):
            gh = torch.addmm(b_h, hs[t], W_h)
            h, r, z, n = gru(torch.addmm(X[t], ws[t], W_w), gh, hs[t])
            hs[t + 1], gates[t, 0], gates[t, 1], gates[t, 2], hidden[t] = h, r, z, n, gh[:, 2 * H :]
            torch.addmm(b_att, h, W_att, out=logits[t])
            alpha, beta, kappa = aim(logits[t], kappas[t], how)
            bell, _ = bells(beta, kappa, places)
            phi = torch.bmm(heights(alpha, beta, how).unsqueeze(1), bell).squeeze(1) * is_symbol
            torch.bmm(phi.unsqueeze(1), memory, out=ws[t + 1].unsqueeze(1))
            alphas[t], betas[t], kappas[t + 1], phis[t] = alpha, beta, kappa, phi
            kept.append(bell)
        ctx.save_for_backward(
            W_w, W_h, W_att, memory, is_symbol, hs, ws, kappas, phis, gates, hidden, alphas, betas, logits
        )
        ctx.bells, ctx.how = kept, how
        centre = (alphas * kappas[1:]).sum(2) / alphas.sum(2)
        # Views of one another must not leave: the caller may change them.
        last = kappas[T].clone()
        ctx.mark_non_differentiable(centre, last)
        return hs[1:].clone(), ws[1:].clone(), phis.clone(), centre, last

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:
        g_h, g_w, g_phi = given[:3]
        W_w, W_h, W_att, memory, is_symbol, hs, ws, kappas, phis, gates, hidden, alphas, betas, logits = (
            ctx.saved_tensors
        )
        how, T, H = ctx.how, len(phis), hs.shape[2]
        places = torch.arange(memory.shape[1], dtype=hs.dtype, device=hs.device)
        d_gx, d_gh = hs.new_empty(T, hs.shape[1], 3 * H), hs.new_empty(T, hs.shape[1], 3 * H)
        d_logits, d_w = torch.empty_like(logits), torch.empty_like(ws[1:])
        slopes = _slopes(logits, how)
        next_h, next_w, next_kappa = torch.zeros_like(hs[0]), torch.zeros_like(ws[0]), torch.zeros_like(kappas[0])
        W_w_T, W_h_T, W_att_T = W_w.T.contiguous(), W_h.T.contiguous(), W_att.T.contiguous()
        for t in range(T - 1, -1, -1):
            torch.add(g_w[t], next_w, out=d_w[t])
            d_phi = (torch.bmm(memory, d_w[t].unsqueeze(2)).squeeze(2) + g_phi[t]) * is_symbol
            alpha, beta, kappa = alphas[t], betas[t], kappas[t + 1]
            d = kappa.unsqueeze(2) - places
            weighted = ctx.bells[t] * d_phi.unsqueeze(1)  # [B, K, N]
            once = weighted * d
            S0, S1, S2 = weighted.sum(2), once.sum(2), (once * d).sum(2)
            tall = (beta / math.pi).sqrt() if how.normalised else torch.ones_like(beta)
            next_kappa = next_kappa - 2 * beta * alpha * tall * S1
            d_beta = alpha * tall * (S0 / (2 * beta) - S2 if how.normalised else -S2)
            d_alpha = tall * S0
            if how.normalised:
                d_a = alpha * (d_alpha - (alpha * d_alpha).sum(1, keepdim=True))
            else:
                d_a = slopes[0][t] * d_alpha
            torch.cat([d_a, slopes[1][t] * d_beta, slopes[2][t] * next_kappa], 1, out=d_logits[t])
            d_h = torch.addmm(g_h[t] + next_h, d_logits[t], W_att_T)
            r, z, n = gates[t]
            d_n = d_h * (1 - z) * (1 - n * n)
            d_r = d_n * hidden[t] * r * (1 - r)
            d_z = d_h * (hs[t] - n) * z * (1 - z)
            torch.cat([d_r, d_z, d_n], 1, out=d_gx[t])
            torch.cat([d_r, d_z, d_n * r], 1, out=d_gh[t])
            next_h = torch.addmm(d_h * z, d_gh[t], W_h_T)
            next_w = torch.mm(d_gx[t], W_w_T)
        flat_gx, flat_gh, flat_logits = d_gx.flatten(0, 1), d_gh.flatten(0, 1), d_logits.flatten(0, 1)
        d_memory = torch.bmm(phis.permute(1, 2, 0), d_w.transpose(0, 1))
        return (
            d_gx,
            ws[:-1].flatten(0, 1).T @ flat_gx,
            hs[:-1].flatten(0, 1).T @ flat_gh,
            flat_gh.sum(0),
            hs[1:].flatten(0, 1).T @ flat_logits,
            flat_logits.sum(0),
            d_memory,
            None,
            None,
            None,
        )


def _slopes(logits: Tensor, how: Window) -> tuple[Tensor, Tensor, Tensor]:
    """d alpha / d a (plain variant), d beta / d b, d kappa / d k [T, B, K]; zero where a logit is clamped."""
    a, b, k = logits.chunk(3, 2)
    d_beta = how.sharpen * b.exp() * ((b > _LOW_B) & (b < _HIGH_B))
    d_kappa = (how.alignment / how.timing) * k.clamp_max(_HIGH).exp() * (k < _HIGH)
    return a.clamp_max(_HIGH).exp() * (a < _HIGH), d_beta, d_kappa
