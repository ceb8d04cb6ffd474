"""Ways to rest: exact minimisation of odd and even layers in turn, Euler steps, and the autograd loop of public code.

Layers of equal parity do not act on one another, and for clipped neurons the energy of one such block is a separable
parabola: its exact minimum is clip(pre), at the nudged output clip((pre + beta y) / (1 + beta)). A sweep takes both
blocks once. All work in place on states of R rows, which may hold several phases one above the other (beta per row).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.models.equilibrium import Network, States

Solver = Literal["exact", "euler", "autograd"]


@dataclass(slots=True)
class Nudge:
    """The force on the output, row by row. y [R, n_L]; beta [R, 1] (either sign, above -1 for the exact solver)."""

    y: Tensor
    beta: Tensor
    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, y: Tensor, beta: Tensor) -> Nudge:
        """A nudge towards y with beta [R, 1]."""
        scale = 1.0 / (1.0 + beta)
        return cls(y, beta, scale, beta * y * scale)


class Relaxation:
    """Brings the states of `net` to rest; buffers are kept for each number of rows."""

    def __init__(self, net: Network) -> None:
        self.net = net
        layers = range(1, net.L + 1)
        odd, even = [k for k in layers if k % 2], [k for k in layers if k % 2 == 0]
        self._free_order = (*odd, *even)
        # the nudge enters at the output: its block goes first, so the error is one half sweep ahead
        self._nudged_order = self._free_order if net.L % 2 else (*even, *odd)
        self._kept: dict[int, list[Tensor]] = {}

    def arrival(self, solver: Solver) -> int:
        """Nudged sweeps after which the first layer has felt the nudge: before, its weights get no gradient at all."""
        return (self.net.L + 1) // 2 if solver == "exact" and self.net.rho.is_clipped else self.net.L

    def sweep(self, s: States, base: Tensor, solver: Solver, epsilon: float, nudge: Nudge | None = None) -> None:
        """One sweep in place. base: `Network.input_drive` of these rows."""
        if solver == "exact" and self.net.rho.is_clipped:
            self._exact(s, base, nudge)
        elif solver == "autograd" and self.net.asymmetry == 0.0:  # asymmetric weights have no energy to differentiate
            self._autograd(s, epsilon, nudge)
        elif self.net.rho.is_clipped:
            self._euler(s, base, epsilon, nudge)
        else:
            self._euler_smooth(s, base, epsilon, nudge)

    def _exact(self, s: States, base: Tensor, nudge: Nudge | None) -> None:
        net, L = self.net, self.net.L
        for k in self._free_order if nudge is None else self._nudged_order:
            out = s[k]
            if k == 1:
                torch.addmm(base, s[2], net.T[1], out=out)
            else:
                torch.addmm(net.b[k], s[k - 1], net.W[k - 1], out=out)
                if k < L:
                    out.addmm_(s[k + 1], net.T[k])
                elif nudge is not None:
                    torch.addcmul(nudge.shift, out, nudge.scale, out=out)
            out.clamp_(0.0, 1.0)

    def _drives(self, s: States, base: Tensor) -> list[Tensor]:
        """pre_k of all layers for clipped neurons, in kept buffers; [0] is not used."""
        net, rows = self.net, base.shape[0]
        pre = self._kept.get(rows)
        if pre is None:
            pre = self._kept[rows] = [base, *(base.new_empty(rows, n) for n in net.sizes[1:])]
        torch.addmm(base, s[2], net.T[1], out=pre[1])
        for k in range(2, net.L + 1):
            torch.addmm(net.b[k], s[k - 1], net.W[k - 1], out=pre[k])
            if k < net.L:
                pre[k].addmm_(s[k + 1], net.T[k])
        return pre

    def _euler(self, s: States, base: Tensor, epsilon: float, nudge: Nudge | None) -> None:
        """s <- clip(s + epsilon (pre - s [+ beta (y - s) at the output])), all layers from the same moment."""
        L = self.net.L
        pre = self._drives(s, base)
        if nudge is not None:
            pre[L].addcmul_(nudge.beta, nudge.y - s[L])
        for k in range(1, L + 1):
            s[k].lerp_(pre[k], epsilon).clamp_(0.0, 1.0)

    def _euler_smooth(self, s: States, base: Tensor, epsilon: float, nudge: Nudge | None) -> None:
        net = self.net
        force = net.force(s, base=base) if nudge is None else net.force(s, nudge.beta, nudge.y, base)
        for k in range(1, self.net.L + 1):
            s[k].add_(force[k], alpha=epsilon)

    def _autograd(self, s: States, epsilon: float, nudge: Nudge | None) -> None:
        """What public code does: write the energy down and differentiate it at every step."""
        with torch.enable_grad():
            moving = [v.detach().requires_grad_() for v in s[1:]]
            full = [s[0], *moving]
            total = self.net.energy(full).sum()
            if nudge is not None:
                total = total + (nudge.beta * 0.5 * (full[-1] - nudge.y).square()).sum()
            slopes = torch.autograd.grad(total, moving)
        for v, slope in zip(s[1:], slopes, strict=True):
            v.sub_(slope, alpha=epsilon)
            if self.net.rho.is_clipped:
                v.clamp_(0.0, 1.0)


def settle(
    net: Network,
    x: Tensor,
    sweeps: int,
    solver: Solver = "exact",
    epsilon: float = 0.5,
    start: States | None = None,
    nudge: Nudge | None = None,
) -> States:
    """States after so many sweeps from `start` (default 0), as new tensors."""
    with torch.no_grad():
        s = net.zeros(x) if start is None else [x, *(v.clone() for v in start[1:])]
        relaxation = Relaxation(net)
        base = net.input_drive(x)
        for _ in range(sweeps):
            relaxation.sweep(s, base, solver, epsilon, nudge)
        return s


def to_rest(net: Network, x: Tensor, tolerance: float = 1e-14, most: int = 5000) -> States:
    """The free rest from 0, as near as float64 allows: sweeps until no neuron is farther off than `tolerance`.

    Stops after `most` sweeps or when a hundred more bring nothing (float64's floor, or a cycle of asymmetric weights);
    neurons that are not clipped take smaller steps first when they do not settle.
    """
    with torch.no_grad():
        s = net.zeros(x)
        relaxation, base, epsilon = Relaxation(net), net.input_drive(x), 0.5
        best, since = float("inf"), 0
        for sweep in range(most):
            relaxation.sweep(s, base, "exact", epsilon)
            if sweep % 10 != 9:
                continue
            now = max(float(d.max()) for d in net.defect(s)[1:])
            since = 0 if now < best else since + 10
            best = min(best, now)
            if now <= tolerance:
                break
            if since >= 100:
                if net.rho.is_clipped or best < 1e-9 or epsilon < 0.02:
                    break
                epsilon, since, best = 0.5 * epsilon, 0, float("inf")
        return s
