"""One update: free phase, second phase, learning; by nudges (equilibrium propagation) or by the side network.

    Delta W_k = (alpha_k / beta) mean[rho(s_k^beta)^T rho(s_{k+1}^beta) - rho(s_k*)^T rho(s_{k+1}*)]

Centred: +beta against -beta with 1/(2 beta), bias O(beta^2). Both nudged phases stand one above the other in one batch
of 2 B rows, so each sweep is one product instead of two. Nothing here uses autograd unless the solver of that name
is chosen. All work is in place in buffers that stay where they are, so that a GPU can record an update once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.models.equilibrium import Network, States
from engine.models.equilibrium_side import SideNetwork
from engine.models.equilibrium_solvers import Nudge, Relaxation, Solver

Nudging = Literal["centred", "positive", "random_sign"]


@dataclass(frozen=True, slots=True)
class LearningKnobs:
    """What an update needs to know. alpha: rates (W_0 with b_1 first), one a layer of weights."""

    alpha: tuple[float, ...]
    beta: float = 0.25
    nudging: Nudging = "centred"
    trainer: Literal["ep", "rbp"] = "ep"
    free_sweeps: int = 10
    nudged_sweeps: int = 4
    solver: Solver = "exact"
    epsilon: float = 0.5

    def __post_init__(self) -> None:
        if self.beta <= 0.0:
            raise ValueError(f"beta = {self.beta} must be positive; the signs belong to `nudging`")
        reaches_minus = self.nudging != "positive"
        if reaches_minus and self.beta >= 1.0 and self.solver == "exact":
            raise ValueError(f"beta = {self.beta}: at -1 the exact minimum of the output does not exist; stay below 1")


class Phases:
    """States of one batch of B pictures in both phases: rows 0..B-1 plus (and free), rows B..2B-1 minus (or rest).

    first: views of rows 0..B-1; rested: the free rest, kept through the second phase.
    """

    def __init__(self, net: Network, batch: int) -> None:
        self.batch = batch
        like = net.like
        self.x = like.new_zeros(2 * batch, net.sizes[0])
        self.y = like.new_zeros(2 * batch, net.sizes[-1])
        self.base = like.new_zeros(2 * batch, net.sizes[1])
        self.s: States = [self.x, *(like.new_zeros(2 * batch, n) for n in net.sizes[1:])]
        self.signed: States = [self.x, *(torch.empty_like(v) for v in self.s[1:])]
        self.first: States = [v[:batch] for v in self.s]
        self.beta = like.new_zeros(2 * batch, 1)
        self.weight = like.new_zeros(2 * batch, 1)
        self.rested: States = [torch.empty_like(v) for v in self.first]
        self.side: States = []
        self.side_network: SideNetwork | None = None


class Learner:
    """Trains a network; `update` is the whole of it, the three phases may also be taken one by one."""

    def __init__(self, net: Network, knobs: LearningKnobs) -> None:
        self.net = net
        self.relaxation = Relaxation(net)
        self.change(knobs)

    def change(self, knobs: LearningKnobs) -> None:
        """New knobs from the next phase on. Raises `ValueError` when the rates do not fit the network."""
        if len(knobs.alpha) != self.net.L:
            raise ValueError(f"{len(knobs.alpha)} rates alpha for {self.net.L} layers of weights: {knobs.alpha}")
        self.knobs = knobs

    def begin(self, p: Phases, x: Tensor, y: Tensor, start: States | None = None) -> None:
        """Puts a batch x [B, n_0], y [B, n_L] on the table; states start at 0, or at `start`."""
        B = p.batch
        p.x[:B].copy_(x)
        p.x[B:].copy_(x)
        p.y[:B].copy_(y)
        p.y[B:].copy_(y)
        for k in range(1, self.net.L + 1):
            if start is None:
                p.first[k].zero_()
            else:
                p.first[k].copy_(start[k])

    def free_phase(self, p: Phases) -> None:
        """beta = 0, from the start to (near) rest in rows 0..B-1; copied to the rows below."""
        knobs, B = self.knobs, p.batch
        with torch.no_grad():
            base = self.net.input_drive(p.first[0], out=p.base[:B])
            for _ in range(knobs.free_sweeps):
                self.relaxation.sweep(p.first, base, knobs.solver, knobs.epsilon)
            p.base[B:].copy_(base)
            for v, rest in zip(p.s[1:], p.rested[1:], strict=True):
                v[B:].copy_(v[:B])
                rest.copy_(v[:B])

    def nudged_phase(self, p: Phases, sign: float = 1.0) -> None:
        """From rest with the nudge; or the side network's sweeps. sign: of beta for random_sign."""
        knobs, B = self.knobs, p.batch
        with torch.no_grad():
            if knobs.trainer == "rbp":
                p.side_network = SideNetwork(self.net, p.first)
                blocks = knobs.solver == "exact" and self.net.rho.is_clipped
                p.side = p.side_network.solve(p.y[:B], knobs.nudged_sweeps, 0.0 if blocks else knobs.epsilon)
                return
            centred = knobs.nudging == "centred"
            beta = knobs.beta if knobs.nudging != "random_sign" else sign * knobs.beta
            p.beta[:B], p.beta[B:] = beta, -beta
            share = (0.5 if centred else 1.0) / beta
            p.weight[:B], p.weight[B:] = share, -share
            rows = 2 * B if centred else B
            s = p.s if centred else p.first
            nudge = Nudge.of(p.y[:rows], p.beta[:rows])
            for _ in range(knobs.nudged_sweeps):
                self.relaxation.sweep(s, p.base[:rows], knobs.solver, knobs.epsilon, nudge)

    def learn(self, p: Phases) -> None:
        """The learning rule, in place, with the rates alpha."""
        with torch.no_grad():
            rates = {k: self.knobs.alpha[k] for k in range(self.net.L)}
            self.add_direction(p, self.net.W, self.net.b, rates)
            self.net.refresh_top_down()

    def add_direction(
        self, p: Phases, W: Mapping[int, Tensor], b: Mapping[int, Tensor], rates: Mapping[int, float]
    ) -> None:
        """Adds rate_k times the direction of learning (minus the gradient or its estimate) to W_k and b_{k+1}."""
        net, B = self.net, p.batch
        if self.knobs.trainer == "rbp":
            assert p.side_network is not None
            gradient = p.side_network.gradient(p.side)
            for k in range(net.L):
                W[k].add_(gradient.W[k], alpha=-rates[k])
                b[k + 1].add_(gradient.b[k + 1], alpha=-rates[k])
            return
        rho = net.rho
        for k in range(1, net.L + 1):
            torch.mul(rho(p.s[k]), p.weight, out=p.signed[k])
        # the clamped input is the same in both halves: their difference is one product of B rows
        W[0].addmm_(rho(p.x[:B]).t(), p.signed[1][:B] + p.signed[1][B:], alpha=rates[0] / B)
        for k in range(1, net.L):
            W[k].addmm_(p.signed[k].t(), rho(p.s[k + 1]), alpha=rates[k] / B)
        for k in range(1, net.L + 1):
            b[k].add_(p.signed[k].sum(0), alpha=rates[k - 1] / B)

    def direction(self, p: Phases) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """The direction of learning of W_k and b_k at rate 1, as new tensors."""
        W = {k: torch.zeros_like(w) for k, w in self.net.W.items()}
        b = {k: torch.zeros_like(v) for k, v in self.net.b.items()}
        with torch.no_grad():
            self.add_direction(p, W, b, dict.fromkeys(range(self.net.L), 1.0))
        return W, b

    def update(self, p: Phases, sign: float = 1.0) -> None:
        """All three phases on the batch that `begin` put on the table."""
        self.free_phase(p)
        self.nudged_phase(p, sign)
        self.learn(p)
