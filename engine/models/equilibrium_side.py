"""Recurrent backprop: the linear side network that carries error derivatives (Almeida, Pineda; section 2.2).

At a rest s* the side network follows dS/dt = J^T S with J the Jacobian of the free force; where an energy exists
J = -H and H is symmetric. S_0 = dC/ds, S_t = exp(J^T t) dC/ds, and the gradient is the running sum
Theta_t = integral of -(d2E / dtheta ds) S: dJ/dW_k = rho'(s_k) S_k ^T rho(s_{k+1}) + rho(s_k)^T rho'(s_{k+1}) S_{k+1}.
Clipped neurons that sit on a wall cannot move: they carry no error (mask m, section 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.equilibrium import Network, States


@dataclass(frozen=True, slots=True)
class Gradient:
    """dJ/dW_k [n_k, n_{k+1}] for k = 0..L-1 and dJ/db_k [n_k] for k = 1..L, means over the batch."""

    W: dict[int, Tensor]
    b: dict[int, Tensor]


class SideNetwork:
    """The linear network at a rest s. Every vector is a list [unused, v_1, ..., v_L] of [B, n_k]."""

    def __init__(self, net: Network, s: States) -> None:
        self.net, self.s = net, s
        rho = net.rho
        self.m = net.active(s)
        self.is_clipped = rho.is_clipped
        self.slope = [rho.slope(v) for v in s]
        self.bend = [s[0]] if self.is_clipped else [
            s[0], *(rho.curvature(s[k]) * net.drive(s, k) for k in range(1, net.L + 1))
        ]  # fmt: skip

    def error(self, y: Tensor) -> States:
        """S_0 = m dC/ds: s_L - y at the output, 0 elsewhere."""
        return [*(torch.zeros_like(v) for v in self.s[:-1]), self.m[-1] * (self.s[-1] - y)]

    def inputs(self, v: States, k: int) -> Tensor:
        """What layer k hears from its neighbours through the transposed couplings, without its own slope."""
        net, slope = self.net, self.slope
        total = torch.zeros_like(v[k])
        if k < net.L:
            total = total + (slope[k + 1] * v[k + 1]) @ net.W[k].t()
        if k > 1:
            total = total + (slope[k - 1] * v[k - 1]) @ net.T[k - 1].t()
        return total

    def flow(self, v: States) -> States:
        """J^T v, which is -H v where an energy exists."""
        found = [v[0]]
        for k in range(1, self.net.L + 1):
            f = self.slope[k] * self.inputs(v, k) - v[k]
            if not self.is_clipped:
                f = f + self.bend[k] * v[k]
            found.append(self.m[k] * f)
        return found

    def response(self, u: States) -> States:
        """J u: how the free force changes when the states move by u (walls taken into account)."""
        net, slope = self.net, self.slope
        found = [u[0]]
        for k in range(1, net.L + 1):
            heard = torch.zeros_like(u[k])
            if k > 1:
                heard = heard + (slope[k - 1] * u[k - 1]) @ net.W[k - 1]
            if k < net.L:
                heard = heard + (slope[k + 1] * u[k + 1]) @ net.T[k]
            f = slope[k] * heard - u[k]
            if not self.is_clipped:
                f = f + self.bend[k] * u[k]
            found.append(self.m[k] * f)
        return found

    def step(self, v: States, epsilon: float) -> States:
        """S_{n+1} = m (S_n + epsilon J^T S_n)."""
        return [v[0], *(a + epsilon * f for a, f in zip(v[1:], self.flow(v)[1:], strict=True))]

    def sweep(self, v: States, error: States) -> States:
        """One sweep over the blocks towards the solution of (1 - M) v = error; clipped neurons only, in place.

        L_L = m (T_{L-1} L_{L-1} + s_L - y), L_k = m (T_{k-1} L_{k-1} + W_k L_{k+1}): the output's block first.
        """
        L = self.net.L
        for k in (*range(L, 0, -2), *range(L - 1, 0, -2)):
            v[k] = self.m[k] * self.inputs(v, k) + error[k]
        return v

    def solve(self, y: Tensor, sweeps: int, epsilon: float = 0.0) -> States:
        """v = H^{-1} dC/ds after so many sweeps, or with epsilon > 0 after so many Euler steps (any neurons)."""
        error = self.error(y)
        v = [torch.zeros_like(e) for e in error]
        for _ in range(sweeps):
            if epsilon > 0.0:
                v = [v[0], *(a + epsilon * (e + f) for a, e, f in zip(v[1:], error[1:], self.flow(v)[1:], strict=True))]
            else:
                v = self.sweep(v, error)
        return v

    def stable_epsilon(self, y: Tensor) -> float:
        """An Euler step at which the side network settles: below 1 / its largest eigenvalue, by power iteration."""
        v, rate = self.error(y), 1.0
        for _ in range(20):
            size = sum(float(x.square().sum()) for x in v[1:]) ** 0.5
            if size == 0.0:
                return 0.5
            v = self.flow([v[0], *(x / size for x in v[1:])])
            rate = sum(float(x.square().sum()) for x in v[1:]) ** 0.5
        return min(0.5, 0.9 / max(rate, 1e-9))

    def gradient(self, v: States) -> Gradient:
        """-(d2E / dtheta ds) v, mean over the batch: dJ/dtheta when v = H^{-1} dC/ds."""
        rho, batch = self.net.rho, self.s[0].shape[0]
        r = [rho(state) for state in self.s]
        moved = [self.slope[k] * v[k] for k in range(self.net.L + 1)]
        weights = {0: r[0].t() @ moved[1] / batch}  # the input is clamped: it carries no error of its own
        for k in range(1, self.net.L):
            weights[k] = (r[k].t() @ moved[k + 1] + moved[k].t() @ r[k + 1]) / batch
        return Gradient(weights, {k: moved[k].sum(0) / batch for k in range(1, self.net.L + 1)})


def exact_gradient(net: Network, s: States, y: Tensor, sweeps: int = 60) -> Gradient:
    """dJ/dtheta at the rest s by the converged side network."""
    side = SideNetwork(net, s)
    if net.rho.is_clipped:
        return side.gradient(side.solve(y, sweeps))
    return side.gradient(side.solve(y, 5 * sweeps, side.stable_epsilon(y)))
