"""The theorem, moment by moment: minus the velocity of the nudged network is the side network's error derivative.

    S~_t = lim (1/beta) ds/dt of the nudged network = -S_t,   Theta~_t = Theta_t,   for all t >= 0.

With Euler steps it holds step by step, for every epsilon: S~_n = (s_{n+1} - s_n) / (epsilon beta) in the limit, and
S_{n+1} = S_n + epsilon J^T S_n. After n steps of the second phase the weight estimate is the sum of the *first n* terms
of the side network. Three roads lead to S~: a finite nudge from one side, one centred, and the exact derivative in beta
at 0 carried forward through the very same steps, by hand or by automatic differentiation. All of it in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.autograd import forward_ad

from engine.models.equilibrium import Network, States
from engine.models.equilibrium_side import SideNetwork

Road = Literal["one_sided", "centred", "exact"]


@dataclass(frozen=True, slots=True)
class Run:
    """One process. S: minus the velocity or the error derivative, [T, B, n_k] for k = 1..L (list index k - 1).

    At moment n, `V[k - 1][n]` [B, n_k] is what turns into weight gradients: for the side network epsilon times the sum
    of the first n terms; for the exact road -ds/dbeta; for finite nudges the states themselves are kept in plus, minus.
    """

    S: list[Tensor]
    V: list[Tensor]
    plus: list[Tensor]
    minus: list[Tensor]
    beta: float = 0.0


def side_run(net: Network, s: States, y: Tensor, epsilon: float, steps: int) -> Run:
    """S_0 = m dC/ds, S_{n+1} = m (S_n + epsilon J^T S_n) for n < steps, and the running sums."""
    side = SideNetwork(net, s)
    v = side.error(y)
    terms: list[list[Tensor]] = [[] for _ in range(net.L)]
    for _ in range(steps):
        for k in range(net.L):
            terms[k].append(v[k + 1])
        v = side.step(v, epsilon)
    S = [torch.stack(t) for t in terms]
    sums = [epsilon * torch.cat([torch.zeros_like(t[:1]), t.cumsum(0)[:-1]]) for t in S]
    return Run(S, sums, [], [])


def nudged_run(net: Network, s: States, y: Tensor, epsilon: float, steps: int, road: Road, beta: float) -> Run:
    """The second phase from s* by one of the three roads. beta is ignored by `exact`."""
    return _exact_run(net, s, y, epsilon, steps) if road == "exact" else finite_runs(
        net, s, y, epsilon, steps, (beta,), road == "centred"
    )[0]  # fmt: skip


def finite_runs(
    net: Network, s: States, y: Tensor, epsilon: float, steps: int, betas: Sequence[float], centred: bool
) -> list[Run]:
    """The nudged dynamics for several beta at once, all phases one above the other in one batch."""
    B = s[0].shape[0]
    signed = [sign * beta for beta in betas for sign in ((1.0, -1.0) if centred else (1.0,))]
    rows = len(signed)
    states = [v.repeat(rows, 1) for v in s]
    target = y.repeat(rows, 1)
    strength = torch.tensor(signed, dtype=y.dtype).repeat_interleave(B).unsqueeze(1)
    base = net.input_drive(s[0]).repeat(rows, 1)
    path: list[list[Tensor]] = [[v] for v in states[1:]]
    for _ in range(steps):
        states = net.euler_step(states, epsilon, strength, target, base)
        for k in range(net.L):
            path[k].append(states[k + 1])
    whole = [torch.stack(p).view(steps + 1, rows, B, -1) for p in path]  # [T+1, phases, B, n_k]
    found = []
    for place, beta in enumerate(betas):
        first = place * (2 if centred else 1)
        plus = [w[:, first] for w in whole]
        minus = [w[:, first + 1] for w in whole] if centred else [w[:1, first].expand_as(w[:, first]) for w in whole]
        shift = [p - m for p, m in zip(plus, minus, strict=True)]
        share = 1.0 / (2.0 * beta if centred else beta)
        S = [-(d[1:] - d[:-1]) * (share / epsilon) for d in shift]
        found.append(Run(S, [], [p[:-1] for p in plus], [m[:-1] for m in minus], beta if not centred else 2.0 * beta))
    return found


def _exact_run(net: Network, s: States, y: Tensor, epsilon: float, steps: int) -> Run:
    """u_n = ds_n/dbeta at beta = 0, carried forward through the steps: u_{n+1} = u_n + epsilon (J u_n - m dC/ds)."""
    side = SideNetwork(net, s)
    push = side.error(y)
    u = [torch.zeros_like(v) for v in s]
    path: list[list[Tensor]] = [[v] for v in u[1:]]
    for _ in range(steps):
        moved = side.response(u)
        u = [u[0], *(a + epsilon * (f - e) for a, f, e in zip(u[1:], moved[1:], push[1:], strict=True))]
        for k in range(net.L):
            path[k].append(u[k + 1])
    return _of_tangents(path, epsilon)


def forward_mode_run(net: Network, s: States, y: Tensor, epsilon: float, steps: int) -> Run:
    """The same derivative by automatic differentiation of the very steps the network takes (slower)."""
    base = net.input_drive(s[0])
    path: list[list[Tensor]] = [[torch.zeros_like(v)] for v in s[1:]]
    with forward_ad.dual_level():
        one = torch.ones(1, 1, dtype=y.dtype)
        beta = forward_ad.make_dual(torch.zeros_like(one), one)  # type: ignore[no-untyped-call]
        states = list(s)
        for _ in range(steps):
            states = net.euler_step(states, epsilon, beta, y, base)
            for k in range(net.L):
                tangent = forward_ad.unpack_dual(states[k + 1]).tangent  # type: ignore[no-untyped-call]
                path[k].append(torch.zeros_like(s[k + 1]) if tangent is None else tangent)
    return _of_tangents(path, epsilon)


def _of_tangents(path: list[list[Tensor]], epsilon: float) -> Run:
    u = [torch.stack(p) for p in path]
    return Run([-(t[1:] - t[:-1]) / epsilon for t in u], [-t[:-1] for t in u], [], [])


def weight_gradient(net: Network, s: States, run: Run, k: int, n: int) -> Tensor:
    """Theta_n of W_k [n_k, n_{k+1}]: what the process has said about it after n steps; mean over the batch."""
    B = s[0].shape[0]
    rho = net.rho
    if run.V:
        below = rho(s[k]).t() @ (rho.slope(s[k + 1]) * run.V[k][n])
        if k > 0:
            below = below + (rho.slope(s[k]) * run.V[k - 1][n]).t() @ rho(s[k + 1])
        return below / B
    plus, minus = _at(s, run.plus, n), _at(s, run.minus, n)
    products = rho(plus[k]).t() @ rho(plus[k + 1]) - rho(minus[k]).t() @ rho(minus[k + 1])
    return -products / (run.beta * B)


def weight_entries(net: Network, s: States, run: Run, k: int, rows: Tensor, columns: Tensor) -> Tensor:
    """Theta_n of single weights W_k[rows, columns] at all moments, [T, M]."""
    rho = net.rho
    if run.V:
        found = (rho(s[k])[:, rows] * (rho.slope(s[k + 1]) * run.V[k])[:, :, columns]).mean(1)
        if k > 0:
            found = found + ((rho.slope(s[k]) * run.V[k - 1])[:, :, rows] * rho(s[k + 1])[:, columns]).mean(1)
        return found

    def product(path: list[Tensor]) -> Tensor:
        left = rho(s[0])[:, rows] if k == 0 else rho(path[k - 1][:, :, rows])
        return (left * rho(path[k][:, :, columns])).mean(1)

    return -(product(run.plus) - product(run.minus)) / run.beta


def unit_gaps(one: Run, other: Run) -> Tensor:
    """Relative distance [T, L] of two processes at each moment and layer: |a - b| / |b|; NaN where b is 0."""
    gaps = [(a - b).flatten(1).norm(dim=1) / b.flatten(1).norm(dim=1) for a, b in zip(one.S, other.S, strict=True)]
    return torch.stack(gaps, 1)


def total_gap(one: Run, other: Run) -> float:
    """Relative distance over all neurons and moments."""
    above = sum(float((a - b).square().sum()) for a, b in zip(one.S, other.S, strict=True))
    below = sum(float(b.square().sum()) for b in other.S)
    return float((above / below) ** 0.5) if below > 0.0 else float("nan")


def worst_gap(one: Run, other: Run) -> float:
    """Largest relative distance over moments, all layers together."""
    above = torch.stack([(a - b).square().flatten(1).sum(1) for a, b in zip(one.S, other.S, strict=True)]).sum(0)
    below = torch.stack([b.square().flatten(1).sum(1) for b in other.S]).sum(0)
    is_there = below > 0.0
    return float((above[is_there] / below[is_there]).sqrt().max()) if bool(is_there.any()) else float("nan")


def correlation(one: Run, other: Run) -> float:
    """Pearson's correlation of all neurons at all moments."""
    pair = torch.stack([torch.cat([a.flatten() for a in run.S]) for run in (one, other)])
    return float(torch.corrcoef(pair)[0, 1])


def walls_touched(net: Network, s: States, run: Run) -> int:
    """Clipped neurons that entered or left a wall during the nudge, counted over the batch."""
    if not net.rho.is_clipped or not run.plus:
        return 0
    count = 0
    for path in (run.plus, run.minus):
        for k in range(net.L):
            off = (path[k] > 0.0) & (path[k] < 1.0)
            count += int((off != off[:1]).any(0).sum())
    return count


def _at(s: States, path: list[Tensor], n: int) -> States:
    return [s[0], *(p[n] for p in path)]
